from dataclasses import replace

import numpy as np
import pytest

from serinette.core.errors import DataError
from serinette.core.metric import Metric
from serinette.evaluation.report.content import Evaluation
from serinette.evaluation.report.page import page
from serinette.evaluation.series.findings import evaluate_series
from serinette.evaluation.series.rules import RULES, series_verdicts
from serinette.evaluation.series.sets import SeriesColumn, SeriesSet

COLUMNS = (
    SeriesColumn(name="load", label="load (kW)"),
    SeriesColumn(name="heat"),
    SeriesColumn(name="state", is_category=True, levels=("off", "on")),
)


def machines(seed, n=40, memory=0.8):
    generator = np.random.default_rng(seed)
    lengths = generator.integers(20, 30, n)
    parts = []
    for length in lengths:
        shocks = generator.normal(size=(length, 2))
        rows = np.zeros((length, 2))
        rows[0] = shocks[0] / np.sqrt(1 - memory**2)
        for t in range(1, length):
            rows[t] = memory * rows[t - 1] + shocks[t]
        parts.append(np.column_stack([rows, rows[:, 0] > 0]))
    values = np.concatenate(parts)
    values[generator.random(values.shape) < 0.02] = np.nan
    starts = np.concatenate([[0], np.cumsum(lengths)])
    times = np.cumsum(generator.exponential(1.0, len(values)))
    return SeriesSet(
        values=values,
        starts=starts,
        times=times,
        columns=COLUMNS,
        statics=generator.integers(0, 3, (n, 1)).astype(float),
        static_columns=(SeriesColumn(name="site", is_category=True),),
    )


@pytest.fixture(scope="module")
def alike():
    told = []
    found = evaluate_series(
        machines(0), machines(1), machines(2), seed=4, is_quick=True, tell=told.append
    )
    return found, told


def rows(values, length):
    starts = np.arange(0, len(values) + 1, length)
    return SeriesSet(values=values, starts=starts, columns=COLUMNS[:2])


def lights(found):
    return {verdict.name: verdict.light for verdict in found.verdicts}


def test_real_series_in_the_place_of_generated_ones_light_nothing(alike):
    found, _ = alike
    assert set(lights(found).values()) == {"green"}
    assert [verdict.name for verdict in found.verdicts] == [rule.name for rule in RULES]
    assert found.headline.startswith("Nothing is wrong by these measures.")


def test_every_figure_has_a_key_of_its_own_a_floor_and_a_number_of_pieces(alike):
    metrics = alike[0].metrics
    assert len({metric.key for metric in metrics}) == len(metrics)
    assert all(metric.floor is not None and metric.n > 0 for metric in metrics)
    assert all(np.isfinite(metric.value) for metric in metrics)
    assert all(metric.interval is not None for metric in metrics)


def test_findings_are_drawn_and_written_as_plain_values(alike):
    found, told = alike
    evaluation = Evaluation(
        subject="machines", headline=found.headline, verdicts=found.verdicts,
        sections=found.sections,
    )  # fmt: skip
    assert Evaluation.from_json(evaluation.to_json()).metrics == evaluation.metrics
    drawn = page(evaluation)
    for title in ("load (kW) along time", "Windows seen from above", "Spectrum of heat"):
        assert title in drawn
    assert "Windows have 2" in told[0]
    assert "gaps" in {metric.key for metric in found.metrics}


def test_the_same_seed_gives_the_same_figures(alike):
    again = evaluate_series(
        machines(0), machines(1), machines(2), seed=4, is_quick=True, tell=lambda _: None
    )
    assert again.metrics == alike[0].metrics


