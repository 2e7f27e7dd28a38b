"""The latent engine from end to end, and what `auto` decides."""

import csv
import dataclasses

import numpy as np
import pytest

import serinette
from serinette.cli.main import main
from serinette.cli.progress import finished_line
from serinette.core.config import Layer, resolve
from serinette.core.errors import ArtifactError, ConfigError, DataError
from serinette.core.metric import Metric
from serinette.recipes.requests import TrainRequest, groups_of
from serinette.recipes.series import begin, trial
from serinette.recipes.series.choice import EngineChoice, choose_engine
from serinette.recipes.series.engine_config import EngineConfig
from serinette.recipes.series.generate import OpenedSeries, SeriesRequest, generate_series
from serinette.recipes.series.habits import HABITS
from serinette.recipes.series.prepare import prepare_series
from serinette.recipes.series.written import joined
from serinette.training.events import Note, silent
from serinette.training.stops import StopSignal

pytestmark = pytest.mark.slow

LATENT = {
    "latent__hidden_size": 8, "latent__latent_size": 4, "latent__generator_size": 8,
    "latent__critic_size": 8, "latent__n_rows": 8, "latent__n_latents": 8,
}  # fmt: skip
ROWS = {"model__hidden_size": 8, "model__opening_units": 8, "training__n_rows": 16}


def write_boats(path, n=60, seed=0, *, is_ragged=True):
    """Write boats: levels in order, a category, a hole now and then, two facts about each.

    They have 6 to 9 rows, or 8.
    """
    r = np.random.default_rng(seed)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["boat", "t", "harbour", "tons", "low", "high", "wind", "flag"])
        for boat in range(n):
            low = float(r.normal())
            for k in range(int(r.integers(6, 10)) if is_ragged else 8):
                low += 0.1 * float(r.normal())
                wind = "" if r.random() < 0.2 else f"{abs(r.normal()):.3f}"
                high = low + abs(r.normal())
                flag = r.choice(["up", "down"])
                facts = ["ew"[boat % 2], f"{20 + 7 * (boat % 50) / 10:.1f}"]
                row = [f"b{boat}", k, *facts, f"{low:.3f}", f"{high:.3f}", wind, flag]
                out.writerow(row)
    return path


def waves(n, seed=0):
    """Waves as an array: nothing but real numbers, all of one length."""
    pace, phase = np.random.default_rng(seed).random((2, n, 1, 2))
    return np.sin(pace * np.arange(8)[:, None] + 6 * phase)


@pytest.fixture(scope="module")
def boats(tmp_path_factory):
    """Return a latent model of boats that was trained for a moment, and its folder."""
    folder = tmp_path_factory.mktemp("boats")
    path = write_boats(folder / "boats.csv")
    model = serinette.train(
        path, updates=20, runs=folder / "runs", name="boats", entity=["boat"], time="t",
        engine="latent", constraints=["low <= high"], seed=4, **LATENT,
    )  # fmt: skip
    return model, folder


def table_of(model, **settings):
    return joined(list(generate_series(model._opened, SeriesRequest(**settings))))


def test_what_is_written_has_the_columns_of_the_data_and_keeps_its_relations(boats):
    model, _ = boats
    assert model.artifact.network == "latent"
    written = model.generate(50, seed=1, like="dict")
    assert list(written) == ["boat", "t", "harbour", "tons", "low", "high", "wind", "flag"]
    assert 20 <= min(written["tons"]) <= max(written["tons"]) <= 54.3
    assert (np.asarray(written["low"]) <= np.asarray(written["high"])).all()
    assert set(written["flag"]) <= {"up", "down"}
    lengths = np.diff(table_of(model, n=50, seed=1).starts)
    assert lengths.max() <= 9
    assert len(set(lengths)) > 1


@pytest.mark.parametrize("batch_rows", [1, 4, 64])
def test_the_same_seed_writes_the_same_whatever_the_batches(boats, batch_rows):
    model, _ = boats
    whole = table_of(model, n=9, seed=5)
    parts = table_of(model, n=9, seed=5, batch_rows=batch_rows)
    assert np.array_equal(whole.starts, parts.starts)
    for column, other in zip(whole.columns, parts.columns, strict=True):
        assert np.array_equal(column.values, other.values, equal_nan=True), column.name
    assert not np.array_equal(
        whole.column("low").values, table_of(model, n=9, seed=6).column("low").values
    )


