import numpy as np
import torch

from serinette.batching.corpus import join
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel
from serinette.training import spectral
from serinette.training.spectral import spectral_start_, symbol_vectors

V = 9
TWINS = ((2, 3), (4, 5), (6, 7))
"""Symbols 2 and 3 stand in the same places, so do 4 and 5, 6 and 7; 8 is never seen."""
SCHEMA = Schema(fields=(SymbolField(name="character", size=V, missing=1),), end=0)


def corpus_of_twins(n=900):
    generator = np.random.default_rng(3)
    steps = [TWINS[k % 3][generator.integers(2)] for k in range(n)]
    sequences = [np.array(steps, dtype=np.int32)[:, None]]
    return join(sequences, [np.zeros(0, dtype=np.int32)], end=0)


def model_of(**changes):
    sizes = {"embedding_size": 6, "hidden_size": 7, "n_layers": 1} | changes
    return SequenceModel(ModelConfig(**sizes), SCHEMA, seed=4)


def nearest_of(vectors, k):
    likeness = vectors @ vectors[k]
    likeness[k] = -np.inf
    return int(likeness[:8].argmax())


def test_symbols_with_the_same_neighbours_are_nearest_to_each_other():
    model = model_of()
    spectral_start_(model, corpus_of_twins(), seed=0)
    vectors = model.embedding.weight.detach().numpy()
    for one, other in TWINS:
        assert nearest_of(vectors, one) == other
        assert nearest_of(vectors, other) == one


def test_the_vectors_have_the_size_that_the_network_expects():
    symbols = corpus_of_twins().symbols
    for width in (3, 6, 20):
        vectors = symbol_vectors(symbols, np.arange(2, 8), width, 0)
        assert vectors.shape == (6, width)
        np.testing.assert_allclose((vectors**2).mean(1), 1, rtol=1e-5)
    tied, free = model_of(tied=True), model_of()
    for model in (tied, free):
        spectral_start_(model, corpus_of_twins(), seed=0)
    torch.testing.assert_close(tied.embedding.weight[2:8] * 10, free.embedding.weight[2:8])


def test_the_same_seed_gives_the_same_start_and_the_rest_of_the_network_stays():
    one, other, plain = model_of(), model_of(), model_of()
    for model in (one, other):
        spectral_start_(model, corpus_of_twins(), seed=8)
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, other.state_dict()[name])
        is_filled = name in ("embedding.weight", "readout.bias")
        assert torch.equal(weight, plain.state_dict()[name]) != is_filled


def test_the_read_out_begins_with_the_shares_of_the_symbols():
    model, corpus = model_of(), corpus_of_twins()
    spectral_start_(model, corpus, seed=0)
    counts = np.bincount(corpus.symbols, minlength=V) + 0.5
    shares = model.readout.bias.detach().exp().numpy()
    np.testing.assert_allclose(shares, counts / counts.sum(), rtol=1e-5)


def test_rarer_symbols_keep_their_noise(monkeypatch):
    monkeypatch.setattr(spectral, "MOST_SYMBOLS", 6)
    model, plain = model_of(), model_of()
    spectral_start_(model, corpus_of_twins(), seed=0)
    changed = (model.embedding.weight != plain.embedding.weight).all(1)
    assert changed.tolist() == [False, False, *[True] * 6, False]
