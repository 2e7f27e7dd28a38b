"""What a person types at the poem desk: commands in Chinese and English, places of a poem."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from serinette.core.errors import ConfigError
from serinette.recipes.slots import Place

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "choose": ("选", "選", "choose"),
    "lock": ("锁", "鎖", "lock"),
    "unlock": ("解", "unlock"),
    "redraw": ("换", "換", "redraw"),
    "top": ("候选", "候選", "top"),
    "put": ("改", "put"),
    "form": ("形", "form"),
    "rhyme": ("韵", "韻", "rhyme"),
    "acrostic": ("头", "頭", "acrostic"),
    "about": ("题", "題", "about"),
    "keep": ("存", "keep"),
    "list": ("列", "list"),
    "export": ("出", "export"),
    "help": ("助", "help", "?"),
    "quit": ("退", "quit", "exit"),
}
"""Command -> how it may be typed."""

HELP: Final = """\
1-9                    choose a poem
锁 lock 2.3 | 2 | 月    keep line 2 place 3, all of line 2, every 月
解 unlock 2.3 | 2       let it go again; without a place, everything
换 redraw [2.3 | 2]     draw again what is not locked; or only these places
候选 top 2.3            the ten likeliest characters that the rules allow there
改 put 2.3=月           write it there yourself, and lock it
形 form 七律            another form; 形 七古 12 with so many lines
韵 rhyme 一先           a rhyme group, a character of it, none, or auto
头 acrostic 春花秋月     an acrostic; nothing after the command: none
题 about 山水           keywords; nothing after the command: none
存 keep                 keep the chosen poem
列 list                 show the kept poems
出 export FILE          write them to a .txt, .json or .svg
助 help                 this
退 quit                 leave"""

_COMMAND_OF: Final = {word: name for name, words in WORDS.items() for word in words}
_LONGEST_FIRST: Final = sorted(_COMMAND_OF, key=len, reverse=True)
_PLACE: Final = re.compile(r"([0-9]{1,2})[.．。·]([0-9]{1,2})")
_LINE: Final = re.compile(r"[0-9]{1,2}")


class Command(NamedTuple):
    """A command and what follows it."""

    name: str
    argument: str


def parse(line: str) -> Command | None:
    """Read one line; None if nothing was typed.

    A Chinese command needs no space after it: `锁2.3`.

    Raises:
        ConfigError: If it is no command.
    """
    line = line.strip()
    if not line:
        return None
    if line.isdecimal():
        return Command("choose", line)
    for word in _LONGEST_FIRST:
        rest = line[len(word) :]
        if line[: len(word)].lower() == word and not (word.isascii() and _is_letter(rest[:1])):
            return Command(_COMMAND_OF[word], rest.strip())
    first = line.split()[0]
    guess = get_close_matches(first.lower(), _COMMAND_OF, n=1)
    hint = f" (did you mean '{guess[0]}'?)" if guess else ""
    raise ConfigError(f"'{first}' is no command{hint}; 助 or help lists them")


def places_in(argument: str, lines: Sequence[str]) -> list[Place]:
    """Return the places that are meant: `2.3`, `2` for a line, or characters of the poem.

    Args:
        argument: One or more of them, with spaces between.
        lines: The lines of the poem, in the characters in which the argument is written.

    Raises:
        ConfigError: If there is no such place, line or text.
    """
    found: list[Place] = []
    for part in argument.split():
        found += _places(part, lines)
    return sorted(set(found))


def place_in(argument: str, lines: Sequence[str]) -> Place:
    """Return the one place that is meant.

    Raises:
        ConfigError: If it is no place of the poem.
    """
    match = _PLACE.fullmatch(argument)
    if match is None:
        raise ConfigError(f"'{argument}' is no place; write it like 2.3: line 2, place 3")
    place = (int(match[1]), int(match[2]))
    if not (1 <= place[0] <= len(lines) and 1 <= place[1] <= len(lines[place[0] - 1])):
        raise ConfigError(
            f"{argument}: no such place; the poem has {len(lines)} lines, and both numbers are "
            "counted from 1"
        )
    return place


def _places(part: str, lines: Sequence[str]) -> list[Place]:
    if _PLACE.fullmatch(part):
        return [place_in(part, lines)]
    if _LINE.fullmatch(part):
        number = int(part)
        if not 1 <= number <= len(lines):
            raise ConfigError(f"line {number}: the poem has {len(lines)} lines")
        return [(number, column) for column in range(1, len(lines[number - 1]) + 1)]
    found = [
        (number, start + k)
        for number, line in enumerate(lines, start=1)
        for start in _starts(part, line)
        for k in range(1, len(part) + 1)
    ]
    if not found:
        raise ConfigError(
            f"'{part}' does not stand in the poem; give a place 2.3, a line 2 or characters of it"
        )
    return found


def _starts(part: str, line: str) -> list[int]:
    return [k for k in range(len(line)) if line.startswith(part, k)]


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()
