"""The LSTM-GAN and TimeGAN from end to end: a person's table in, an ordinary model out."""

import csv

import numpy as np
import pytest
import torch

import serinette
from serinette.cli.main import main
from serinette.core.config import Layer, resolve
from serinette.core.errors import ConfigError
from serinette.core.schema import Schema, ValueField
from serinette.recipes.requests import groups_of
from serinette.recipes.series.choice import choose_engine
from serinette.recipes.series.engine_config import EngineConfig
from serinette.recipes.series.generate import SeriesRequest, generate_series
from serinette.recipes.series.habits import HABITS
from serinette.recipes.series.prepare import prepare_series
from serinette.recipes.series.window_judge import WindowJudge
from serinette.recipes.series.written import joined
from serinette.training.events import Note, silent
from serinette.training.latent_data import LatentData
from serinette.training.stops import StopSignal

pytestmark = pytest.mark.slow

SMALL = {
    "lstm_gan__hidden_size": 6, "lstm_gan__dense_size": 5, "lstm_gan__noise_size": 4,
    "lstm_gan__n_rows": 8, "lstm_gan__generator_updates": 5, "lstm_gan__critic_updates": 5,
    "critic__channels": 4, "critic__dense_size": 4,
    "timegan__hidden_size": 5, "timegan__n_layers": 2, "timegan__n_rows": 8,
}  # fmt: skip
ENGINES = ["lstm-gan", "timegan"]


def write_boats(path, n=60, seed=0):
    """Boats of 6 to 9 rows: levels in order, a category, a hole now and then, two facts."""
    r = np.random.default_rng(seed)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["boat", "t", "harbour", "tons", "low", "high", "wind", "flag"])
        for boat in range(n):
            low = float(r.normal())
            for k in range(int(r.integers(6, 10))):
                low += 0.1 * float(r.normal())
                wind = "" if r.random() < 0.2 else f"{abs(r.normal()):.3f}"
                facts = ["ew"[boat % 2], f"{20 + 7 * (boat % 50) / 10:.1f}"]
                levels = [f"{low:.3f}", f"{low + abs(r.normal()):.3f}", wind]
                out.writerow([f"b{boat}", k, *facts, *levels, r.choice(["up", "down"])])
    return path


@pytest.fixture(scope="module", params=ENGINES)
def boats(request, tmp_path_factory):
    """Return a model of boats that was trained for a moment, its engine and its folder."""
    torch.set_num_threads(1)  # a fixture of the module comes before what sets it for a test
    folder = tmp_path_factory.mktemp("boats")
    model = serinette.train(
        write_boats(folder / "boats.csv"), updates=8, runs=folder / "runs", name="boats",
        entity=["boat"], time="t", preset=request.param, seed=4, **SMALL,
    )  # fmt: skip
    return model, request.param, folder


def table_of(model, **settings):
    return joined(list(generate_series(model._opened, SeriesRequest(**settings))))


def test_what_is_written_has_the_columns_of_the_data_and_keeps_its_relations(boats):
    model, engine, _ = boats
    assert model.artifact.network == engine
    written = model.generate(50, seed=1, like="dict")
    assert list(written) == ["boat", "t", "harbour", "tons", "low", "high", "wind", "flag"]
    assert (np.asarray(written["low"]) <= np.asarray(written["high"])).all()
    assert set(written["flag"]) <= {"up", "down"}
    assert 20 <= min(written["tons"]) <= max(written["tons"]) <= 54.3
    assert np.diff(table_of(model, n=50, seed=1).starts).max() <= 9


@pytest.mark.parametrize("batch_rows", [1, 4])
def test_the_same_seed_writes_the_same_whatever_the_batches(boats, batch_rows):
    model, _, _ = boats
    whole = table_of(model, n=9, seed=5)
    parts = table_of(model, n=9, seed=5, batch_rows=batch_rows)
    assert np.array_equal(whole.starts, parts.starts)
    for column, other in zip(whole.columns, parts.columns, strict=True):
        assert np.array_equal(column.values, other.values, equal_nan=True), column.name


def test_what_it_cannot_do_is_refused_in_one_line_with_its_name(boats):
    model, engine, folder = boats
    with pytest.raises(ConfigError, match=f"the {engine} engine writes at most 9 rows, got 70"):
        model.generate(1, length=70)
    with pytest.raises(ConfigError, match=f"history: the {engine} engine writes all rows of a"):
        model.generate(1, history=folder / "boats.csv")
    with pytest.raises(ConfigError, match=rf"the {engine} engine, .* knows no likelihoods"):
        model.score(folder / "boats.csv")


def test_a_report_compares_with_what_was_held_out(boats):
    model, engine, _ = boats
    report = model.evaluate(quick=True)
    assert report.metric("violations").value == 0
    assert report.metric("judge").floor is not None
    assert report.evaluation.facts["engine"] == f"{engine}: as asked"


def test_updates_and_a_seed_decide_every_weight(boats):
    model, _, folder = boats
    said = []
    again = serinette.train(resume="boats", source=(), runs=folder / "runs", listener=said.append)
    for name, weight in model.artifact.weights().items():
        assert np.array_equal(weight, again.artifact.weights()[name]), name
    assert any("parameters" in event.text for event in said if isinstance(event, Note))


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(boats, tmp_path, monkeypatch):
    model, engine, folder = boats
    asked = iter([False] * 10 + [True] * 1000)
    settings = {"updates": 8, "entity": ["boat"], "time": "t", "preset": engine, "seed": 4}
    with monkeypatch.context() as patched:
        patched.setattr(
            StopSignal, "is_set", property(lambda self: next(asked), lambda self, value: None),
            raising=False,
        )  # fmt: skip
        cut = serinette.train(
            folder / "boats.csv", runs=tmp_path, name="b", **settings, **SMALL
        )  # fmt: skip
    assert cut.artifact.training["reason"] == "interrupted"
    said = []
    again = serinette.train(resume="b", source=(), runs=tmp_path, listener=said.append)
    assert any(e.text == "b: going on after update 10" for e in said if isinstance(e, Note))
    for name, weight in model.artifact.weights().items():
        assert np.array_equal(weight, again.artifact.weights()[name]), name


