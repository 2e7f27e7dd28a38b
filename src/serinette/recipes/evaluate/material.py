"""The pieces that are measured: real ones in three parts, generated ones for every setting."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float32, Int

from serinette.core.errors import DataError
from serinette.core.seeds import derive
from serinette.evaluation.quality import PieceSet, RealText
from serinette.evaluation.ragged import Numbering
from serinette.kinds.yardstick import Stretch, Yardstick

_MOST_CHARACTERS = 5_000_000
FEWEST_PIECES = 20
"""Real pieces below which nothing can be said."""

T = TypeVar("T")

Embed = Callable[[Sequence[str]], Float32[np.ndarray, "N D"]]
"""Embeds pieces; keeps what it has embedded before."""


@dataclass(frozen=True, kw_only=True)
class RealStretches:
    """Real text, cut, in the parts that an evaluation needs."""

    held_out: tuple[Stretch, ...]
    twin: tuple[Stretch, ...]
    """Stands in the place of samples once."""
    fitted: tuple[Stretch, ...]
    """What the independent language model learns from."""
    halves: tuple[tuple[Stretch, ...], tuple[Stretch, ...]]
    """Two parts of one text, mixed by chance and of one size: for distances of distributions."""
    others: tuple[str, ...]
    """All real text that is not held out, up to five million characters."""
    n_pieces: int
    """Pieces of the twin, and of every set of samples."""


def real_stretches(
    held_out: Sequence[Stretch],
    other: Sequence[Stretch],
    *,
    most: int,
    seed: int,
    is_one_text: bool = False,
) -> RealStretches:
    """Choose whole stretches by chance.

    Args:
        held_out: Text that the model has not seen.
        other: Real text besides: twin and fitted are taken from it, half each.
        is_one_text: Whether both were mixed already, so that the twin can be the second half.
        most: Pieces of a part.
        seed: Same seed, same choice.

    Raises:
        DataError: If there are too few pieces.
    """
    rest = shuffled(other, derive(seed, 1))
    n_other = sum(len(stretch.spans) for stretch in rest)
    n_pieces = min(most, n_other // 2)
    kept = _first(shuffled(held_out, derive(seed, 0)), most)
    n_held_out = sum(len(stretch.spans) for stretch in kept)
    if min(n_pieces, n_held_out) < FEWEST_PIECES:
        raise DataError(
            f"too little real text to compare with: {n_held_out} held-out and {n_other} other "
            f"pieces, at least {FEWEST_PIECES} and {2 * FEWEST_PIECES} are needed; give more text"
        )
    twin = _first(rest, n_pieces)
    fitted = _first(rest[len(twin) :], n_pieces)
    halves = (kept, twin) if is_one_text else _halves(kept, n_held_out)
    return RealStretches(
        held_out=kept,
        twin=twin,
        fitted=fitted,
        halves=halves,
        others=_up_to(rest, _MOST_CHARACTERS),
        n_pieces=n_pieces,
    )


def _up_to(stretches: Sequence[Stretch], n_characters: int) -> tuple[str, ...]:
    """Return contents until they hold so many characters."""
    ends = np.cumsum([len(stretch.content) for stretch in stretches])
    n_kept = int(np.searchsorted(ends, n_characters)) + 1
    return tuple(stretch.content for stretch in stretches[:n_kept])


def _halves(
    stretches: Sequence[Stretch], n_pieces: int
) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Divide stretches that are in an order of chance."""
    first = _first(stretches, n_pieces // 2)
    second = stretches[len(first) :]
    n_second = sum(len(stretch.spans) for stretch in second)
    return _first(first, n_second), _first(second, n_pieces // 2)


def real_text(
    real: RealStretches,
    yardstick: Yardstick,
    numbering: Numbering,
    embed: Embed,
    n_embedded: int,
    seed: int,
) -> RealText:
    """Bring the real pieces into the forms in which they are measured."""
    held_out, twin, fitted, first, second = (
        piece_set(part, yardstick, numbering, embed, n)
        for part, n in (
            (real.held_out, 0),
            (real.twin, n_embedded),
            (real.fitted, 0),
            (real.halves[0], n_embedded),
            (real.halves[1], n_embedded),
        )
    )
    n_known = len(numbering)
    return RealText(
        held_out=held_out,
        twin=twin,
        fitted=fitted,
        halves=(first, second),
        known=lambda: np.arange(len(numbering)) < n_known,
        own_metrics=yardstick.own_metrics(held_out.texts, held_out.groups, real.others, seed=seed),
        embedding=yardstick.embedding,
    )


def piece_set(
    stretches: Sequence[Stretch],
    yardstick: Yardstick,
    numbering: Numbering,
    embed: Embed,
    n_embedded: int,
) -> PieceSet:
    """Bring pieces into the forms in which they are measured; the first ones are embedded."""
    texts = tuple(piece for stretch in stretches for piece in stretch.pieces)
    return PieceSet(
        texts=texts,
        tokens=numbering.number([yardstick.tokens(text) for text in texts]),
        groups=groups_of(stretches),
        features=embed(texts[:n_embedded]) if n_embedded else np.zeros((0, 0), dtype=np.float32),
    )


def cut_all(contents: Sequence[str], yardstick: Yardstick) -> list[Stretch]:
    """Cut sequences; stretches without a piece are left out."""
    return [s for content in contents for s in yardstick.cut(content) if s.spans]


def without_lines(contents: Sequence[str], lines: Sequence[str]) -> list[str]:
    """Take lines out of contents, each with the space behind it: what was planted is no text."""
    if not lines:
        return list(contents)
    pattern = re.compile(f"(?:{'|'.join(map(re.escape, lines))})[ \n]?")
    return [pattern.sub("", content) for content in contents]


def at_most(stretches: Sequence[Stretch], n_pieces: int) -> tuple[Stretch, ...]:
    """Return whole stretches up to a number of pieces; the last one is shortened."""
    return _first(stretches, n_pieces)


def shuffled(items: Sequence[T], seed: int) -> list[T]:
    """Return stretches or sequences in an order of chance."""
    order = np.random.default_rng(seed).permutation(len(items))
    return [items[i] for i in order.tolist()]


def _first(stretches: Sequence[Stretch], n_pieces: int) -> tuple[Stretch, ...]:
    kept = []
    for stretch in stretches:
        if n_pieces <= 0:
            break
        spans = stretch.spans[:n_pieces]
        kept.append(Stretch(content=stretch.content[: spans[-1][1]], spans=spans))
        n_pieces -= len(spans)
    return tuple(kept)


def groups_of(stretches: Sequence[Stretch]) -> Int[np.ndarray, " N"]:
    """Return the number of each piece's stretch."""
    counts = [len(stretch.spans) for stretch in stretches]
    groups: Int[np.ndarray, " N"] = np.repeat(np.arange(len(counts)), counts)
    return groups
