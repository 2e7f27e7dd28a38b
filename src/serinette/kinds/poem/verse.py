"""The rules of one poem as a constraint on drawing: form, tones, rhyme, pinned characters.

Promise: a row that draws only allowed symbols becomes a poem that keeps the whole wish, and never
comes to a place where nothing is allowed (except with `no_repeat`, see `may_dead_end`). A symbol
that was not allowed, such as one of a prefix, ends the promise for its row.

A row remembers its step, per world (see `worlds`) the state of the tone table and the rhyme groups
still open, and the characters that must not come again.

Shape letters: `B` rows, `V` symbols, `M` numbers remembered, `N` steps.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Int64

from serinette.core.errors import ConstraintError
from serinette.kinds.poem.automaton import DEAD, N_CLASSES, START
from serinette.kinds.poem.feasible import explain
from serinette.kinds.poem.forms import Form
from serinette.kinds.poem.lexicon import Lexicon
from serinette.kinds.poem.wish import Pin, Place, VerseWish, pins_of
from serinette.kinds.poem.worlds import Sounds, World, sounds_of, worlds_of

__all__ = ["Lexicon", "VerseConstraint", "VerseWish"]

_N_CODES = 1 << N_CLASSES
"""Sets of kinds of characters; set k is row k of the mask table."""
_NOTHING = -1


class VerseConstraint:
    """What may come next so that the poem keeps a wish.

    Attributes:
        may_dead_end: Whether a row can come to a place where nothing is allowed.
        n_symbols: Steps of a whole poem, marks and end included; 0 for 自由.

    Raises:
        ConstraintError: If the wish cannot be met; the sentence of `feasible.explain`.
    """

    may_dead_end: bool = False

    def __init__(self, lexicon: Lexicon, wish: VerseWish) -> None:
        problem = explain(lexicon, wish)
        if problem is not None:
            raise ConstraintError(problem)
        form, pins = wish.form, pins_of(wish)
        self.may_dead_end = wish.no_repeat
        self.n_symbols = 0 if form.is_free else form.n_symbols
        self._form, self._comma = form, lexicon.comma
        self._sounds = sounds_of(lexicon, wish)
        self._skeleton = _skeleton(lexicon, form, pins)
        found = () if form.is_free else worlds_of(self._sounds, wish, pins)
        self._worlds = [
            _Rules(world, self._sounds, self._skeleton, form.line_length) for world in found
        ]
        self._masks, self._mask_row = _mask_table(self._sounds, self._skeleton, wish)
        self._keeps_all = wish.no_repeat
        keeps_rhymes = wish.distinct_rhymes and wish.has_rhymes
        self._n_used = form.n_lines * (form.line_length if self._keeps_all else keeps_rhymes)
        self._first_used = 1 + 2 * len(self._worlds)

    def start(self, n_rows: int) -> Int64[np.ndarray, "B M"]:
        """Return what is remembered before the first symbol."""
        state = np.full((n_rows, self._first_used + self._n_used), self._comma)
        state[:, 0] = 0
        for k, world in enumerate(self._worlds):
            state[:, 1 + 2 * k] = START
            state[:, 2 + 2 * k] = world.groups
        return state

    def allowed(
        self, state: Int64[np.ndarray, "B M"], remaining: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, "B V"]:
        """Say which symbols may come next.

        Raises:
            ConstraintError: If fewer steps remain than the poem still takes.
        """
        step = state[:, 0]
        self._check_room(step, remaining)
        codes = np.zeros(len(state), np.int64)
        for k, world in enumerate(self._worlds):
            codes |= np.where(world.draws_rhyme[step], 0, world.codes[state[:, 1 + 2 * k]])
        forced = self._mask_row[step]
        mask: Bool[np.ndarray, "B V"] = self._masks[np.where(forced >= 0, forced, codes)]
        for k, world in enumerate(self._worlds):
            rows = np.flatnonzero(world.draws_rhyme[step] & (state[:, 1 + 2 * k] != DEAD))
            if len(rows):
                mask[rows] |= world.rhyming(state[rows, 2 + 2 * k], self._used(state[rows], world))
        if self._keeps_all:
            rows = np.flatnonzero(forced == _NOTHING)
            mask[rows[:, None], state[rows, self._first_used :]] = False
        return mask

    def advance(
        self, state: Int64[np.ndarray, "B M"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, "B M"]:
        """Return what is remembered after one more symbol; `state` is left as it was."""
        step = state[:, 0]
        forced, spot = self._skeleton.forced[step], self._skeleton.spot[step]
        following = state.copy()
        following[:, 0] = np.minimum(step + 1, self.n_symbols)
        is_drawn, is_hanzi = forced == _NOTHING, spot != _NOTHING
        fits = np.where(is_drawn, self._sounds.is_drawable[symbols], forced == symbols)
        if self._keeps_all:
            fits &= ~(state[:, self._first_used :] == symbols[:, None]).any(axis=1) | ~is_hanzi
        for k, world in enumerate(self._worlds):
            tone, groups = state[:, 1 + 2 * k], state[:, 2 + 2 * k]
            then = np.where(is_hanzi, world.following[tone, self._sounds.classes[symbols]], tone)
            rhymes = world.is_rhyme[step]
            known = np.where(is_drawn, world.drawn_groups[symbols], self._sounds.groups[symbols])
            shared = np.where(rhymes, groups & known, groups)
            lives = fits & ~(rhymes & (shared == 0))
            lives &= ~(rhymes & (self._used(state, world) == symbols[:, None]).any(axis=1))
            following[:, 1 + 2 * k] = np.where(lives, then, DEAD)
            following[:, 2 + 2 * k] = np.where(lives, shared, 0)
        self._remember_(following, spot, symbols)
        return following

    def _used(
        self, state: Int64[np.ndarray, "B M"], world: "_Rules"
    ) -> Int64[np.ndarray, "B used"]:
        """Return the characters that must not come at a rhyme place of this world."""
        if self._keeps_all or not self._n_used:
            return state[:, self._first_used :]
        return state[:, [self._first_used + line - 1 for line in world.rhyme_lines]]

    def _remember_(
        self,
        state: Int64[np.ndarray, "B M"],
        spot: Int64[np.ndarray, " B"],
        symbols: Int[np.ndarray, " B"],
    ) -> None:
        """Note characters that must not come again: line ends, or all with `no_repeat`."""
        if not self._n_used:
            return
        length = 1 if self._keeps_all else self._form.line_length
        rows = np.flatnonzero((spot != _NOTHING) & (spot % length == length - 1))
        state[rows, self._first_used + spot[rows] // length] = symbols[rows]

    def _check_room(self, step: Int64[np.ndarray, " B"], remaining: Int[np.ndarray, " B"]) -> None:
        to_go = self.n_symbols - step
        if (remaining < to_go).any():
            raise ConstraintError(
                f"{self._form.name}: the poem takes {int(to_go.max())} more symbols, but only "
                f"{int(remaining.min())} may be drawn; allow at least {self.n_symbols}"
            )


class _Rules:
    """A world's tables as the steps of a poem need them."""

    def __init__(
        self, world: World, sounds: Sounds, skeleton: "_Skeleton", line_length: int
    ) -> None:
        self.groups = world.groups
        self.rhyme_lines = world.rhyme_lines
        self.following = np.where(world.alive[world.table.following], world.table.following, DEAD)
        self.codes = ((self.following != DEAD) << np.arange(N_CLASSES)).sum(axis=1)
        ends = [line * line_length - 1 for line in world.rhyme_lines]
        self.is_rhyme = np.isin(skeleton.spot, ends)
        self.draws_rhyme = self.is_rhyme & (skeleton.forced == _NOTHING)
        self.drawn_groups = np.where(sounds.is_drawable, sounds.groups, 0)
        self.drawn_groups[list(world.kept_back)] = 0
        # Poems come to few sets of groups: their masks are made once and kept (5 times faster).
        self._row_of: dict[int, int] = {}
        self._rhyming = np.zeros((0, len(self.drawn_groups)), bool)

    def rhyming(
        self, groups: Int64[np.ndarray, " B"], used: Int64[np.ndarray, "B used"]
    ) -> Bool[np.ndarray, "B V"]:
        """Say which symbols may stand at a rhyme place."""
        kinds, which = np.unique(groups, return_inverse=True)
        new = [kind for kind in kinds.tolist() if kind not in self._row_of]
        if new:
            fresh = (self.drawn_groups & np.array(new)[:, None]) != 0
            self._rhyming = np.concatenate([self._rhyming, fresh])
            self._row_of.update({kind: len(self._row_of) + k for k, kind in enumerate(new)})
        rows = np.array([self._row_of[kind] for kind in kinds.tolist()])
        mask: Bool[np.ndarray, "B V"] = self._rhyming[rows[which.ravel()]]
        mask[np.arange(len(mask))[:, None], used] = False
        return mask


