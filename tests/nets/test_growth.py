import numpy as np
import pytest
import tiny_models
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.nets.growth import MOST_MASS, grown_weights
from serinette.nets.model import SequenceModel, load_weights_

N_OLD = 9
WIDE = st.sampled_from([0.3, 1.0, 6.0])


def log_probs(weights, config, schema, symbols, labels):
    model = SequenceModel(config, schema)
    load_weights_(model, weights)
    model = model.double()  # so that what is seen is the law, not the rounding
    context = torch.tensor(labels, dtype=torch.int64)
    with torch.no_grad():
        hidden, _ = model(symbols, context, model.start(len(symbols)))
        return model.readout.project(hidden).log_softmax(-1)


@given(
    st.integers(1, 40), st.booleans(), st.sampled_from(["last", "concat"]), WIDE, st.integers(0, 99)
)
def test_growing_costs_old_text_at_most_what_is_stated(n_added, tied, readout, scale, seed):
    config = tiny_models.config(tied=tied, readout=readout)
    old, new = (tiny_models.schema(n) for n in (N_OLD, N_OLD + n_added))
    weights = tiny_models.weights(config, old, seed)
    weights = {name: (scale * array).astype(np.float32) for name, array in weights.items()}
    generator = torch.Generator().manual_seed(seed)
    symbols = torch.randint(N_OLD, (3, 6), generator=generator)
    empty = [[], [], []]
    before = log_probs(weights, config, old, symbols, empty)
    after = log_probs(grown_weights(weights, config, new), config, new, symbols, empty)
    lost = before - after[..., :N_OLD]
    added = after[..., N_OLD:].exp().sum(-1)
    assert added.max() <= MOST_MASS + 1e-6
    assert lost.max() <= -np.log(1 - MOST_MASS) + 1e-5
    # The old symbols keep their proportions: each loses the same at a step.
    torch.testing.assert_close(lost, lost[..., :1].expand_as(lost), atol=1e-9, rtol=0)


@given(st.integers(1, 4), st.integers(0, 4))
def test_old_rows_and_labels_stay_as_they_are(n_old, n_more):
    config = tiny_models.config()
    old, new = tiny_models.schema(N_OLD, n_old), tiny_models.schema(N_OLD, n_old + n_more)
    weights = tiny_models.weights(config, old)
    grown = grown_weights(weights, config, new)
    for name, array in weights.items():
        np.testing.assert_array_equal(grown[name][: len(array)], array)


def test_labels_that_were_not_there_change_nothing_at_first():
    config = tiny_models.config()
    old, new = tiny_models.schema(N_OLD), tiny_models.schema(N_OLD, 3)
    weights = tiny_models.weights(config, old)
    symbols = torch.tensor([[2, 5, 3]])
    before = log_probs(weights, config, old, symbols, [[]])
    for label in range(3):
        after = log_probs(grown_weights(weights, config, new), config, new, symbols, [[label]])
        torch.testing.assert_close(after, before, atol=0, rtol=0)


@pytest.mark.parametrize("n_added", [0, 5])
def test_the_weights_are_those_of_the_longer_schema(n_added):
    config = tiny_models.config()
    new = tiny_models.schema(N_OLD + n_added)
    grown = grown_weights(tiny_models.weights(config, tiny_models.schema(N_OLD)), config, new)
    load_weights_(SequenceModel(config, new), grown)
    assert all(array.dtype == np.float32 for array in grown.values())


@pytest.mark.parametrize("tied", [False, True])
def test_added_symbols_are_read_apart_where_that_costs_nothing(tied):
    config = tiny_models.config(tied=tied)
    weights = tiny_models.weights(config, tiny_models.schema(N_OLD))
    name = "embedding.weight"
    first, again = (grown_weights(weights, config, tiny_models.schema(N_OLD + 3)) for _ in "12")
    np.testing.assert_array_equal(first[name], again[name])
    rows = first[name][N_OLD:]
    if tied:  # the vector is the read-out too: it must stay the mean
        np.testing.assert_allclose(rows, np.tile(weights[name].mean(0), (3, 1)), rtol=1e-5)
    else:
        assert len(np.unique(rows, axis=0)) == 3