def waves(n=300, seed=0):
    pace, phase = np.random.default_rng(seed).random((2, n, 1))
    levels = np.sin(pace * np.arange(8) + 6 * phase)
    return {"id": np.repeat([f"s{k}" for k in range(n)], 8), "a": levels.ravel()}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_judge_of_the_validation_part_chooses_the_weights(tmp_path, monkeypatch, engine):
    monkeypatch.setattr("serinette.training.game.joint.EVERY", 1)
    said = []
    model = serinette.train(
        waves(), updates=12, runs=tmp_path, entity=["id"], preset=engine, listener=said.append,
        **SMALL,
    )  # fmt: skip
    judged = [line["metrics"]["judge"] for line in model.artifact.history
              if "judge" in line["metrics"]]  # fmt: skip
    assert len(judged) > 3
    (told,) = (m for m in model.artifact.evaluation["metrics"] if m["key"] == "validation_told")
    assert told["value"] == pytest.approx(max(0.0, min(judged)))
    names = {"critic_real_accuracy", "critic_fake_accuracy", "generator_gradient_norm", "spread"}
    assert names <= set(model.artifact.history[-1]["metrics"])


def test_the_judge_tells_noise_from_waves_and_not_waves_from_waves():
    windows = np.asarray(waves(900)["a"]).reshape(900, 8, 1).astype(np.float32)
    from serinette.recipes.series import window_judge

    train, held_out = (LatentData(windows=windows[part]) for part in np.split(np.arange(600), 2))

    class Config:
        n_steps = 8

    schema = Schema(fields=(ValueField(name="a", parts=1),), n_features=1)
    judge = WindowJudge(train, held_out, Config(), schema, seed=0)

    class Drawn:
        n_noise = 3

        def __init__(self, values):
            self.values = values

        def draw(self, noise, context, n_steps):
            return window_judge.Windows(self.values, None)

    def score(values):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(window_judge, "SteppedDecoder", lambda *asked: Drawn(values))
            return judge({})

    assert abs(score(windows[600:])) < 0.12
    noise = np.random.default_rng(0).normal(size=(300, 8, 1)).astype(np.float32)
    assert score(noise) > 0.3


def prepared_of(table):
    layers = (
        Layer(origin="habits", values=HABITS),
        Layer(origin="test", values={"data.entity": ["id"]}),
    )
    return prepare_series(table, resolve(groups_of("series"), layers), silent)


@pytest.mark.parametrize(
    ("wished", "plan", "why"),
    [
        ({"objective": "adversarial"}, "latent", "the engine of the objective adversarial"),
        ({"objective": "likelihood"}, "autoregressive", "the engine of the objective likelihood"),
        ({"objective": "adversarial", "name": "timegan"}, "timegan", "as asked"),
        ({"name": "lstm-gan"}, "lstm-gan", "as asked"),
    ],
)
def test_an_objective_names_an_engine(wished, plan, why):
    choice = choose_engine(EngineConfig(**wished), prepared_of(waves()), 60.0)
    assert (choice.plan, choice.why) == (plan, why)
    assert choice.latent_seconds == (None if plan == "autoregressive" else 60.0)


def test_an_engine_of_the_other_objective_is_refused():
    wished = EngineConfig(name="latent", objective="likelihood")
    with pytest.raises(ConfigError, match="--objective likelihood: the engine latent learns by th"):
        choose_engine(wished, prepared_of(waves()), None)


def test_python_takes_an_objective(tmp_path):
    model = serinette.train(
        waves(60), updates=2, runs=tmp_path, entity=["id"], objective="adversarial",
        latent__hidden_size=4, latent__n_rows=8, latent__n_latents=8,
    )  # fmt: skip
    assert model.artifact.network == "latent"
    assert model.artifact.training["engine"] == "latent: the engine of the objective adversarial"


@pytest.mark.parametrize("engine", ENGINES)
def test_the_command_line_takes_a_preset_with_a_budget(tmp_path, monkeypatch, capsys, engine):
    monkeypatch.chdir(tmp_path)
    write_boats(tmp_path / "boats.csv")
    small = [f"--{key.replace('__', '.')}={value}" for key, value in SMALL.items()]
    argv = ["train", "boats.csv", "--entity", "boat", "--time", "t", *small, "--preset", engine]
    assert main([*argv, "--budget", "4s"]) == 0
    assert f"engine {engine}: as asked" in capsys.readouterr().err
    assert main(["generate", "boats", "-n", "3", "--seed", "1", "-o", "o.csv"]) == 0
    assert len((tmp_path / "o.csv").read_text().splitlines()) > 3
    assert main(["score", "boats", "boats.csv"]) == 2
    assert "knows no likelihoods" in capsys.readouterr().err
    assert main([*argv, "--updates", "2", "--size", "m"]) == 2
    assert "--size m is of the autoregressive engine" in capsys.readouterr().err
    assert main([*argv, "--updates", "2", "--dry-run"]) == 0
