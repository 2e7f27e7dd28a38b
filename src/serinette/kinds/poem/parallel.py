"""对仗: whether the characters of two lines answer one another, place by place.

Nobody says which class a word has. It is learnt from the couplets of real poems, where a noun
stands against a noun, a number against a number, a colour against a colour. Which characters a
character stands against, and how much more often than by chance, is one row of a table; what has
like rows is one class; and two classes answer one another where their characters are met in
opposite places more often than by chance. That is more than "the same class": 有 answers 無.

Where two characters are the same they never answer, as the rule has it.

Measured on held-out 律诗 of the Tang: 73 % of the places answer in real couplets, 29 % in lines of
other poems that were put together with the same tones, and 35 % in the lines 1 and 2, 7 and 8,
which need not answer. Of a real and a put-together pair the real one scores higher in 94 %.

Reference: Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization" (the
table of positive pointwise mutual information, its chances smoothed by the power 0.75 as Levy,
Goldberg and Dagan 2015 do).

Shape letters: `V` characters, `D` features, `K` classes, `P` places.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import exp, inf
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Int8

from serinette.core.errors import ArtifactError
from serinette.kinds.poem.layout import form_of, lines_of
from serinette.kinds.poem.phonology import table_for

_PAIRS: Final = ((2, 3), (4, 5))
"""The lines of a 律诗 that answer one another, counted from 0."""
_COUPLET_LINES: Final = 2
_LEAST_COUNT: Final = 5
_MOST_CHARACTERS: Final = 4_000
_FEWEST_CLASSES: Final = 12
_MOST_CLASSES: Final = 200
_CHARACTERS_PER_CLASS: Final = 15
"""120 to 300 classes told real from shuffled couplets of the Tang about equally well."""
_N_FEATURES: Final = 16
_SPARE_FEATURES: Final = 8
_ROUNDS: Final = 6
"""Of the search for eigenvectors."""
_CLUSTER_ROUNDS: Final = 20
_NOTHING: Final = 1e-10
"""Of the longest direction, squared: what is shorter is rounding."""
_POWER: Final = 0.75
_PRIOR: Final = 1.0
"""Pairs that are added to what is found and to what chance would give."""
_STEPS: Final = 10
"""Log-odds are kept in tenths of a nat."""
_MOST_STEPS: Final = 99
_PLACE_BITS: Final = 16
"""Room for a place beside the length of its line."""

_Rows = Float[np.ndarray, "V D"]


class ParallelSense:
    """Knows which characters answer one another; made by `fit` or `from_json`.

    Promise: `from_json(sense.to_json())` answers as `sense` does, to the bit.
    """

    def __init__(self, class_of: Mapping[str, int], odds: Int8[np.ndarray, "K K"]) -> None:
        self._class_of = dict(class_of)
        self._odds = odds

    @classmethod
    def fit(cls, poems: Iterable[str]) -> "ParallelSense":
        """Learn from all couplets of canonical poems.

        Same poems, same sense. Of poems without couplets nothing is learnt: then no character is
        known.
        """
        pairs = [pair for poem in poems for pair in couplets_of(poem)]
        counts = Counter(character for pair in pairs for line in pair for character in line)
        known = [c for c, n in counts.most_common(_MOST_CHARACTERS) if n >= _LEAST_COUNT]
        met = _meetings(pairs, "".join(sorted(known)))
        if not len(met.sides):
            return cls({}, np.zeros((0, 0), np.int8))
        n_classes = max(_FEWEST_CLASSES, len(known) // _CHARACTERS_PER_CLASS)
        n_classes = min(n_classes, _MOST_CLASSES, len(known))
        classes = _clusters(_features(met.sides, len(known)), n_classes)
        odds = _log_odds(met, classes, n_classes)
        return cls(dict(zip(sorted(known), classes.tolist(), strict=True)), odds)

    def answers(self, line: str, other: str) -> tuple[bool | None, ...]:
        """Say of each place whether its characters answer one another.

        None where a character is not known; where lines differ in length, the rest is left out.
        """
        return tuple(None if odds is None else odds > 0 for odds in map(self._odds_of, line, other))

    def score(self, line: str, other: str) -> float:
        """Return how well two lines answer one another, in [0, 1].

        The mean over the places of the chance that a pair comes from a real couplet rather than
        from two lines that were put together blindly, one being as likely as the other before the
        pair is seen. A pair that is not known has 0.5, and a place without opposite has 0.
        """
        n_places = max(len(line), len(other))
        chances = [
            0.5 if odds is None else 1 / (1 + exp(-odds))
            for odds in map(self._odds_of, line, other)
        ]
        return sum(chances) / n_places if n_places else 0.5

    def to_json(self) -> dict[str, Any]:
        """Return plain values: 70 kB for the couplets of all Tang poems."""
        members = [""] * len(self._odds)
        for character, number in self._class_of.items():
            members[number] += character
        lower = [row[: k + 1].tolist() for k, row in enumerate(self._odds)]
        return {"classes": members, "odds": lower}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "ParallelSense":
        """Read plain values back.

        Raises:
            ArtifactError: If they are not what `to_json` writes.
        """
        members: Any = plain.get("classes")
        lower: Any = plain.get("odds")
        if not _is_written_so(members, lower):
            raise ArtifactError(
                "parallel sense: 'classes' must be strings and 'odds' as many rows, each one "
                f"longer than the last, of whole numbers up to {_MOST_STEPS}; save the model again"
            )
        odds = np.zeros((len(members), len(members)), np.int8)
        for k, row in enumerate(lower):
            odds[k, : k + 1] = odds[: k + 1, k] = row
        return cls({c: k for k, member in enumerate(members) for c in member}, odds)

    def _odds_of(self, one: str, other: str) -> float | None:
        """Return the log-odds that a pair is real, in nats, or None if it is not known."""
        if one == other:
            return -inf
        first, second = self._class_of.get(one), self._class_of.get(other)
        if first is None or second is None:
            return None
        return float(self._odds[first, second]) / _STEPS


def couplets_of(content: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of lines of a canonical poem that answer one another by rule.

    Those are lines 3 and 4, and 5 and 6, of a 律诗, and the two lines of a couplet (对联).
    """
    lines = lines_of(content)
    if form_of(content) in ("五律", "七律"):
        return tuple((lines[first], lines[second]) for first, second in _PAIRS)
    if len(lines) == _COUPLET_LINES and len(lines[0]) == len(lines[1]):
        return ((lines[0], lines[1]),)
    return ()


