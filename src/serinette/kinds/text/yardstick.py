"""How text is measured: short documents whole, long ones in passages of 30 words."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
from jaxtyping import Float32, Int

from serinette.kinds.text.embedding import embed, embedding_name
from serinette.kinds.text.metrics import TextMeasures
from serinette.kinds.text.tokens import spans, tokens
from serinette.kinds.yardstick import OwnMetrics, Stretch

PASSAGE_TOKENS = 30
_PASSAGES = 8
"""Passages of a stretch."""
_LONGEST_MEDIAN = 64
_LONGEST_USUAL = 200
_USUAL = 95
_LOOKED_AT = 2_000
"""Documents that decide how text is cut."""


class TextYardstick:
    """Measures text.

    Args:
        is_whole: Whether documents are short enough to be measured whole.
    """

    def __init__(self, *, is_whole: bool) -> None:
        self.is_whole = is_whole
        self.piece_name = "documents" if is_whole else f"passages of {PASSAGE_TOKENS} words"
        self.pieces_per_stretch = 1 if is_whole else _PASSAGES

    def cut(self, content: str) -> list[Stretch]:
        """Return a short document as it is, or the passages of a long one.

        The first passage of a long document is left out: openings are rare in it, and samples
        would be measured by how they open.
        """
        if self.is_whole:
            return [Stretch(content=content, spans=((0, len(content)),))] if content.strip() else []
        passages = list(islice(_passages(content), 1, None))
        return [
            _stretch(content, passages[first : first + _PASSAGES])
            for first in range(0, len(passages), _PASSAGES)
        ]

    def tokens(self, piece: str) -> list[str]:
        """Return words and signs."""
        return tokens(piece)

    def embed(
        self, pieces: Sequence[str], on_progress: Callable[[int], None]
    ) -> Float32[np.ndarray, "N D"]:
        """Return sentence embeddings, or hashed n-grams where no encoder is installed.

        The space around signs is made alike first: "wheel ." and "wheel." mean the same, and
        samples that were tokenised would be told from real text by that alone.
        """
        return embed([" ".join(tokens(piece)) for piece in pieces], on_progress=on_progress)

    @property
    def embedding(self) -> str:
        """What made the embeddings."""
        return embedding_name()

    def own_metrics(
        self,
        real: Sequence[str],
        groups: Int[np.ndarray, " N"],
        others: Sequence[str],
        *,
        seed: int,
    ) -> OwnMetrics:
        """Measure words, spelling and brackets, and of short documents whether they parse."""
        return TextMeasures(real, others, groups=groups, is_whole=self.is_whole, seed=seed)


def yardstick_of(documents: Sequence[str]) -> TextYardstick:
    """Decide by the training documents how text is cut."""
    step = max(1, len(documents) // _LOOKED_AT)
    lengths = [_short_length(document) for document in documents[::step]]
    is_whole = bool(
        lengths
        and np.median(lengths) <= _LONGEST_MEDIAN
        and np.percentile(lengths, _USUAL) <= _LONGEST_USUAL
    )
    return TextYardstick(is_whole=is_whole)


def _short_length(document: str) -> int:
    """Count the tokens of a document, no further than matters."""
    return sum(1 for _ in islice(spans(document), _LONGEST_USUAL + 1))


def _passages(content: str) -> Iterator[tuple[int, int]]:
    """Yield where each run of `PASSAGE_TOKENS` tokens begins and ends; the rest is left out."""
    found = spans(content)
    while len(passage := list(islice(found, PASSAGE_TOKENS))) == PASSAGE_TOKENS:
        yield passage[0][0], passage[-1][1]


def _stretch(content: str, passages: Sequence[tuple[int, int]]) -> Stretch:
    begin, end = passages[0][0], passages[-1][1]
    return Stretch(
        content=content[begin:end],
        spans=tuple((start - begin, stop - begin) for start, stop in passages),
    )
