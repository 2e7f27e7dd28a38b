"""平水韻: how a character was read when regulated verse was written.

Reference: the table of 106 rhymes as Chinese Wikisource holds it; `tables/README.md`.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

from serinette.kinds.poem.readings import Reading, Tone
from serinette.kinds.poem.script import traditional_forms
from serinette.kinds.poem.tables import read_table

_PARTS: Final[tuple[tuple[str, Tone], ...]] = (("level", "平"), ("oblique", "仄"))


@cache
def level_rhymes() -> tuple[str, ...]:
    """Return the 30 rhymes of the level tone, in their old order: `一東` first."""
    return tuple(read_table("pingshui")["level"])


def pingshui_readings(character: str, *, is_simplified: bool) -> tuple[Reading, ...]:
    """Return the readings of one character, without repetition; none if it is not in the table.

    Args:
        character: One code point.
        is_simplified: Whether it stands in a simplified text, so that `干` may also be `幹`. What
            the table does not hold itself is always looked up through its traditional forms.
    """
    own = _found(character)
    if own and not is_simplified:
        return own
    forms = (reading for form in traditional_forms(character) for reading in _found(form))
    return tuple(dict.fromkeys((*own, *forms)))


def _found(character: str) -> tuple[Reading, ...]:
    return _table().get(character) or _table().get(_variants().get(character, ""), ())


@cache
def _table() -> dict[str, tuple[Reading, ...]]:
    collected: dict[str, list[Reading]] = {}
    for character, reading in _entries():
        collected.setdefault(character, []).append(reading)
    return {character: tuple(readings) for character, readings in collected.items()}


def _entries() -> Iterator[tuple[str, Reading]]:
    book, additions = read_table("pingshui"), read_table("variants")["additions"]
    for part, tone in _PARTS:
        for rhyme, characters in book[part].items():
            for character in characters + additions.get(rhyme, ""):
                yield character, Reading(tone, rhyme)


@cache
def _variants() -> dict[str, str]:
    return {pair[0]: pair[1] for pair in read_table("variants")["variants"].split()}