class _Meetings(NamedTuple):
    """Characters that stand in opposite places, each pair both ways."""

    sides: Int[np.ndarray, "P 2"]
    """Both characters, by number."""
    kinds: Int[np.ndarray, " P"]
    """Pairs of one kind stand at the same place of equally long lines, in the same tones."""


def _meetings(pairs: Iterable[tuple[str, str]], known: str) -> _Meetings:
    """List all opposite characters that differ and are known."""
    number_of = {character: number for number, character in enumerate(known)}
    found = np.array(
        [
            (number_of[one], number_of[opposite], len(line) << _PLACE_BITS | place)
            for line, other in pairs
            for place, (one, opposite) in enumerate(zip(line, other, strict=True))
            if one != opposite and one in number_of and opposite in number_of
        ],
        dtype=np.int64,
    ).reshape(-1, 3)
    sides = np.concatenate([found[:, :2], found[:, 1::-1]])
    tones, _, _ = table_for(known)
    spots = np.tile(found[:, 2], 2)
    kinds = spots << 4 | tones[sides[:, 0]].astype(np.int64) << 2 | tones[sides[:, 1]]
    return _Meetings(sides, np.unique(kinds, return_inverse=True)[1].ravel())


def _features(met: Int[np.ndarray, "P 2"], n_characters: int) -> _Rows:
    """Return of each character what it stands against, as a vector of length 1."""
    codes, counts = np.unique(met[:, 0] * n_characters + met[:, 1], return_counts=True)
    rows, columns = np.divmod(codes, n_characters)
    totals = np.bincount(met[:, 0], minlength=n_characters).astype(np.float64)
    chances = totals**_POWER / (totals**_POWER).sum()
    information = np.log(counts / (totals[rows] * chances[columns]))
    table = np.zeros((n_characters, n_characters), np.float32)
    # The two ways differ only because one side's chances are smoothed.
    table[rows, columns] += np.maximum(information, 0) / 2
    table[columns, rows] += np.maximum(information, 0) / 2
    values, vectors = _eigenvectors(table, min(_N_FEATURES, n_characters))
    scaled = vectors * np.sqrt(np.abs(values))
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    rows_of_length_1: _Rows = scaled / np.maximum(lengths, 1e-9)
    return rows_of_length_1