def test_a_fact_that_is_given_is_kept(boats):
    model, _ = boats
    assert set(model.generate(9, seed=3, statics={"harbour": "w"}, like="dict")["harbour"]) == {"w"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"length": 7}, "latent engine decides itself where sequences end, got 7"),
        ({"length": 70}, "latent engine writes at most 9 rows, got 70; ask for fewer, or train"),
        ({"scenario": {"flag": ["up"]}}, "scenario: the latent engine writes all rows of a seq"),
        ({"statics": {"tons": 31}}, "writes the numbers of 'tons' itself, got 31; leave it out"),
        ({"statics": {"harbour": "north"}}, "column 'harbour' has no value 'north'"),
    ],
)
def test_what_cannot_be_written_is_refused(boats, settings, words):
    model, _ = boats
    with pytest.raises(ConfigError, match=words):
        model.generate(1, **settings)


def test_a_history_cannot_be_gone_on_with(boats):
    model, folder = boats
    with pytest.raises(ConfigError, match="history: the latent engine writes all rows of a seq"):
        model.generate(1, history=folder / "boats.csv")


def test_a_network_that_writes_no_tables_is_refused(boats):
    model, _ = boats
    foreign = dataclasses.replace(model.artifact, network="symbols")
    with pytest.raises(ArtifactError, match="network 'symbols' writes no tables; restore it from"):
        _ = OpenedSeries(foreign).engine


def test_there_is_no_likelihood_to_score_by(boats):
    model, folder = boats
    with pytest.raises(ConfigError, match=r"has the latent engine, which .* knows no likelihoods"):
        model.score(folder / "boats.csv")


def test_a_report_tells_the_engine_and_compares_with_what_was_held_out(boats):
    model, _ = boats
    report = model.evaluate(quick=True)
    assert report.metric("violations").value == 0
    assert report.metric("judge").floor is not None
    assert report.metric("test_rmse").value > 0
    assert report.evaluation.facts["engine"] == "latent: as asked"


def test_updates_and_a_seed_decide_every_weight_and_a_run_begins_anew(boats):
    model, folder = boats
    said = []
    again = serinette.train(resume="boats", source=(), runs=folder / "runs", listener=said.append)
    for name, weight in model.artifact.weights().items():
        assert np.array_equal(weight, again.artifact.weights()[name]), name
    assert all(len(line["metrics"]) for line in again.artifact.history)
    assert "plan done after 140 updates" in finished_line(said[-1], None)
    assert any("plan: 48 windows of 9 rows" in e.text for e in said if isinstance(e, Note))


def test_a_stopped_training_keeps_what_it_has_reached_and_begins_anew(tmp_path, monkeypatch):
    path = write_boats(tmp_path / "boats.csv")
    monkeypatch.setattr("serinette.training.latent_game.EVERY", 1)
    settings = {"entity": ["boat"], "time": "t", "engine": "latent", "runs": tmp_path, **LATENT}
    asked = iter([False] * 25 + [True] * 1000)
    with monkeypatch.context() as patched:
        patched.setattr(
            StopSignal, "is_set", property(lambda self: next(asked), lambda self, value: None),
            raising=False,
        )  # fmt: skip
        cut = serinette.train(path, updates=20, name="b", **settings)
    assert cut.artifact.training["reason"] == "interrupted"
    said = []
    again = serinette.train(resume="b", source=(), runs=tmp_path, listener=said.append)
    assert again.artifact.training["reason"] == "plan done"
    assert "b: the latent engine begins anew" in [e.text for e in said if isinstance(e, Note)]


def test_a_single_series_is_written_in_windows(tmp_path):
    t = np.arange(600)
    frame = {"a": np.sin(t / 5), "b": np.cumsum(np.random.default_rng(0).normal(size=600))}
    model = serinette.train(
        frame, updates=5, runs=tmp_path, window=12, engine="latent", **LATENT
    )  # fmt: skip
    assert model.generate_array(4, length=12, seed=1).shape == (4, 12, 2)
    assert model.generate_array(4, length=5, seed=1).shape == (4, 5, 2)
    with pytest.raises(ConfigError, match="at most 12 rows, got 13"):
        model.generate_array(1, length=13)
    report = model.evaluate(data=frame, quick=True)
    assert report.metric("judge").n > 0


def prepared_of(table, **settings):
    own = {key.replace("__", ".", 1): value for key, value in settings.items()}
    layers = (Layer(origin="habits", values=HABITS), Layer(origin="test", values=own))
    wished = resolve(groups_of("series"), layers)
    return prepare_series(table, wished, silent)


