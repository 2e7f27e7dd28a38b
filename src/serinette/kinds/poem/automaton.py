"""The tone templates of a form as one table: state, kind of character -> next state.

A character is known by its tones only: 1 平, 2 仄, 3 both, 0 unknown. A state is what is still
possible: per template the tones that its current pair of lines may go on with. A character of two
readings keeps whatever one of them allows or, if every reading must fit, only what both allow.
States are numbered place by place, so that one pass from behind finds the live ones.

Shape letters: `S` states.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Int

from serinette.kinds.poem.forms import Form
from serinette.kinds.poem.tones import Template, pair_patterns, templates

N_CLASSES = 4
"""Kinds of characters by tones: unknown, 平, 仄, both."""

DEAD = 0
"""The state from which nothing leads on; state 1 is the start."""
START = 1

_BRANCH = frozenset[str]
"""What one choice of readings may go on with."""
_Hope = frozenset[_BRANCH]
"""One template's hope; every branch in it must come to an end. Empty: none left."""
_NO_HOPE: _Hope = frozenset()
_ENDED: _Hope = frozenset([frozenset([""])])
_TONES_OF = ("", "平", "仄", "平仄")
"""The readings of each kind of character."""


@dataclass(frozen=True, eq=False)
class ToneTable:
    """A layered automaton over the characters of a poem, marks left out."""

    following: Int[np.ndarray, "S 4"]
    """The next state by kind of character; `DEAD` where no template is left."""

    first: tuple[int, ...]
    """The first state of each place, and of what comes after the last one."""

    def alive(self, available: Bool[np.ndarray, "places 4"]) -> Bool[np.ndarray, " S"]:
        """Return the states that reach the end if places have only some kinds of characters."""
        alive = np.zeros(len(self.following), bool)
        alive[self.first[-1] :] = True
        for place in range(len(self.first) - 2, -1, -1):
            states = slice(self.first[place], self.first[place + 1])
            alive[states] = (alive[self.following[states]] & available[place]).any(axis=1)
        return alive


@dataclass(frozen=True)
class Tuning:
    """How tones are read; what the tables are cached by."""

    strictness: str
    """`strict`, `rescue` or `none`."""

    every_reading: bool = False
    """Whether all readings of a character must fit."""

    lifted: tuple[str, ...] = ()
    """Rules of `tones.RULES` that are not applied, for explanations."""


@lru_cache(maxsize=128)
def tone_table(form: Form, tuning: Tuning, first_rhymes: bool) -> ToneTable:
    """Return the table of a form's templates whose first line rhymes, or does not.

    Where no tones are checked there is one state a place, and every character leads on.
    """
    if tuning.strictness == "none" or not form.has_tones:
        return _open_table(form.n_lines * form.line_length)
    chosen = [each for each in templates(form) if each.first_rhymes == first_rhymes]
    return _joined(chosen, form, tuning)


def _open_table(n_places: int) -> ToneTable:
    following = np.minimum(np.arange(n_places + 2) + 1, n_places + 1)
    following[DEAD] = DEAD
    return ToneTable(
        np.repeat(following[:, None], N_CLASSES, axis=1), tuple(range(START, n_places + 2))
    )


def _joined(chosen: list[Template], form: Form, tuning: Tuning) -> ToneTable:
    """Chain the tables of the pairs of lines; between two pairs only the live templates count."""
    n_live = 1 << len(chosen)  # a state between pairs is a bit mask of templates, 1 and up
    blocks = [np.zeros((1, N_CLASSES), np.int64)]
    first: list[int] = []
    offset = START
    for number in range(len(chosen[0].pairs)):
        pairs = tuple(template.pairs[number] for template in chosen)
        rows, starts = _pair_table(pairs, form.line_length, tuning)
        blocks.append(np.where(rows > DEAD, rows + offset - START, DEAD))
        first.extend(start + offset - START for start in starts[:-1])
        offset += len(rows)
    first.append(offset)
    blocks.append(np.zeros((n_live - 1, N_CLASSES), np.int64))
    return ToneTable(np.concatenate(blocks), tuple(first))


@lru_cache(maxsize=128)
def _pair_table(
    pairs: tuple[str, ...], length: int, tuning: Tuning
) -> tuple[Int[np.ndarray, "S 4"], tuple[int, ...]]:
    """Return the states of one pair of lines, numbered from 1, and the first one of each place.

    The first states are the bit masks of live templates, and so are the states after the pair.
    """
    masks = range((1 << len(pairs)) - 1, 0, -1)  # all templates live comes first: the start
    patterns = [pair_patterns(p, length, tuning.strictness, tuning.lifted) for p in pairs]
    layer = [_masked(mask, [frozenset([each]) for each in patterns]) for mask in masks]
    rows: list[list[int]] = []
    starts = [START]
    for place in range(2 * length):
        base = START + len(rows) + len(layer)
        is_last = place == 2 * length - 1
        ended = [_masked(mask, [_ENDED] * len(pairs)) for mask in masks] if is_last else []
        number = {state: base + k for k, state in enumerate(ended)}
        for state in layer:
            row = [DEAD]
            for kind in range(1, N_CLASSES):
                then = tuple(_after(hope, kind, tuning.every_reading) for hope in state)
                row.append(number.setdefault(then, base + len(number)) if any(then) else DEAD)
            rows.append(row)
        layer = list(number)
        starts.append(base)
    return np.array(rows, np.int64), tuple(starts)


def _masked(mask: int, hopes: Sequence[_Hope]) -> tuple[_Hope, ...]:
    return tuple(hope if mask >> k & 1 else _NO_HOPE for k, hope in enumerate(hopes))


@lru_cache(maxsize=1 << 14)
def _after(hope: _Hope, kind: int, every_reading: bool) -> _Hope:
    """Return a template's hope after a character of this kind."""
    tones = _TONES_OF[kind]
    if not every_reading:
        rest = frozenset(s[1:] for branch in hope for s in branch if s[0] in tones)
        return frozenset([rest]) if rest else _NO_HOPE
    branches = frozenset(
        frozenset(s[1:] for s in branch if s[0] == tone) for branch in hope for tone in tones
    )
    return branches if all(branches) else _NO_HOPE
