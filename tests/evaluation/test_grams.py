from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation.grams import grams_by_length, grams_of
from serinette.evaluation.ragged import Ragged

rows_of_tokens = st.lists(st.lists(st.sampled_from([0, 1, 2, 10**12]), max_size=8), max_size=5)


def slow_grams(rows, n):
    return [
        (row, tuple(tokens[i : i + n]))
        for row, tokens in enumerate(rows)
        for i in range(len(tokens) - n + 1)
    ]


@given(rows_of_tokens)
def test_two_grams_have_one_number_where_and_only_where_their_tokens_are_equal(rows):
    for n, grams in enumerate(grams_by_length(Ragged.of(rows), 4), start=1):
        expected = slow_grams(rows, n)
        assert grams.rows.tolist() == [row for row, _ in expected]
        pairs = set(zip(grams.numbers.tolist(), (gram for _, gram in expected), strict=True))
        assert len(pairs) == len({gram for _, gram in expected}) == grams.n_different
        assert set(grams.numbers.tolist()) == set(range(grams.n_different))


@given(rows_of_tokens)
def test_cells_count_every_gram_of_every_row(rows):
    grams = grams_of(Ragged.of(rows), 2)
    cells = grams.cells(len(rows))
    counted = Counter(zip(grams.numbers.tolist(), grams.rows.tolist(), strict=True))
    keys = zip(cells.numbers.tolist(), cells.rows.tolist(), strict=True)
    assert list(zip(keys, cells.counts.tolist(), strict=True)) == sorted(counted.items())
