"""What can be asked of text alone: are words real, are they well spelt, do brackets close.

Real text is asked the same, and its answer stands beside as the floor. Nothing here looks at the
model or at what it was trained on.

Shape letters: `N` and `M` pieces, `T` characters.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unicodedata import category

import numpy as np
from jaxtyping import Int

from serinette.core.metric import Metric
from serinette.counts.ngram import WittenBell
from serinette.kinds.tally import Tally
from serinette.kinds.text.notation import NOTATIONS, notation_of
from serinette.kinds.text.tokens import is_word, tokens

_ORDER = 4
_BORDER = "\U0010ffff"
"""No character, by the rules of Unicode: stands between two words."""
_OPENING = dict(zip(")]}」』）】》〉", "([{「『（【《〈", strict=True))
"""The opening bracket of every closing one."""
_QUOTES = '"“”„«»'
_SIGNS = re.compile("[" + re.escape("".join((*_OPENING, *_OPENING.values(), *_QUOTES))) + "]")

_HYPHENS = str.maketrans("-\u2010\u2011", "   ")
"""Between the parts of a compound: each is a word, the whole is no invention."""

_INVENTED: dict[str, Any] = {
    "key": "invented",
    "name": "invented words",
    "unit": "%",
    "better": "real",
    "note": "Words that other real text does not hold, whatever their case; real text has such "
    "words too: names, rare words.",
}
_SPELLING: dict[str, Any] = {
    "key": "spelling",
    "name": "spelling surprise per letter inside words",
    "unit": "nats",
    "better": "real",
    "note": "Under a model of four characters counted in other real text; more than real text is "
    "misspelt, less is the same few words again and again.",
}
_BRACKETS: dict[str, Any] = {
    "key": "brackets",
    "name": "pieces with closed brackets and quotes",
    "unit": "%",
    "better": "real",
    "note": "Brackets close in order and double quotes come in pairs; a piece cut out of a longer "
    "text may fail without fault.",
}
_VALID: dict[str, Any] = {
    "key": "valid",
    "unit": "%",
    "better": "real",
    "note": "Nearly all real pieces are, so these are asked too: JSON and Python are parsed, in "
    "LaTeX braces, dollars, left and begin have to be closed.",
}


class TextMeasures:
    """Measures samples, and as the floor held-out text, by the measure of other real text.

    Args:
        real: Pieces of held-out text.
        others: Other real text, the more the better. It alone says which words there are and how
            they are spelt, so that samples and `real` are asked the same, whatever their sizes.
        groups: Which pieces of `real` come from one document; None: each from its own.
        is_whole: Whether a piece is a whole document: only then it can be asked whether it parses.
        seed: Of the intervals.
    """

    def __init__(
        self,
        real: Sequence[str],
        others: Sequence[str],
        *,
        groups: Int[np.ndarray, " N"] | None = None,
        is_whole: bool = False,
        seed: int = 0,
    ) -> None:
        self._known = {word for piece in others for word in _words(piece)}
        self._speller = _Speller(others)
        self._seed = seed
        self._notation = notation_of(real) if is_whole else None
        self._facts = [_INVENTED, _SPELLING, _BRACKETS]
        if self._notation is not None:
            self._facts.append({**_VALID, "name": f"pieces that are sound {self._notation}"})
        self._floors = [tally.mean(groups, seed) for tally in self._tallies(real)]

    def __call__(
        self, samples: Sequence[str], groups: Int[np.ndarray, " M"] | None = None
    ) -> list[Metric]:
        """Measure pieces that a model wrote.

        Args:
            samples: The pieces.
            groups: Which of them come from one sample; None: each from its own.

        Returns:
            `invented`, `spelling` and `brackets`, and `valid` where real text is in a notation
            that can be asked (`kinds.text.notation`); a metric that finds nothing to measure in the
            samples (no words, no two letters in a row, no pieces) is left out.
        """
        metrics = []
        for facts, tally, (floor, floor_interval) in zip(
            self._facts, self._tallies(samples), self._floors, strict=True
        ):
            value, interval = tally.mean(groups, self._seed)
            if value is None:
                continue
            metric = Metric(
                **facts,
                value=value,
                interval=interval,
                n=int(np.count_nonzero(tally.sizes)),
                floor=floor,
                floor_interval=floor_interval,
                seed=self._seed,
            )
            metrics.append(metric)
        return metrics

    def _tallies(self, pieces: Sequence[str]) -> "list[Tally]":
        found = [_invented(pieces, self._known), self._speller.tally(pieces)]
        found.append(_share_of(pieces, _is_closed))
        if self._notation is not None:
            found.append(_share_of(pieces, NOTATIONS[self._notation].is_sound))
        return found


def _words(piece: str) -> Iterator[str]:
    return filter(is_word, tokens(piece.casefold().translate(_HYPHENS)))


def _invented(pieces: Sequence[str], known: set[str]) -> Tally:
    """Count the words of each piece, and 100 for each that is not known."""
    unknown = [[word not in known for word in _words(piece)] for piece in pieces]
    return Tally(
        totals=np.array([100.0 * sum(piece) for piece in unknown]),
        sizes=np.array([float(len(piece)) for piece in unknown]),
    )


class _Speller:
    """A count model of characters; all that it never saw are one symbol to it."""

    def __init__(self, pieces: Sequence[str]) -> None:
        points = _letters(pieces)
        self._known = np.setdiff1d(points, ord(_BORDER))
        borders = np.flatnonzero(points == ord(_BORDER))
        ends = borders[np.diff(borders, prepend=-1) > 1]  # of words, not of gaps
        starts = np.append(-1, borders)[np.searchsorted(borders, ends)] + 1
        symbols = self._symbols(points)
        words = [symbols[start:end] for start, end in zip(starts, ends, strict=True)]
        self._model = WittenBell.fit(words, _ORDER, len(self._known) + 1)

    def tally(self, pieces: Sequence[str]) -> Tally:
        """Count the letters after a letter of each piece, and add up their nats.

        A word is spelt the same wherever it stands: neither its first letter nor what stood before
        it says anything about spelling.
        """
        # A character that the model never saw hides what stands before it, as the start of a
        # sequence does. So all words go through the model at once.
        points = _letters(pieces)
        owners = np.repeat(np.arange(len(pieces)), [len(piece) + 1 for piece in pieces])
        is_letter = points != ord(_BORDER)
        letters = np.flatnonzero(is_letter[1:] & is_letter[:-1]) + 1
        nats = self._model.nats(self._symbols(points))[letters]
        return Tally(
            totals=np.bincount(owners[letters], nats, minlength=len(pieces)).astype(np.float64),
            sizes=np.bincount(owners[letters], minlength=len(pieces)).astype(np.float64),
        )

    def _symbols(self, points: Int[np.ndarray, " T"]) -> Int[np.ndarray, " T"]:
        """Return the place of each character among the known ones; after them what is unknown."""
        places = np.searchsorted(self._known, points)
        is_known = np.append(self._known, -1)[places] == points
        symbols: Int[np.ndarray, " T"] = np.where(is_known, places, len(self._known))
        return symbols


def _letters(pieces: Sequence[str]) -> Int[np.ndarray, " T"]:
    """Return the characters of all pieces, a border after each; what is no letter is a border."""
    points = _code_points("".join(piece + _BORDER for piece in pieces))
    different, places = np.unique(points, return_inverse=True)
    is_letter = np.array([category(chr(i))[0] in "LM" for i in different], dtype=bool)[places]
    points[~is_letter] = ord(_BORDER)
    return points


def _code_points(text: str) -> Int[np.ndarray, " T"]:
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return points.astype(np.int64)


def _share_of(pieces: Sequence[str], passes: Callable[[str], bool]) -> Tally:
    """Count 100 for each piece that passes."""
    return Tally(
        totals=np.array([100.0 * passes(piece) for piece in pieces]),
        sizes=np.ones(len(pieces)),
    )


def _is_closed(piece: str) -> bool:
    still_open: list[str] = []
    n_quotes = 0
    for sign in _SIGNS.findall(piece):
        if sign in _QUOTES:
            n_quotes += 1
        elif sign not in _OPENING:
            still_open.append(sign)
        elif not still_open or still_open.pop() != _OPENING[sign]:
            return False
    return not still_open and n_quotes % 2 == 0