def sequences(n=300):
    cells = waves(n)
    return {
        "id": np.repeat([f"s{k}" for k in range(n)], 8),
        "a": cells[:, :, 0].ravel(),
        "b": cells[:, :, 1].ravel(),
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"t": np.cumsum(np.random.default_rng(0).integers(1, 99, 2400))}, r"irregular .*'t'"),
        ({"word": np.array([f"w{k % 70}" for k in range(2400)])}, "'word' has 70 values, more th"),
        ({"window": 4}, "write 8 rows at once, more than 4"),
        ({"place": np.repeat([f"p{k % 40}" for k in range(300)], 8),
          "sort": np.repeat([f"q{k % 31}" for k in range(300)], 8)},
         "'place', 'sort' have 1,240 combinations, more than 1,024"),
        ({"size": np.repeat(np.where(np.arange(300) % 3, np.arange(300) / 7, np.nan), 8)},
         "static column 'size' has missing cells"),
    ],
)  # fmt: skip
def test_a_table_that_the_engine_cannot_learn_is_refused_and_auto_says_why(change, words):
    settings = {"data__entity": ["id"]}
    if "window" in change:
        settings["data__window"] = change["window"]
    if "t" in change:
        settings["data__time"] = "t"
    columns = {key: value for key, value in change.items() if key != "window"}
    prepared = prepared_of({**sequences(), **columns}, **settings)
    with pytest.raises(DataError, match=rf"--engine latent: .*{words}.*; use --engine auto"):
        choose_engine(EngineConfig(name="latent"), prepared, None)
    choice = choose_engine(EngineConfig(name="auto"), prepared, 600.0)
    assert choice.plan == "autoregressive"
    assert choice.why.startswith("latent engine not tried: ")


def test_too_few_windows_are_refused():
    prepared = prepared_of(sequences(12), data__entity=["id"])
    with pytest.raises(DataError, match="there are 10 training windows, fewer than 20"):
        choose_engine(EngineConfig(name="latent"), prepared, None)


@pytest.mark.parametrize(
    ("n", "change", "seconds", "words"),
    [
        (300, {}, None, "a number of updates is given, not a budget"),
        (300, {}, 100.0, "1 min 40 s are left for training, fewer than 3 min"),
        (60, {}, 600.0, "there are 48 training windows, fewer than 200"),
        (300, {"kind": np.tile(["x", "y"], 1200)}, 600.0, "column 'kind' holds symbols"),
    ],
)
def test_auto_says_why_it_does_not_try(n, change, seconds, words):
    prepared = prepared_of({**sequences(n), **change}, data__entity=["id"])
    choice = choose_engine(EngineConfig(name="auto"), prepared, seconds)
    assert choice == EngineChoice(
        plan="autoregressive", why=f"latent engine not tried: {words}"
    )  # fmt: skip


def test_auto_tries_where_it_may_pay_and_keeps_a_share_of_the_seconds():
    prepared = prepared_of(sequences(), data__entity=["id"])
    choice = choose_engine(EngineConfig(name="auto"), prepared, 600.0)
    assert choice.plan == "trial"
    assert choice.latent_seconds == pytest.approx(210)
    assert choice.kept_seconds == pytest.approx(270)
    assert EngineChoice.from_json(choice.to_json()) == choice
    assert EngineChoice.from_json(None).plan == "autoregressive"


@pytest.mark.parametrize("needed", [0.0, 329.0, 331.0, 9_999.0])
def test_seconds_that_the_first_engine_can_use_are_not_kept_for_a_trial(needed):
    trial_first = EngineChoice(plan="trial", why="test", latent_seconds=210.0, kept_seconds=270.0)
    found = trial_first.beside(seconds=600.0, needed=needed)
    assert found.kept_seconds + min(needed, 600.0) <= 600.0
    assert (found == trial_first) == (needed < 330.0)
    only = EngineChoice(plan="autoregressive", why="as asked")
    assert only.beside(seconds=600.0, needed=needed) == only


def test_a_budget_that_the_first_engine_uses_up_is_planned_for_it_alone(monkeypatch):
    seconds = iter([1e-4, 10.0])
    monkeypatch.setattr(begin, "seconds_per_update", lambda *asked: next(seconds))
    layers = (Layer(origin="test", values={"data.entity": ["id"]}),)
    request = TrainRequest(sources=sequences(), budget_seconds=600.0, layers=layers)
    quick, slow = (begin.plan_series(request, silent) for _ in range(2))
    assert (quick.choice.plan, slow.choice.plan) == ("trial", "autoregressive")
    assert slow.train_seconds > 1.5 * quick.train_seconds


