"""What of a set of pieces stands word for word in the training text, and where.

People repeat one another too. A figure of samples means something only beside that of held-out
text of the same kind, cut into pieces in the same way: ask for both.

Reference: McCoy et al. 2023, arXiv:2111.09509 (novelty by the length of the n-gram).

Shape letters: `N` pieces, `T` characters of all pieces, `O` orders, `K` code points of some texts
with a border between any two.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int32, Int64

from serinette.evaluation.suffixes import longest_matches

ORDERS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)
"""Lengths of the n-grams of the novelty curve, in characters."""
NEAR_SHARE = 0.8
"""Of a near duplicate at least this share of the characters is copied from one passage..."""
NEAR_CHARACTERS = 10
"""...in stretches of at least so many characters."""
_BORDER = "\0"
"""No text holds it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Copies:
    """The longest match in the training text from every character of some pieces.

    A match never reaches over the end of its piece, nor over that of a training document.
    """

    starts: Int64[np.ndarray, " N_and_1"]
    """Where each piece begins among the characters of all, and where the last one ends."""
    lengths: Int32[np.ndarray, " T"]
    """Characters from each place on that stand in the training text."""
    places: Int64[np.ndarray, " T"]
    """Where, for `CopyCheck.locate`: one place of perhaps many; -1 where the length is 0."""

    @property
    def n_characters(self) -> Int64[np.ndarray, " N"]:
        """Characters of each piece."""
        counts: Int64[np.ndarray, " N"] = np.diff(self.starts)
        return counts

    @property
    def remaining(self) -> Int64[np.ndarray, " T"]:
        """Characters from each place to the end of its piece."""
        ends = np.repeat(self.starts[1:], self.n_characters)
        remaining: Int64[np.ndarray, " T"] = ends - np.arange(len(ends))
        return remaining

    def counts(self, chosen: Bool[np.ndarray, " T"]) -> Float[np.ndarray, " N"]:
        """Count the chosen characters of each piece."""
        up_to = np.concatenate([[0], np.cumsum(chosen)])
        counts: Float[np.ndarray, " N"] = np.diff(up_to[self.starts]).astype(np.float64)
        return counts


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of a piece that stands in the training text."""

    piece: int
    """Number of the piece."""
    start: int
    """First character within the piece..."""
    stop: int
    """...and the one after the last."""
    place: int
    """Where it begins in the training text, for `CopyCheck.locate`."""


class CopyCheck:
    """The training text, ready to be searched.

    Args:
        contents: The training documents.
    """

    def __init__(self, contents: Sequence[str]) -> None:
        self._text = _joined(contents)
        self._starts = _starts([len(content) + 1 for content in contents])

    def match(self, pieces: Sequence[str]) -> Copies:
        """Find the longest match from every character of every piece."""
        joined = _joined(pieces)
        found = longest_matches(self._text, joined)
        starts = _starts([len(piece) for piece in pieces])
        is_border = np.zeros(len(joined), dtype=bool)
        is_border[starts[1:-1] + np.arange(len(pieces) - 1)] = True
        return Copies(
            starts=starts, lengths=found.lengths[~is_border], places=found.places[~is_border]
        )

    def locate(self, place: int) -> tuple[int, int]:
        """Return the number of the training document and the character within it."""
        document = int(np.searchsorted(self._starts, place, side="right")) - 1
        return document, place - int(self._starts[document])

    def is_near_duplicate(self, pieces: Sequence[str], copies: Copies) -> Bool[np.ndarray, " N"]:
        """Say which pieces are a passage of the training text with little changed.

        At least 80 % of the characters of such a piece lie in matches of at least 10 characters
        with one passage: that around its longest match, its own length wider on either side, in
        the same document. Matches with the whole training text would not do: a third of all
        captions that people wrote are patchworks of stretches of 20 characters from elsewhere. A
        piece of fewer than 10 characters is never near anything.

        Args:
            pieces: As given to `match`.
            copies: What `match` returned.
        """
        near = [self._is_near(piece, copies, i) for i, piece in enumerate(pieces)]
        return np.array(near, dtype=bool)

    def _is_near(self, piece: str, copies: Copies, i: int) -> bool:
        first, last = copies.starts[i : i + 2].tolist()
        lengths = copies.lengths[first:last]
        if lengths.max(initial=0) < NEAR_CHARACTERS:
            return False
        start = int(lengths.argmax())
        place = int(copies.places[first + start])
        document, _ = self.locate(place)
        low = max(place - start - len(piece), int(self._starts[document]))
        high = min(place - start + 2 * len(piece), int(self._starts[document + 1]) - 1)
        found = longest_matches(self._text[low:high], _joined([piece]))
        return bool(_covered(found.lengths, NEAR_CHARACTERS).mean() >= NEAR_SHARE)


def novel_counts(
    copies: Copies, orders: Sequence[int] = ORDERS
) -> tuple[Float[np.ndarray, "N O"], Float[np.ndarray, "N O"]]:
    """Count the n-grams of each piece that the training text lacks, and all of its n-grams.

    Args:
        copies: From `CopyCheck.match`.
        orders: Characters of an n-gram, at least 1; n-grams lie within one piece.
    """
    remaining = copies.remaining
    grams = [remaining >= order for order in orders]
    absent = [
        is_gram & (copies.lengths < order) for is_gram, order in zip(grams, orders, strict=True)
    ]
    columns = [np.stack([copies.counts(c) for c in chosen], axis=1) for chosen in (absent, grams)]
    return columns[0], columns[1]


def novelty(copies: Copies, orders: Sequence[int] = ORDERS) -> Float[np.ndarray, " O"]:
    """Return the share of all n-grams, repeated ones included, that the training text lacks.

    Args:
        copies: From `CopyCheck.match`.
        orders: Characters of an n-gram, at least 1.

    Returns:
        From 0 (all copied) to 1 (all new); NaN where no piece is long enough to have one.

    Reference: McCoy et al. 2023, arXiv:2111.09509, there for words.
    """
    absent, grams = (counts.sum(axis=0) for counts in novel_counts(copies, orders))
    share: Float[np.ndarray, " O"] = np.where(grams > 0, absent / np.maximum(grams, 1), np.nan)
    return share


def copied_share(copies: Copies, shortest: int) -> Float[np.ndarray, " N"]:
    """Return the share of each piece's characters in matches of at least `shortest`, 0 to 1.

    A piece without characters has copied nothing.
    """
    n_copied = copies.counts(_covered(copies.lengths, shortest))
    share: Float[np.ndarray, " N"] = n_copied / np.maximum(copies.n_characters, 1)
    return share


def longest_spans(copies: Copies, *, n: int | None = 10, shortest: int = 30) -> list[Span]:
    """Return the longest stretches that stand in the training text, the longest first.

    No two share a character: one that overlaps a longer one counts with what is left of it.

    Args:
        copies: From `CopyCheck.match`.
        n: How many at most; None: all.
        shortest: Characters that a stretch must have.
    """
    lengths = copies.lengths
    # The tail of a match is a match too; only what is not the tail of another is a candidate.
    is_tail = np.concatenate([[False], lengths[:-1] > lengths[1:]])[: len(lengths)]
    candidates = np.flatnonzero((lengths >= shortest) & ~is_tail)
    waiting = [(-int(lengths[i]), int(i), int(copies.places[i])) for i in candidates]
    heapq.heapify(waiting)
    is_free = np.ones(len(lengths), dtype=bool)
    spans: list[Span] = []
    while waiting and (n is None or len(spans) < n):
        minus_length, start, place = heapq.heappop(waiting)
        # Whatever was taken is no shorter, so what it leaves is one stretch.
        free = np.flatnonzero(is_free[start : start - minus_length])
        if len(free) == -minus_length:
            is_free[free + start] = False
            spans.append(_span(copies, start, len(free), place))
        elif len(free) >= shortest:
            skipped = int(free[0])
            heapq.heappush(waiting, (-len(free), start + skipped, place + skipped))
    return spans


def _span(copies: Copies, first: int, length: int, place: int) -> Span:
    piece = int(np.searchsorted(copies.starts, first, side="right")) - 1
    start = first - int(copies.starts[piece])
    return Span(piece=piece, start=start, stop=start + length, place=place)


def is_contained(pieces: Sequence[str], copies: Copies) -> Bool[np.ndarray, " N"]:
    """Say which pieces stand whole somewhere in the training text.

    White space at both ends does not count; a piece of nothing else is no copy.

    Args:
        pieces: As given to `CopyCheck.match`.
        copies: What it returned.
    """
    contained = np.zeros(len(pieces), dtype=bool)
    for i, piece in enumerate(pieces):
        bare = piece.strip()
        if bare:
            start = int(copies.starts[i]) + len(piece) - len(piece.lstrip())
            contained[i] = copies.lengths[start] >= len(bare)
    return contained


def is_exact_duplicate(pieces: Iterable[str], contents: Iterable[str]) -> Bool[np.ndarray, " N"]:
    """Say which pieces are one of the training documents from end to end.

    White space at both ends does not count; a piece of nothing else is no copy.
    """
    known = {content.strip() for content in contents} - {""}
    return np.array([piece.strip() in known for piece in pieces], dtype=bool)


def _covered(lengths: Int32[np.ndarray, " T"], shortest: int) -> Bool[np.ndarray, " T"]:
    """Say which places lie in a match of at least `shortest`."""
    places = np.arange(len(lengths))
    ends = np.where(lengths >= shortest, places + lengths, 0)
    covered: Bool[np.ndarray, " T"] = np.maximum.accumulate(ends) > places
    return covered


def _joined(texts: Sequence[str]) -> Int32[np.ndarray, " K"]:
    """Return the code points of all texts with a border between any two."""
    data = _BORDER.join(texts).encode("utf-32-le", "surrogatepass")
    joined: Int32[np.ndarray, " K"] = np.frombuffer(data, dtype="<i4").astype(np.int32, copy=False)
    return joined


def _starts(sizes: list[int]) -> Int64[np.ndarray, " N_and_1"]:
    """Return where each text begins, and where the last one ends."""
    return np.cumsum([0, *sizes], dtype=np.int64)
