import json

import numpy as np
import pytest

from serinette.evaluation.series.sets import SeriesColumn, SeriesSet, windows
from serinette.evaluation.series.window_critic import WindowCritic, WindowLook

WINDOW = 12


def walks(seed, lengths, step=1.0, times=False):
    """Random walks, a category beside them; where `times`, the gaps between rows differ."""
    generator = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    values = np.stack(
        [generator.normal(size=starts[-1]).cumsum() * step, generator.integers(3, size=starts[-1])],
        axis=1,
    ).astype(np.float64)
    values[generator.random(len(values)) < 0.1, 0] = np.nan
    return SeriesSet(
        values=values,
        starts=starts,
        columns=(SeriesColumn(name="level"), SeriesColumn(name="state", is_category=True)),
        times=generator.uniform(1, 9, starts[-1]).cumsum() if times else None,
    )


def critic_of(train, *, has_gaps=False, seed=0):
    """Return a critic that says something, whatever it is worth."""
    look = WindowLook.fit(train, windows(train, WINDOW, 80, 0), has_gaps=has_gaps, seed=seed)
    weights = np.random.default_rng(seed).normal(size=look.n_features).astype(np.float32)
    return WindowCritic(look=look, weights=weights, bias=0.25)


def part(series, first, stop):
    """Return some sequences alone."""
    rows = slice(series.starts[first], series.starts[stop])
    return SeriesSet(
        values=series.values[rows],
        starts=series.starts[first : stop + 1] - series.starts[first],
        columns=series.columns,
        times=None if series.times is None else series.times[rows],
    )


def test_what_is_said_of_a_sequence_never_depends_on_the_others():
    critic = critic_of(walks(0, [30] * 20))
    series = walks(1, np.random.default_rng(2).integers(1, 60, 600))
    whole = critic.words(series)
    alone = [critic.words(part(series, k, k + 1))[0] for k in range(0, 600, 37)]
    assert np.array_equal(whole[::37], alone)
    assert np.array_equal(whole[100:550], critic.words(part(series, 100, 550)))
    assert np.isfinite(whole).all()


def test_a_long_sequence_is_judged_window_by_window():
    critic = critic_of(walks(0, [30] * 20))
    long = walks(3, [2 * WINDOW + 7])
    windows_of = SeriesSet(
        values=long.values, starts=np.array([0, 12, 24, 31]), columns=long.columns
    )
    assert critic.words(long)[0] == pytest.approx(critic.words(windows_of).sum())
    rest = walks(3, [2 * WINDOW + 5])  # less than half a window says nothing
    short = part(SeriesSet(values=rest.values, starts=np.array([0, 24, 29]), columns=rest.columns),
                 0, 1)  # fmt: skip
    assert critic.words(rest)[0] == pytest.approx(critic.words(short)[0])


@pytest.mark.parametrize("has_gaps", [False, True])
def test_a_critic_comes_back_as_it_was_written_down(has_gaps):
    train = walks(0, [30] * 20, times=True)
    seen = critic_of(train).look.seen(train)
    if has_gaps:
        blank = WindowLook.fit(train, windows(train, WINDOW, 9, 0), has_gaps=True, seed=0)
        seen = blank.seen(train)
        assert [column.name for column in seen.columns] == [
            "level", "state", "time since the row before"
        ]  # fmt: skip
    critic = critic_of(seen, has_gaps=has_gaps)
    facts = json.loads(json.dumps(critic.facts()))
    again = WindowCritic.of(facts, critic.tensors())
    series = walks(1, [12, 40, 3, 25], times=True)
    assert np.array_equal(critic.words(series), again.words(series))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"pairs": [[0, 99]]}, ValueError),
        ({"pairs": [[0, 1, 2]]}, ValueError),
        ({"n_orders": 2}, ValueError),
        ({"window": 2}, ValueError),
        ({"window": "12"}, TypeError),
        ({"channels": [[0, "number"]]}, ValueError),
        ({"channels": None}, TypeError),
        ({"channels": []}, ValueError),
    ],
)
def test_a_critic_that_cannot_be_is_refused(change, error):
    critic = critic_of(walks(0, [30] * 20))
    with pytest.raises(error):
        WindowCritic.of({**critic.facts(), **change}, critic.tensors())
    with pytest.raises(KeyError):
        WindowCritic.of({}, critic.tensors())


def test_columns_that_never_change_are_a_giveaway_and_not_an_infinity():
    still = SeriesSet(
        values=np.full((300, 1), 7.0),
        starts=np.arange(0, 301, 30),
        columns=(SeriesColumn(name="c"),),
    )
    look = WindowLook.fit(still, windows(still, WINDOW, 50, 0), has_gaps=False, seed=0)
    moved = SeriesSet(values=still.values + 1e9, starts=still.starts, columns=still.columns)
    features = look.features(moved, windows(moved, WINDOW, 50, 0))
    assert np.isfinite(features).all()
    assert np.abs(features).max() == 10