def metric_of(value):
    return Metric(name="judge", key="judge", value=value, unit="", better="lower", n=9, floor=0.01)


@pytest.mark.parametrize(
    ("scores", "network", "words"),
    [
        ([0.03], "fields", "the judge hardly tells it apart (0.030, real rows 0.010)"),
        ([0.4, 0.2], "latent", "the judge tells it apart less: autoregressive 0.400, real rows"),
        ([0.2, 0.4], "fields", "the judge tells it apart less: autoregressive 0.200, real rows"),
    ],
)
def test_auto_keeps_what_is_told_apart_less(tmp_path, monkeypatch, scores, network, words):
    left = iter(scores)
    monkeypatch.setattr(trial, "judged", lambda *asked: metric_of(next(left)))
    chosen = EngineChoice(plan="trial", why="test")
    monkeypatch.setattr("serinette.recipes.series.begin.choose_engine", lambda *asked: chosen)
    said = []
    model = serinette.train(
        sequences(40), updates=2, runs=tmp_path, entity=["id"], listener=said.append,
        latent__ae_updates=2, latent__gan_updates=2, **LATENT, **ROWS,
    )  # fmt: skip
    assert model.artifact.network == network
    assert words in model.artifact.training["engine"]
    assert any(words in event.text for event in said if isinstance(event, Note))
    assert list(left) == []
    assert len(model.generate(2, seed=0)["a"]) == 16


def test_a_trial_that_is_interrupted_leaves_the_first_engine(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "judged", lambda *asked: metric_of(0.4))
    chosen = EngineChoice(plan="trial", why="test")
    monkeypatch.setattr("serinette.recipes.series.begin.choose_engine", lambda *asked: chosen)
    real = trial.train_windows_engine

    def interrupted(job, name, stop, listener):
        stop.ask()
        return real(job, name, stop, listener)

    monkeypatch.setattr(trial, "train_windows_engine", interrupted)
    model = serinette.train(
        sequences(40), updates=2, runs=tmp_path, name="w", entity=["id"], **LATENT, **ROWS
    )
    assert model.artifact.network == "fields"
    monkeypatch.setattr(trial, "train_windows_engine", real)
    scores = iter([metric_of(0.4), metric_of(0.1)])
    monkeypatch.setattr(trial, "judged", lambda *asked: next(scores))
    small = dataclasses.replace
    monkeypatch.setattr(
        trial, "train_windows_engine",
        lambda job, name, stop, listener: real(
            small(job, choice=small(job.choice, latent_seconds=0.1)), name, stop, listener
        ),
    )  # fmt: skip
    again = serinette.train(resume="w", source=sequences(40), runs=tmp_path)
    assert again.artifact.network == "latent"


def test_a_judge_tells_noise_from_waves():
    prepared = prepared_of(sequences(), data__entity=["id"])

    class Noise:
        name = "noise"

        def longest(self, codec):
            return 8

        def refusal(self, *asked):
            return None

        def grow(self, codec, keys, wishes):
            from serinette.decoding.growing import Grown

            n = len(keys)
            none = np.zeros((n, 8, 0), dtype=np.int64)
            return Grown(
                cells=np.random.default_rng(0).normal(size=(n, 8, 2)), symbols=none,
                times=np.zeros((n, 8)), static_symbols=none[:, 0], static_cells=np.zeros((n, 0)),
                lengths=np.full(n, 8), n_told=np.zeros(n, dtype=np.int64),
            )  # fmt: skip

    found = trial.judged(Noise(), prepared, 0)
    assert found.value > 0.3
    assert found.floor < 0.2


def test_the_command_line_takes_an_engine(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_boats(tmp_path / "boats.csv", is_ragged=False)
    small = [f"--{key.replace('__', '.')}={value}" for key, value in LATENT.items()]
    argv = ["train", "boats.csv", "--entity", "boat", "--time", "t", "--updates", "3", *small]
    assert main([*argv, "--engine", "latent", "--size", "m"]) == 2
    assert "--size m is of the autoregressive engine" in capsys.readouterr().err
    assert main([*argv, "--engine", "latent"]) == 0
    assert "engine latent: as asked" in capsys.readouterr().err
    argv = ["generate", "boats", "-n", "3", "--length", "4", "--seed", "1", "-o", "o.csv"]
    assert main(argv) == 0
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 13
    assert main(["score", "boats", "boats.csv"]) == 2
    assert "knows no likelihoods" in capsys.readouterr().err
    assert main(["inspect", "boats"]) == 0
    told = capsys.readouterr().out
    assert "model.latent_size" in told
    assert "latent: as asked" in told
