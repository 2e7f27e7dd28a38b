"""The critic of tables: trained where it can tell, chooses among candidates, is kept."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from guided_models import reseal

import serinette
from serinette.artifact import folder
from serinette.cli.main import main
from serinette.core.config import Layer, resolve
from serinette.core.errors import ArtifactError, ConfigError
from serinette.core.seeds import stream_keys, uniforms
from serinette.decoding.growing import Grown
from serinette.decoding.growing_wishes import Wishes
from serinette.evaluation.series.window_critic import WindowCritic
from serinette.recipes.requests import groups_of
from serinette.recipes.series import guide
from serinette.recipes.series.choosing import WindowChooser, choose
from serinette.recipes.series.engines import LoadedEngine
from serinette.recipes.series.generate import SeriesRequest, generate_series
from serinette.recipes.series.guide import train_guide
from serinette.recipes.series.guide_config import WindowGuideConfig
from serinette.recipes.series.habits import HABITS
from serinette.recipes.series.prepare import prepare_series
from serinette.recipes.series.written import joined

pytestmark = pytest.mark.slow

WINDOW = 12


class Levels:
    """An engine that writes windows of independent normal levels, all of one random spread.

    Args:
        spreads: What the spread is drawn from, one number in [0, 1) a window.
    """

    name = "levels"

    def __init__(self, spreads):
        self._spreads = spreads

    def longest(self, codec):
        return None

    def refusal(self, codec, length, statics, told):
        return None

    def grow(self, codec, keys, wishes):
        n, longest = len(keys), int(wishes.n_rows.max())
        u = uniforms(keys, np.zeros(n, dtype=np.int64), 2 * longest + 1)
        normal = np.sqrt(-2 * np.log(1 - u[1:][:longest])) * np.cos(2 * np.pi * u[1 + longest :])
        return Grown(
            cells=(normal * self._spreads(u[0])).T[:, :, None],
            symbols=np.zeros((n, longest, 0), dtype=np.int64),
            times=np.zeros((n, longest)),
            static_symbols=np.zeros((n, 0), dtype=np.int64),
            static_cells=np.zeros((n, 0)),
            lengths=wishes.n_rows.copy(),
            n_told=wishes.n_told.copy(),
        )


@pytest.fixture(scope="module")
def prepared():
    """One long series of independent normal levels, of spread 1."""
    rows = np.random.default_rng(0).normal(size=3_000)
    layers = (
        Layer(origin="kind", values=HABITS),
        Layer(origin="test", values={"data.window": WINDOW}),
    )
    settings = resolve(groups_of("series"), layers)
    return prepare_series({"level": rows}, settings, lambda note: None)


def trained(prepared, spreads, **config):
    told = []
    engine = Levels(spreads)
    config = WindowGuideConfig(**{"rows": 6_000, **config})
    chooser = train_guide(prepared, engine, config, 3, told.append)
    return chooser, engine, [note.text for note in told]


def spread_of(prepared, engine, chooser, resample, n=600):
    """Return the mean spread of written windows."""
    opened = LoadedEngine(codec=prepared.codec, engine=engine, critic=chooser)
    request = SeriesRequest(n=n, length=WINDOW, seed=9, resample=resample)
    table = joined(list(generate_series(opened, request)))
    return table.column("level").values.reshape(n, WINDOW).std(axis=1).mean()


def half_too_wide(u):
    return np.where(u < 0.5, 1.0, 3.0)


def test_a_critic_takes_out_windows_that_are_never_real(prepared):
    chooser, engine, (told,) = trained(prepared, half_too_wide)
    assert chooser.candidates == 4
    assert told.startswith(
        "guide: choosing among 4 candidates brings the Fréchet distance to windows of the "
        "validation part from "
    )
    spreads = [spread_of(prepared, engine, chooser, k) for k in (1, 2, 8)]
    real = spread_of(prepared, Levels(np.ones_like), None, None)
    assert spreads[0] > 1.8
    assert spreads[0] > spreads[1] > spreads[2]
    # One of 256 sequences has no real candidate among eight.
    assert spreads[2] == pytest.approx(real, abs=0.05)


def test_a_critic_that_cannot_tell_is_left_out(prepared):
    chooser, _, (told,) = trained(prepared, np.ones_like)
    assert chooser is None
    assert told.startswith("no guide: a critic tells windows of the training part from written")
    assert trained(prepared, np.ones_like, rows=100)[2] == ["no guide: too few rows to learn from"]


def test_a_budget_keeps_time_for_the_critic():
    config = WindowGuideConfig()
    assert config.seconds_within(600.0) == 20
    assert config.seconds_within(60.0) == 6
    assert WindowGuideConfig(candidates=1).seconds_within(600.0) == 0


class Slow(Levels):
    """An engine that takes 10 ms a sequence, by a clock of its own."""

    now = 0.0

    def grow(self, codec, keys, wishes):
        self.now += 0.01 * len(keys)
        return super().grow(codec, keys, wishes)


def test_the_critic_takes_the_time_that_it_has_at_the_speed_of_the_engine(prepared, monkeypatch):
    engine = Slow(half_too_wide)
    monkeypatch.setattr(guide.time, "monotonic", lambda: engine.now)
    told = []
    chooser = train_guide(prepared, engine, WindowGuideConfig(), 3, told.append, 20.0)
    assert chooser is not None
    assert 7 < engine.now <= 0.7 * 20  # six seconds for writing, eight for trying
    whole = Slow(half_too_wide)
    monkeypatch.setattr(guide.time, "monotonic", lambda: whole.now)
    train_guide(prepared, whole, WindowGuideConfig(), 3, told.append)
    assert whole.now > 2.5 * engine.now
    hurried = Slow(half_too_wide)
    monkeypatch.setattr(guide.time, "monotonic", lambda: hurried.now)
    assert train_guide(prepared, hurried, WindowGuideConfig(), 3, told.append, 2.0) is None
    assert hurried.now < 2
    assert told[-1].text.startswith("no guide: 2 s of the budget are too few to try it where a seq")


def test_the_same_seed_trains_the_same_critic(prepared):
    first, again = (trained(prepared, half_too_wide)[0].critic for _ in range(2))
    assert first.facts() == again.facts()
    for name, tensor in first.tensors().items():
        np.testing.assert_array_equal(again.tensors()[name], tensor)


class Says(WindowCritic):
    """A critic that says what it is told to say."""

    def __new__(cls, word):
        found = object.__new__(cls)
        object.__setattr__(found, "_word", word)
        return found

    def __init__(self, word):
        pass

    def words(self, series):
        return self._word(series)


def drawing(prepared, lengths):
    """Return what writes candidates of these lengths, and what it was asked for."""
    asked, engine = [], Levels(np.ones_like)

    def draw(k, places):
        asked.append(places.tolist())
        wishes = _wishes(len(places), lengths[k])
        return engine.grow(prepared.codec, places.astype(np.uint64) + np.uint64(100 * k), wishes)

    return draw, asked


def test_no_more_candidates_are_drawn_than_are_needed(prepared):
    draw, asked = drawing(prepared, (3, 7, 5))
    u = np.full((4, 5), 0.5)
    u[0, [1, 3]] = 0.9  # refused once: a word of 0.5 is taken with probability e^0.5 / 2 = 0.82
    chosen = choose(Says(lambda series: np.full(series.n_sequences, 0.5)), prepared.codec, draw, u)
    assert asked == [[0, 1, 2, 3, 4], [1, 3]]
    assert chosen.lengths.tolist() == [3, 7, 3, 7, 3]
    first, second = draw(0, np.arange(5)), draw(1, np.array([1, 3]))
    assert np.array_equal(chosen.cells[0, :3], first.cells[0])
    assert np.array_equal(chosen.cells[3], second.cells[1])
    assert not chosen.cells[0, 3:].any()


def test_where_all_are_refused_one_is_drawn_by_its_weight(prepared):
    draw, asked = drawing(prepared, (3, 7))
    u = np.full((3, 4), 1 - 1e-9)
    u[-1] = [0.0, 0.25, 0.75, 0.99]  # weights 1 and 1/e, where long ones are less real
    words = {3: -9.0, 7: -10.0}
    critic = Says(lambda series: np.array([words[n] for n in series.lengths.tolist()]))
    chosen = choose(critic, prepared.codec, draw, u)
    assert asked == [[0, 1, 2, 3]] * 2
    assert chosen.lengths.tolist() == [3, 3, 7, 7]


def test_what_is_taken_is_distributed_as_the_critic_says(prepared):
    """Lengths 2 or 6 alike, long ones three times likelier among real ones: weights 0.5 and 1.5."""
    codec, engine = prepared.codec, Levels(np.ones_like)

    def draw(k, places):
        keys = stream_keys(k, places)
        wishes = _wishes(len(places), 6)
        is_long = uniforms(keys, np.full(len(keys), 99), 1)[0] < 0.5
        return replace(engine.grow(codec, keys, wishes), lengths=np.where(is_long, 6, 2))

    critic = Says(lambda series: np.log(np.where(series.lengths == 6, 1.5, 0.5)))
    u = np.random.default_rng(0).random((13, 4_000))
    share = (choose(critic, codec, draw, u).lengths == 6).mean()
    assert share == pytest.approx(0.75, abs=0.02)


def _wishes(n, length):
    return Wishes(
        times=np.zeros(n), n_rows=np.full(n, length), n_told=np.zeros(n, dtype=np.int64), ends=False
    )


@pytest.fixture(scope="module")
def walks(tmp_path_factory):
    """A model of walks that was trained for a moment, so that a critic tells it at once.

    Nothing that it writes is real enough for the choice to help: it is told to choose all the same.
    """
    path = tmp_path_factory.mktemp("walks")
    steps = np.random.default_rng(0).normal(size=(150, 30)).cumsum(axis=1)
    lines = ["id,x", *(f"w{k},{x:.3f}" for k, walk in enumerate(steps) for x in walk)]
    (path / "walks.csv").write_text("\n".join(lines))
    serinette.train(
        path / "walks.csv", updates=3, runs=path, name="walks", entity=["id"],
        model__hidden_size=8, model__opening_units=4, training__n_rows=8,
        engine__name="autoregressive",
    )  # fmt: skip
    model = path / "walks" / "model"
    reseal(model, config=lambda settings: settings["guide"].update(candidates=4))
    return model


def written(model, tmp_path, *options):
    out = tmp_path / "out.csv"
    assert main(["generate", str(model), "-n", "9", "--seed", "4", *options, "-o", str(out)]) == 0
    return out.read_bytes()


def test_the_model_writes_with_its_critic_and_without_where_asked(walks, tmp_path):
    guide = folder.load(walks).window_guide()
    assert guide is not None
    assert guide.candidates == 4
    plain = written(walks, tmp_path, "--resample", "1")
    chosen = written(walks, tmp_path)
    assert chosen != plain
    assert chosen == written(walks, tmp_path, "--resample", "4")
    assert chosen == written(walks, tmp_path, "--batch-size", "2")
    bare = _without_guide(walks, tmp_path / "bare")
    assert plain == written(bare, tmp_path)


def _without_guide(model, target):
    """Copy a model without its critic."""
    shutil.copytree(model, target)
    reseal(target, config=lambda settings: settings.pop("guide"), critic_safetensors=None)
    return target


def test_the_first_rows_are_the_same_however_many_follow(walks):
    model = serinette.load(walks)
    many, few = (
        model.generate(n, seed=2, batch_rows=rows, like="dict") for n, rows in ((20, 7), (6, 2048))
    )
    n_rows = len(few["x"])
    assert np.array_equal(np.asarray(many["x"])[:n_rows], np.asarray(few["x"]))


def test_a_history_and_a_scenario_are_gone_on_with_by_the_model_alone(walks):
    model = serinette.load(walks)
    scenario = {"x": [None, 1.0]}
    plain, free, chosen = (
        model.generate(30, length=4, seed=1, scenario=scenario, resample=k, like="dict")
        for k in (1, None, 4)
    )
    assert np.array_equal(plain["x"], free["x"])
    assert not np.array_equal(plain["x"], chosen["x"])


def test_candidates_begin_alike_and_go_on_as_they_like(walks):
    opened = serinette.load(walks)._opened
    drawn, grow = [], opened.engine.grow

    def watched(codec, keys, wishes):
        found = grow(codec, keys, wishes)
        drawn.append((wishes.opening_keys, found))
        return found

    opened.engine.grow = watched
    list(generate_series(opened, SeriesRequest(n=40, seed=3, resample=3)))
    (_, first), *others = drawn
    assert len(others) == 2
    assert drawn[0][0] is None
    cells = {float(x) for x in first.cells[:, 0, 0]}
    for opening_keys, found in others:
        assert opening_keys is not None
        assert {float(x) for x in found.cells[:, 0, 0]} <= cells
        second = {float(x) for x in found.cells[:, 1, 0]}
        assert len(second - {float(x) for x in first.cells[:, 1, 0]}) > len(second) / 2


def test_several_candidates_without_a_critic_are_refused(walks, tmp_path, capsys):
    bare = _without_guide(walks, tmp_path / "bare")
    assert main(["generate", str(bare), "--resample", "3"]) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert "resample 3: this model has no critic" in line
    with pytest.raises(ConfigError, match=r"resample must be at least 1, got 0"):
        SeriesRequest(resample=0)


def test_a_training_may_do_without_a_critic(tmp_path, walks):
    source = walks.parents[1] / "walks.csv"
    model = serinette.train(
        source, updates=1, runs=tmp_path, entity=["id"], guide__candidates=1,
        model__hidden_size=8, model__opening_units=4, engine__name="autoregressive",
    )  # fmt: skip
    assert model.artifact.window_guide() is None
    assert not (Path(model.artifact.folder) / "critic.safetensors").exists()
    with pytest.raises(ConfigError, match=r"guide.candidates must be at least 1, got 0"):
        WindowGuideConfig(candidates=0)
    with pytest.raises(ConfigError, match=r"guide.rows must be at least 100, got 9"):
        WindowGuideConfig(rows=9)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"candidates": 0}, "no critic of windows"),
        ({"look": None}, "no critic of windows"),
        ({"look": {}}, "its critic cannot be read"),
    ],
)
def test_a_damaged_critic_is_refused_in_one_line(walks, tmp_path, change, reason):
    shutil.copytree(walks, tmp_path / "m")
    reseal(tmp_path / "m", config=lambda settings: settings["guide"].update(change))
    with pytest.raises(ArtifactError, match=reason) as caught:
        serinette.load(tmp_path / "m").generate(1)
    assert "\n" not in str(caught.value)


def test_a_lost_critic_is_refused(walks, tmp_path):
    shutil.copytree(walks, tmp_path / "m")
    reseal(tmp_path / "m", critic_safetensors=None)
    with pytest.raises(ArtifactError, match=r"critic\.safetensors"):
        serinette.load(tmp_path / "m")


def test_the_critic_of_a_model_is_what_was_trained(walks):
    facts = json.loads((walks / "config.json").read_text())["guide"]
    assert facts["look"]["window"] == 30
    assert isinstance(serinette.load(walks)._opened.critic, WindowChooser)
