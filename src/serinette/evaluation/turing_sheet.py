"""The pieces of a blind test: real and generated ones, matched and mixed.

Nothing but the writing may tell. Pieces are therefore treated alike, whoever wrote them: white
space and invisible characters are made uniform, a piece with an unknown character (U+FFFD) is left
out, so is one that stands on both sides, equal ones are shown once, every generated piece is
matched with a real one of like length, and unless pieces are whole, both lose their last word and
end in an ellipsis. Two things are the caller's: to begin real and generated pieces at the same kind
of place, and to send real ones through the codec first, so that characters which the model lacks
are U+FFFD in them too.

Half the pieces are real. The person is not told so: who knows it can balance the answers.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from serinette.core.errors import DataError
from serinette.evaluation.turing import Item, Sheet

ELLIPSIS = " …"
"""What a piece ends in that was cut."""
_UNKNOWN = "\ufffd"
_MOST_UNLIKE = 0.2
"""By what share the lengths of two whole pieces may differ; what is cut is cut alike."""
_JOINERS = "\u200c\u200d"
"""Invisible, but spelling: Persian and the languages of India need them."""
_LEAST_KEPT = 0.5
"""A cut goes back to a space unless less than so much is left: scripts without spaces."""

T = TypeVar("T")


def make_sheet(
    real: Sequence[str],
    generated: Sequence[str],
    *,
    n_pairs: int = 20,
    is_whole: bool = False,
    seed: int,
) -> Sheet:
    """Choose, match and mix pieces.

    Args:
        real: Pieces that people wrote; many more than `n_pairs` match better.
        generated: Pieces of the model.
        n_pairs: Pieces of each kind.
        is_whole: Whether pieces begin and end as their author meant (captions, poems): they are
            not cut, and only pieces whose lengths differ by at most a fifth are matched.
        seed: Same pieces and seed, same sheet.

    Raises:
        DataError: If there are too few pieces to choose from.
    """
    generator = np.random.default_rng(seed)
    human, machine = _eligible(real, generated)
    human, machine = _shuffled(human, generator), _shuffled(machine, generator)
    pairs = _matched(human, machine, n_pairs, is_whole=is_whole)
    if len(pairs) < n_pairs:
        raise DataError(
            f"a blind test of {n_pairs} pairs cannot be made: {len(human)} real and {len(machine)} "
            f"generated pieces can be shown, and {len(pairs)} pairs be matched; give more pieces "
            "or ask for fewer pairs"
        )
    entries = [(Item(text), k == 1) for pair in pairs for k, text in enumerate(pair)]
    items, key = zip(*_shuffled(entries, generator), strict=True)
    return Sheet(items, key)


def normalised(text: str) -> str:
    """Make white space and invisible characters uniform.

    One space between words, at most one empty line, none of either at the edges; composed
    characters (NFC); no control or format characters but the joiners that spelling needs.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", text)
    text = "".join(
        character
        for character in text
        if character in _JOINERS + "\n\t"
        or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _eligible(real: Sequence[str], generated: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the pieces of both sides that can be shown, each once; none that is on both."""
    sides: list[dict[str, str]] = [{}, {}]
    for side, pieces in zip(sides, (real, generated), strict=True):
        for text in map(normalised, pieces):
            if text and _UNKNOWN not in text:
                side.setdefault(text.casefold(), text)
    on_both = sides[0].keys() & sides[1].keys()
    human, machine = ([t for k, t in side.items() if k not in on_both] for side in sides)
    return human, machine


def _shuffled(entries: Sequence[T], generator: np.random.Generator) -> list[T]:
    return [entries[i] for i in generator.permutation(len(entries))]


def _matched(
    human: list[str], machine: list[str], n_pairs: int, *, is_whole: bool
) -> list[tuple[str, str]]:
    """Give generated pieces the real piece nearest in length, in the order given."""
    lengths = np.array([len(text) for text in human], dtype=np.float64)
    pairs: list[tuple[str, str]] = []
    shown: set[str] = set()
    for text in machine:
        if len(pairs) == n_pairs or not np.isfinite(lengths).any():
            break
        place = int(np.abs(lengths - len(text)).argmin())
        pair = human[place], text
        if not is_whole:
            pair = _cut_alike(*pair)
        elif not _is_alike(*pair):
            continue
        folded = {part.casefold() for part in pair}
        if len(folded) == len(pair) and not folded & shown:  # a cut can make pieces equal
            lengths[place] = np.inf
            shown |= folded
            pairs.append(pair)
    return pairs


def _is_alike(one: str, other: str) -> bool:
    return abs(len(one) - len(other)) <= _MOST_UNLIKE * max(len(one), len(other))


def _cut_alike(one: str, other: str) -> tuple[str, str]:
    """Cut both, also the shorter, so that no end tells whether its author had come to one."""
    limit = min(len(one), len(other))
    return _cut(one, limit), _cut(other, limit)


def _cut(text: str, limit: int) -> str:
    head = text[:limit]
    end = max(head.rfind(" "), head.rfind("\n"))
    if end < _LEAST_KEPT * limit:
        end = max(limit - 1, 1)
        while end > 1 and unicodedata.combining(text[end]):
            end -= 1
    return text[:end].rstrip() + ELLIPSIS
