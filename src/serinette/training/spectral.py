"""A better start than noise: vectors from which symbols stand side by side.

The logarithm of how much more often two symbols are neighbours than chance would have it is a
matrix; its leading singular vectors put symbols that are followed by the same symbols near one
another. A network that begins with them has not to find them by gradient steps: on Tang verse 400
updates from here are worth more than 3,000 from noise (docs/why/experiments.md).

Reference: Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization"; Halko,
Martinsson and Tropp 2011, arXiv:0909.4061, for the randomised decomposition.

Shape letters: `N` symbols in all, `V` symbols, `E` embedding.
"""

import numpy as np
import torch
from jaxtyping import Float32, Int

from serinette.batching.corpus import EncodedCorpus
from serinette.nets.model import SequenceModel

MOST_SYMBOLS = 8_192
"""Rarer symbols keep their noise: the matrix is dense, 256 MB at this size."""
_SMOOTHING = 1.0
_SPARE = 20
_ROUNDS = 3


def spectral_start_(model: SequenceModel, corpus: EncodedCorpus, *, seed: int) -> None:
    """Fill embedding and read-out bias from the training part; all other weights stay.

    Args:
        model: Freshly made.
        corpus: The training part.
        seed: Of the random projection.
    """
    counts = corpus.counts(model.embedding.num_embeddings) + 0.5
    order = np.argsort(-counts, kind="stable")[:MOST_SYMBOLS]
    vectors = symbol_vectors(corpus.symbols, order, model.config.embedding_size, seed)
    scale = 0.1 if model.config.tied else 1.0
    with torch.no_grad():
        if not model.config.one_hot:
            model.embedding.weight[torch.from_numpy(order)] = torch.from_numpy(vectors * scale)
        model.readout.bias.copy_(torch.from_numpy(np.log(counts / counts.sum())))


def symbol_vectors(
    symbols: Int[np.ndarray, " N"], chosen: Int[np.ndarray, " K"], width: int, seed: int
) -> Float32[np.ndarray, "K E"]:
    """Return a vector of mean square 1 for each of the chosen symbols.

    Symbols that are followed by like symbols have like vectors.

    Args:
        symbols: Text.
        chosen: Which symbols get vectors.
        width: Of a vector; where it is more than there are symbols, the rest is 0.
        seed: Of the random projection.
    """
    matrix = _association(symbols, chosen)
    n_kept = min(width, len(chosen))
    generator = np.random.Generator(np.random.Philox(seed))
    basis = generator.standard_normal((len(chosen), min(n_kept + _SPARE, len(chosen))))
    basis = basis.astype(np.float32)
    for _ in range(_ROUNDS):
        basis, _ = np.linalg.qr(matrix @ (matrix.T @ basis))
    left, sizes, _ = np.linalg.svd(basis.T @ matrix, full_matrices=False)
    vectors = np.zeros((len(chosen), width), dtype=np.float32)
    vectors[:, :n_kept] = (basis @ left)[:, :n_kept] * np.sqrt(sizes[:n_kept])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors / np.maximum(lengths, 1e-6) * np.float32(np.sqrt(width))
    return scaled


def _association(
    symbols: Int[np.ndarray, " N"], chosen: Int[np.ndarray, " K"]
) -> Float32[np.ndarray, "K K"]:
    """Return the smoothed log ratio of each pair's count to what chance would have it.

    Rows and columns are weighted by the fourth root of their frequency, so that what is rare, and
    so uncertain, does not rule the decomposition.
    """
    place = np.full(int(symbols.max(initial=0)) + 1, -1, dtype=np.int64)
    is_there = chosen < len(place)
    place[chosen[is_there]] = np.flatnonzero(is_there)
    first, second = place[symbols[:-1]], place[symbols[1:]]
    known = (first >= 0) & (second >= 0)
    size = len(chosen)
    pairs = first[known] * size + second[known]
    counts = np.bincount(pairs, minlength=size * size).astype(np.float32).reshape(size, size)
    rows, columns = counts.sum(1) + 1, counts.sum(0) + 1
    total = max(float(counts.sum()), 1.0)
    expected = np.outer(rows, columns / total).astype(np.float32)
    matrix: np.ndarray = np.log((counts + _SMOOTHING) / (expected + _SMOOTHING))
    matrix *= (rows / total)[:, None] ** 0.25
    matrix *= (columns / total)[None, :] ** 0.25
    narrowed: np.ndarray = matrix.astype(np.float32)
    return narrowed
