import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serinette.decoding import filters

# Small integers on purpose: ties are common, so the tie rules get tested.
logits_rows = st.integers(1, 12).flatmap(
    lambda n_symbols: st.lists(
        st.lists(st.integers(-3, 3).map(float), min_size=n_symbols, max_size=n_symbols),
        min_size=1,
        max_size=4,
    ).map(np.array)
)
FILTERS = {
    "top_k": lambda x: filters.top_k(x, 3),
    "typical": lambda x: filters.typical(x, 0.6),
    "top_p": lambda x: filters.top_p(x, 0.6),
    "min_p": lambda x: filters.min_p(x, 0.3),
}


def probabilities(row):
    weights = np.exp(row - row.max())
    return weights / weights.sum()


@given(logits_rows, st.integers(1, 15))
def test_top_k_keeps_exactly_k_and_only_the_largest(logits, k):
    kept = np.isfinite(filters.top_k(logits, k))
    assert (kept.sum(axis=1) == min(k, logits.shape[1])).all()
    for row, is_kept in zip(logits, kept, strict=True):
        assert is_kept.all() or row[is_kept].min() >= row[~is_kept].max()


def test_top_k_breaks_ties_by_symbol_number():
    kept = np.isfinite(filters.top_k(np.array([[1.0, 2.0, 1.0, 1.0]]), 3))
    assert kept.tolist() == [[True, True, True, False]]


@given(logits_rows, st.floats(0.01, 0.99))
def test_top_p_keeps_the_smallest_set_that_suffices(logits, mass):
    kept = np.isfinite(filters.top_p(logits, mass))
    for row, is_kept in zip(logits, kept, strict=True):
        probs = probabilities(row)
        assert probs[is_kept].sum() >= mass - 1e-9
        assert is_kept.all() or probs[is_kept].min() >= probs[~is_kept].max()
        assert probs[is_kept].sum() - probs[is_kept].min() < mass + 1e-9


def test_top_p_worked_by_hand():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]])
    assert np.isfinite(filters.top_p(logits, 0.75)).tolist() == [[True, True, False, False]]
    assert np.isfinite(filters.top_p(logits / 2, 0.8)).sum() == 3  # temperature 2 comes first


@given(logits_rows, st.floats(0.01, 1.0))
def test_min_p_keeps_what_is_likely_enough(logits, fraction):
    kept = np.isfinite(filters.min_p(logits, fraction))
    for row, is_kept in zip(logits, kept, strict=True):
        ratio = np.exp(row - row.max())
        assert is_kept[ratio > fraction + 1e-9].all()
        assert not is_kept[ratio < fraction - 1e-9].any()


@given(logits_rows, st.floats(0.01, 0.99))
def test_typical_keeps_the_nearest_to_the_entropy(logits, mass):
    kept = np.isfinite(filters.typical(logits, mass))
    for row, is_kept in zip(logits, kept, strict=True):
        probs = probabilities(row)
        distance = np.abs(-np.log(probs) + (probs * np.log(probs)).sum())
        assert probs[is_kept].sum() >= mass - 1e-9
        assert is_kept.all() or distance[is_kept].max() <= distance[~is_kept].min() + 1e-9
        last = np.flatnonzero(is_kept)[np.argmax(distance[is_kept])]
        smallest = min(probs[is_kept & (distance >= distance[last] - 1e-9)])
        assert probs[is_kept].sum() - smallest < mass + 1e-9


@given(logits_rows)
def test_no_filter_leaves_an_empty_row_or_a_nan(logits):
    forbidden = logits.copy()
    forbidden[:, 1:][forbidden[:, 1:] < 0] = -np.inf  # as a constraint leaves them
    for name, apply in FILTERS.items():
        for given_logits in (logits, forbidden):
            filtered = apply(given_logits)
            assert not np.isnan(filtered).any(), name
            assert np.isfinite(filtered).any(axis=1).all(), name
            assert np.isneginf(filtered[np.isneginf(given_logits)]).all(), name


@given(logits_rows)
def test_a_row_is_filtered_as_if_alone(logits):
    for name, apply in FILTERS.items():
        together = apply(logits)
        for row in range(len(logits)):
            assert np.array_equal(together[row], apply(logits[row : row + 1])[0]), name


@given(logits_rows)
def test_a_filter_that_is_off_is_the_identity(logits):
    assert np.array_equal(filters.top_k(logits, logits.shape[1]), logits)
    assert np.array_equal(filters.top_p(logits, 1.0), logits)
    assert np.array_equal(filters.typical(logits, 1.0), logits)
    assert np.array_equal(filters.min_p(logits, 0.0), logits)