def _eigenvectors(
    table: Float[np.ndarray, "V V"], n_wanted: int
) -> tuple[Float[np.ndarray, " D"], _Rows]:
    """Return the eigenvalues farthest from 0 and their vectors, by subspace iteration."""
    size = len(table)
    start = np.random.default_rng(0).normal(size=(size, min(size, n_wanted + _SPARE_FEATURES)))
    found = _orthonormal(start)
    for _ in range(_ROUNDS):
        found = _orthonormal(table @ found.astype(np.float32))
    values, turned = np.linalg.eigh(found.T @ (table @ found.astype(np.float32)))
    chosen = np.argsort(-np.abs(values))[:n_wanted]
    return values[chosen], found @ turned[:, chosen]


def _orthonormal(columns: _Rows) -> _Rows:
    """Return columns of length 1 at right angles that span the same; 0 where they span less.

    By the products of the columns, not by QR, which took half of all the time.
    """
    wide = columns.astype(np.float64)
    values, turned = np.linalg.eigh(wide.T @ wide)
    spans = values > max(_NOTHING * values[-1], np.finfo(np.float64).tiny)
    scales = np.where(spans, 1 / np.sqrt(np.where(spans, values, 1)), 0)
    found: _Rows = wide @ (turned * scales)
    return found


def _clusters(rows: _Rows, n_classes: int) -> Int[np.ndarray, " V"]:
    """Divide vectors of length 1 by direction: k-means on the sphere."""
    generator = np.random.default_rng(0)
    centres = rows[generator.choice(len(rows), n_classes, replace=False)]
    for _ in range(_CLUSTER_ROUNDS):
        nearest = np.argmax(rows @ centres.T, axis=1)
        sums = np.eye(n_classes)[nearest].T @ rows
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-9), centres)
    nearest_of_all: Int[np.ndarray, " V"] = np.argmax(rows @ centres.T, axis=1)
    return nearest_of_all


def _log_odds(
    met: _Meetings, classes: Int[np.ndarray, " V"], n_classes: int
) -> Int8[np.ndarray, "K K"]:
    """Return log(found / by chance) of each pair of classes, in tenths of a nat.

    Chance puts lines together blindly that have the same length and tones, but never a character
    against itself. Without the tones, two lines of opposite tones would seem to answer one another
    whatever they say; without the last, a class of few characters would seem to shun itself.
    """
    n_kinds, n_characters = int(met.kinds.max()) + 1, len(classes)
    first, second = (
        np.bincount(met.kinds * n_characters + side, minlength=n_kinds * n_characters)
        .reshape(n_kinds, n_characters)
        .astype(np.float64)
        for side in met.sides.T
    )
    n_met = first.sum(axis=1, keepdims=True)
    alike = first * second / n_met
    scale = 1 / (n_met - alike.sum(axis=1, keepdims=True))  # chance meets as often as was found
    member = np.eye(n_classes)[classes]  # [V, K]
    expected = (first @ member * scale).T @ (second @ member)
    expected -= np.diag((alike * scale * n_met).sum(axis=0) @ member)
    expected = np.maximum(expected + expected.T, 0) / 2  # equal both ways but for rounding
    codes = classes[met.sides] @ np.array([n_classes, 1])
    found = np.bincount(codes, minlength=n_classes**2).reshape(n_classes, n_classes)
    steps = np.rint(_STEPS * np.log((found + _PRIOR) / (expected + _PRIOR)))
    odds: Int8[np.ndarray, "K K"] = np.clip(steps, -_MOST_STEPS, _MOST_STEPS).astype(np.int8)
    return odds


def _is_written_so(members: object, lower: object) -> bool:
    if not isinstance(members, list) or not isinstance(lower, list) or len(members) != len(lower):
        return False
    return all(isinstance(member, str) for member in members) and all(
        isinstance(row, list)
        and len(row) == k + 1
        and all(type(step) is int and abs(step) <= _MOST_STEPS for step in row)
        for k, row in enumerate(lower)
    )