def _mask_table(
    sounds: Sounds, skeleton: "_Skeleton", wish: VerseWish
) -> tuple[Bool[np.ndarray, "rows V"], Int64[np.ndarray, " N"]]:
    """Return masks by sets of kinds, then by forced symbols, and the forced row of every step."""
    lexicon, is_drawable = sounds.lexicon, sounds.is_drawable.copy()
    forced, spot = skeleton
    if wish.no_repeat:
        is_drawable[forced[(forced != _NOTHING) & (spot != _NOTHING)]] = False
    codes = np.arange(_N_CODES)[:, None] >> sounds.classes & 1
    symbols, row = np.unique(forced, return_inverse=True)
    only = symbols[:, None] == np.arange(lexicon.n_symbols)
    if wish.form.is_free:
        spelled = [s for c, s in lexicon.symbol_of.items() if c not in wish.banned]
        only[:, [*spelled, lexicon.end]] = True
    is_forced = (forced != _NOTHING) | wish.form.is_free
    rows = np.where(is_forced, _N_CODES + row.ravel(), _NOTHING)
    return np.concatenate([(codes > 0) & is_drawable, only]), rows


class _Skeleton(NamedTuple):
    """What the form and the pins say of every step; the last step is the end and stays so."""

    forced: Int64[np.ndarray, " N"]
    """The only symbol that may stand here, or `_NOTHING`."""

    spot: Int64[np.ndarray, " N"]
    """The number of the character, marks left out; `_NOTHING` at a mark and at the end."""


def _skeleton(lexicon: Lexicon, form: Form, pins: Mapping[Place, Pin]) -> _Skeleton:
    """Lay out the steps of a poem; 自由 has one step, at which nothing is forced."""
    if form.is_free:
        return _Skeleton(np.array([_NOTHING]), np.array([_NOTHING]))
    n_steps, width = form.n_symbols, form.line_length + 1
    steps = np.arange(n_steps + 1)
    is_hanzi = (steps % width < form.line_length) & (steps < n_steps - 1)
    marks = np.where(steps // width % 2, lexicon.stop, lexicon.comma)
    forced = np.where(is_hanzi, _NOTHING, marks)
    forced[-2:] = lexicon.end
    for (line, place), pin in pins.items():
        forced[(line - 1) * width + place - 1] = lexicon.symbol_of[pin.character]
    return _Skeleton(forced, np.where(is_hanzi, steps - steps // width, _NOTHING))
