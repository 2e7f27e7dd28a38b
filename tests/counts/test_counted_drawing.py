import numpy as np
import pytest

from serinette.counts.drawing import draw_counted
from serinette.counts.ngram import WittenBell

END = 0


def closed(*rows):
    return [np.array([END, *row, END]) for row in rows]


def fitted(order, *rows, vocab_size=5):
    return WittenBell.fit(closed(*rows), order, vocab_size, n_given=1)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_symbols_are_drawn_as_often_as_the_model_says(order):
    model = fitted(order, [1, 2, 1, 3], [1, 2, 2], [3, 1])
    drawn = draw_counted(model, end=END, n_rows=40_000, n_steps=3, seed=0)
    for given in ([], [1], [1, 2]):
        following = [[*row, END][len(given)] for row in drawn if list(row[: len(given)]) == given]
        counts = np.bincount(following, minlength=5) / len(following)
        for symbol in range(5):
            nats = model.nats(np.array([END, *given, symbol]))[-1]
            four_deviations = 4 * (0.25 / len(following)) ** 0.5
            assert counts[symbol] == pytest.approx(np.exp(-nats), abs=four_deviations)


def test_a_sequence_ends_at_its_end_or_at_the_longest_length():
    model = fitted(3, [1, 2, 3], [1, 2, 3], [1, 2, 3, 1, 2, 3])
    drawn = draw_counted(model, end=END, n_rows=300, n_steps=7, seed=1)
    assert all(END not in row for row in drawn)
    lengths = {len(row) for row in drawn}
    assert max(lengths) == 7
    assert min(lengths) < 4


def test_the_same_seed_draws_the_same_and_another_does_not():
    model = fitted(3, [1, 2, 3, 4], [4, 3, 2, 1])
    first, second, third = (
        [row.tolist() for row in draw_counted(model, end=END, n_rows=20, n_steps=9, seed=seed)]
        for seed in (0, 0, 1)
    )
    assert first == second
    assert first != third