def test_planted_faults_light_the_rule_that_is_named_after_them():
    train, wrong = machines(0), machines(2)
    short = np.concatenate([[0], np.cumsum(np.full(wrong.n_rows // 12, 12))])
    values = np.where(np.isnan(wrong.values), 0.0, wrong.values)[: short[-1]] * [2.0, 1.0, 1.0]
    values[:, 1] = np.roll(values[:, 1], 1)[::-1]
    bad = SeriesSet(
        values=values, starts=short, columns=COLUMNS, times=np.arange(short[-1]) * 3.0,
        statics=np.zeros((len(short) - 1, 1)), static_columns=train.static_columns,
    )  # fmt: skip
    found = evaluate_series(train, machines(1), bad, seed=4, is_quick=True, tell=lambda _: None)
    for name in ("Values", "Lengths", "Missing values", "Judge"):
        assert lights(found)[name] in ("yellow", "red"), name
    assert "Lengths: sequences are not as long as real ones" in found.headline


def test_copies_are_red_though_they_look_perfect():
    train = machines(0)
    found = evaluate_series(train, machines(1), train, seed=4, is_quick=True, tell=lambda _: None)
    assert lights(found)["Copying"] == "red"
    assert lights(found)["Values"] == "green"


def test_one_long_series_is_cut_and_infinite_values_are_told():
    long = SeriesSet(
        values=np.random.default_rng(0).normal(size=(400, 2)), starts=np.array([0, 400]),
        columns=COLUMNS[:2],
    )  # fmt: skip
    broken = replace(long, values=np.where(long.values > 2.5, np.inf, long.values))
    told = []
    found = evaluate_series(long, long, broken, seed=4, window=8, is_quick=True, tell=told.append)
    assert "lengths" not in {metric.key for metric in found.metrics}
    assert any("infinite values of the generated series count as missing" in one for one in told)
    assert any("cut into blocks of 20 rows" in one for one in told)


@pytest.mark.parametrize(("n_rows", "is_missing"), [(2, False), (3, True), (9, False)])
def test_tiny_sets_are_measured_as_far_as_it_goes(n_rows, is_missing):
    values = np.full((n_rows, 2), np.nan if is_missing else 1.0)
    tiny = SeriesSet(values=values, starts=np.array([0, n_rows]), columns=COLUMNS[:2])
    found = evaluate_series(tiny, tiny, tiny, seed=0, is_quick=True, tell=lambda _: None)
    assert page(Evaluation(subject="t", headline="", verdicts=(), sections=found.sections))


@pytest.mark.parametrize("value", [0.0, 3.0, 1e300, 1e-300])
@pytest.mark.parametrize("length", [1, 12])
def test_a_constant_table_is_measured_and_nothing_is_said_to_be_predictable(value, length):
    same = rows(np.full((360, 2), value), length)
    found = evaluate_series(same, same, same, seed=0, is_quick=True, tell=lambda _: None)
    assert lights(found)["Values"] == "green"
    assert lights(found).get("Prediction", "none") == "none"


@pytest.mark.parametrize("size", [1e-300, 1e-15, 1e300])
def test_numbers_of_any_size_are_judged_alike(size):
    generator = np.random.default_rng(0)
    sides = [rows(size * generator.normal(size=(360, 2)), 12) for _ in range(2)]
    wide = rows(size * 3 * generator.normal(size=(360, 2)), 12)
    found = evaluate_series(*sides, wide, seed=0, is_quick=True, tell=lambda _: None)
    assert lights(found)["Values"] == "red"
    assert lights(found)["Judge"] == "red"


def test_an_empty_set_is_refused():
    none = replace(machines(0), values=machines(0).values[:1], starts=np.array([0, 1]),
                   times=None, statics=None, static_columns=())  # fmt: skip
    with pytest.raises(DataError, match="generated set: 1 rows"):
        evaluate_series(machines(0), machines(1), none, seed=0, tell=lambda _: None)


def metric(key, value, floor, **more):
    return Metric(key=key, name=key, value=value, unit="", better="lower", n=9, floor=floor, **more)


@pytest.mark.parametrize(
    ("key", "rule", "yellow", "red"),
    [
        ("w1", "Values", 0.1, 0.3), ("tv", "Values", 0.05, 0.2), ("steps", "Values", 0.05, 0.2),
        ("gaps", "Values", 0.1, 0.3), ("repeats", "Values", 5.0, 20.0),
        ("sequence_max", "Sequences", 0.1, 0.3), ("correlation", "Dependence", 0.05, 0.2),
        ("acf", "Dependence", 0.03, 0.2), ("spectrum", "Dependence", 1.0, 4.0),
        ("statics", "Dependence", 0.1, 0.4), ("judge", "Judge", 0.1, 0.3),
        ("drift", "Drift", 0.2, 0.5), ("trend", "Drift", 0.2, 0.5),
        ("lengths", "Lengths", 0.1, 0.3), ("facts", "Lengths", 0.1, 0.3),
        ("missing", "Missing values", 1.0, 9.0),
        ("copies", "Copying", 1.0, 9.0), ("near_copies", "Copying", 2.0, 9.0),
    ],
)  # fmt: skip
def test_what_lies_above_real_series_is_lit_and_what_chance_explains_is_not(key, rule, yellow, red):
    for excess, light in ((0.0, "green"), (yellow, "yellow"), (red, "red")):
        found = series_verdicts([metric(key, 0.05 + excess, 0.05)])
        assert [(one.name, one.light) for one in found] == [(rule, light)]
    wide = metric(key, 0.05 + yellow, 0.05, interval=(0.0, 2 * yellow))
    assert series_verdicts([wide])[0].light == "green"


def test_nothing_is_called_fine_where_held_out_series_are_of_another_kind():
    found = series_verdicts(
        [metric("judge", 0.4, 0.4), metric("w1", 3.0, 3.0), metric("mia", 0.9, 0.5,
                                                                   interval=(0.8, 1.0))]
    )  # fmt: skip
    assert {one.name: one.light for one in found} == {
        "Values": "none", "Judge": "green", "Membership": "none",
    }  # fmt: skip


def test_members_that_are_recognised_are_a_leak():
    leak = metric("mia", 0.8, 0.5, interval=(0.7, 0.9))
    assert series_verdicts([leak])[0].light == "red"
    chance = metric("mia", 0.55, 0.5, interval=(0.48, 0.62))
    assert series_verdicts([chance])[0].light == "green"


def test_a_score_that_says_nothing_is_not_judged():
    noise = metric("prediction", 0.9, 0.5, baseline=0.5)
    assert series_verdicts([noise])[0].light == "none"
    assert series_verdicts([metric("prediction", 0.9, 0.5, baseline=2.0)])[0].light == "red"
