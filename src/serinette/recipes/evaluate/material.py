"""The pieces that are measured: real ones in three parts, generated ones for every setting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

from serinette.core.errors import DataError
from serinette.core.seeds import derive
from serinette.evaluation.quality import PieceSet, RealText
from serinette.evaluation.ragged import Numbering
from serinette.kinds.yardstick import Stretch, Yardstick

FEWEST_PIECES = 20
"""Real pieces below which nothing can be said."""

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
    return RealStretches(held_out=kept, twin=twin, fitted=fitted, halves=halves, n_pieces=n_pieces)


def _halves(
    stretches: Sequence[Stretch], n_pieces: int
) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Divide stretches that are in an order of chance."""
    first = _first(stretches, n_pieces // 2)
    second = stretches[len(first) :]
    n_second = sum(len(stretch.spans) for stretch in second)
    return _first(first, n_second), _first(second, n_pieces // 2)


def real_text(
    real: RealStretches, yardstick: Yardstick, numbering: Numbering, embed: Embed, n_embedded: int
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
        own_metrics=yardstick.metrics,
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


def at_most(stretches: Sequence[Stretch], n_pieces: int) -> tuple[Stretch, ...]:
    """Return whole stretches up to a number of pieces; the last one is shortened."""
    return _first(stretches, n_pieces)


def shuffled(stretches: Sequence[Stretch], seed: int) -> list[Stretch]:
    """Return the stretches in an order of chance."""
    order = np.random.default_rng(seed).permutation(len(stretches))
    return [stretches[i] for i in order.tolist()]


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
