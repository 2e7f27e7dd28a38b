"""The two ways a poem may go, and whether any of them can be finished.

A regulated poem rhymes in its first line or does not. Each of these worlds has its own tone table
and its own rhyme places; a poem is legal if one world accepts it. Inside a world tones and rhymes
do not touch: a rhyme place always ends in 平 and every rhyme group is of the level tone. So a world
can be finished if its tone table can and if one rhyme group has characters enough.

Shape letters: `V` symbols, `S` states of a tone table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from serinette.kinds.poem.automaton import N_CLASSES, START, ToneTable, Tuning, tone_table
from serinette.kinds.poem.forms import Form
from serinette.kinds.poem.lexicon import LEVEL, Lexicon
from serinette.kinds.poem.wish import Pin, Place, VerseWish


@dataclass(frozen=True, eq=False)
class Sounds:
    """What the symbols can do in one wish: a lexicon less the banned characters.

    Where every reading must fit, only a character of a single level reading can rhyme.
    """

    lexicon: Lexicon
    classes: UInt8[np.ndarray, " V"]
    """The kind of character by tones: 0 unknown, 1 平, 2 仄, 3 both."""

    is_drawable: Bool[np.ndarray, " V"]
    """Characters that are not banned."""

    groups: Int64[np.ndarray, " V"]
    """Bit mask of the groups that a character can rhyme in, banned characters included."""

    @cached_property
    def has_class(self) -> Bool[np.ndarray, " 4"]:
        """Which kinds of characters may be drawn at all."""
        found: Bool[np.ndarray, " 4"] = np.isin(
            np.arange(N_CLASSES), self.classes[self.is_drawable]
        )
        return found

    @cached_property
    def group_sizes(self) -> Int64[np.ndarray, " groups"]:
        """How many characters may be drawn in each rhyme group."""
        rhymers = self.groups[self.is_drawable & (self.groups > 0)]
        sizes: Int64[np.ndarray, " groups"] = self.bits(rhymers).sum(axis=0)
        return sizes

    def bits(self, masks: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, "n groups"]:
        """Spell bit masks of groups out, one column a group."""
        spelled: Int64[np.ndarray, "n groups"] = (
            masks[:, None] >> np.arange(len(self.lexicon.rhyme_names)) & 1
        )
        return spelled


def sounds_of(lexicon: Lexicon, wish: VerseWish) -> Sounds:
    """Return what the symbols can do in this wish."""
    is_drawable = lexicon.is_hanzi.copy()
    is_drawable[[lexicon.symbol_of[c] for c in wish.banned if c in lexicon.symbol_of]] = False
    groups = lexicon.level_rhymes
    if wish.strict_polyphonic:
        is_single = (groups & (groups - 1) == 0) & (lexicon.tones == LEVEL)
        groups = np.where(is_single, groups, 0).astype(np.int64)
    classes = np.where(lexicon.is_hanzi, lexicon.tones & (N_CLASSES - 1), 0).astype(np.uint8)
    return Sounds(lexicon, classes, is_drawable, groups)


@dataclass(frozen=True, eq=False)
class World:
    """One way a poem may go that can be finished."""

    table: ToneTable
    alive: Bool[np.ndarray, " S"]
    """The states of the table from which the poem can be finished."""

    rhyme_lines: tuple[int, ...]
    groups: int
    """Bit mask of the rhyme groups that can be carried through; 0 where nothing rhymes."""

    kept_back: tuple[int, ...]
    """Symbols that must not be drawn at a rhyme place: they are pinned to another one."""


def worlds_of(
    sounds: Sounds, wish: VerseWish, pins: Mapping[Place, Pin], lifted: tuple[str, ...] = ()
) -> tuple[World, ...]:
    """Return the worlds in which the wish can be met; none if it cannot.

    Args:
        sounds: What the symbols can do, see `sounds_of`.
        wish: What is asked, except for the characters at places.
        pins: The symbols' characters at places; every one has a symbol.
        lifted: Tone rules that are not applied, for explanations.
    """
    symbols = {place: sounds.lexicon.symbol_of[pin.character] for place, pin in pins.items()}
    choices = (False, True) if wish.form.is_regulated and wish.has_tones else (False,)
    found = (_world(sounds, wish, symbols, first_rhymes, lifted) for first_rhymes in choices)
    return tuple(world for world in found if world is not None)


def asked_groups(lexicon: Lexicon, rhyme: str) -> int | None:
    """Return the rhyme groups that a wish's `rhyme` leaves open; None if it names none."""
    if rhyme in ("auto", "none"):
        return (1 << len(lexicon.rhyme_names)) - 1
    if rhyme in lexicon.rhyme_names:
        return 1 << lexicon.rhyme_names.index(rhyme)
    if not lexicon.knows(rhyme):
        return None
    return int(lexicon.level_rhymes[lexicon.symbol_of[rhyme]]) or None


def _world(
    sounds: Sounds,
    wish: VerseWish,
    symbols: Mapping[Place, int],
    first_rhymes: bool,
    lifted: tuple[str, ...],
) -> World | None:
    form = wish.form
    lines = ((1,) if first_rhymes else ()) + form.rhyme_lines if wish.has_rhymes else ()
    pinned = [
        symbols[line, form.line_length] for line in lines if (line, form.line_length) in symbols
    ]
    groups = _open_groups(sounds, wish, pinned, len(lines)) if lines else 0
    if lines and not groups:
        return None
    table = tone_table(form, Tuning(wish.tones, wish.strict_polyphonic, lifted), first_rhymes)
    alive = table.alive(_available(sounds, form, symbols))
    kept_back = tuple(pinned) if wish.distinct_rhymes else ()
    return World(table, alive, lines, groups, kept_back) if alive[START] else None


def _open_groups(sounds: Sounds, wish: VerseWish, pinned: list[int], n_rhymes: int) -> int:
    """Return the groups that all pinned rhymes share and that have enough for the other ones."""
    n_free = n_rhymes - len(pinned)
    groups = asked_groups(sounds.lexicon, wish.rhyme) or 0
    for symbol in pinned:
        groups &= int(sounds.groups[symbol])
    sizes = sounds.group_sizes
    if wish.distinct_rhymes:
        if len(set(pinned)) < len(pinned):
            return 0
        drawable = [symbol for symbol in pinned if sounds.is_drawable[symbol]]
        sizes = sizes - sounds.bits(sounds.groups[drawable]).sum(axis=0)
    least = n_free if wish.distinct_rhymes else min(n_free, 1)
    return groups & sum(1 << k for k, size in enumerate(sizes.tolist()) if size >= least)


def _available(
    sounds: Sounds, form: Form, symbols: Mapping[Place, int]
) -> Bool[np.ndarray, "places 4"]:
    """Say which kinds of characters each place can have.

    Rhyme places need no word of their own: a 平 character and one of both tones lead to the same
    state there, and that one of them is left is what `_open_groups` checks.
    """
    available = np.tile(sounds.has_class, (form.n_lines * form.line_length, 1))
    for (line, place), symbol in symbols.items():
        spot = (line - 1) * form.line_length + place - 1
        available[spot] = np.arange(N_CLASSES) == sounds.classes[symbol]
    return available
