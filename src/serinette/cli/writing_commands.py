"""What a person types at the writing desk: a number, a command after a slash, or own text."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from serinette.core.errors import ConfigError

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "join": ("join", "j"),
    "type": ("type", "t"),
    "break": ("break", "br"),
    "again": ("again", "a"),
    "undo": ("undo", "u"),
    "redo": ("redo",),
    "back": ("back", "b"),
    "cut": ("cut",),
    "edit": ("edit", "e"),
    "length": ("length", "l"),
    "offers": ("offers", "n"),
    "temperature": ("temperature", "temp"),
    "ban": ("ban",),
    "unban": ("unban",),
    "show": ("show", "s"),
    "export": ("export", "x"),
    "help": ("help", "h", "?"),
    "quit": ("quit", "exit", "q"),
}
"""Command -> how it may be typed after the slash."""

HELP: Final = r"""1-9               take that continuation; 2 3: the first three words of the second
any other text    write it yourself; a space is put before it where it is needed
/join ing         write without a space before it;  /type 1984 or /type /x: what would be a command
/break [2]        line breaks
/again            other continuations
/undo /redo       a step back or forward
/back [5]         take the last word away, or so many
/cut TEXT         take everything away from where TEXT stands last
/edit OLD => NEW  replace OLD where it stands last
/length UNIT      8 words, sentence or line
/offers N         so many continuations, 1 to 9
/temperature T    0.8, or a schedule 1.2:0.6
/ban TEXT         the model does not write it;  /unban [TEXT]
/show             all of it, what the model wrote marked
/export FILE      .txt the text, .html with the model's words marked, .json who wrote what
/help /quit       everything is saved as it is written"""

_COMMAND_OF: Final = {word: name for name, words in WORDS.items() for word in words}
_CHOICE: Final = re.compile(r"([0-9]{1,2})(?:[ :.]+([0-9]{1,3}))?")


class Command(NamedTuple):
    """A command and what follows it."""

    name: str
    argument: str


def parse(line: str) -> Command | None:
    """Read one line; None if nothing was typed.

    Raises:
        ConfigError: If it begins with a slash and is no command.
    """
    line = line.rstrip("\r\n")
    bare = line.strip()
    if not bare:
        return None
    if _CHOICE.fullmatch(bare):
        return Command("choose", bare)
    if not bare.startswith("/"):
        return Command("type", line)
    word, _, rest = bare[1:].partition(" ")
    if word.lower() in _COMMAND_OF:
        return Command(_COMMAND_OF[word.lower()], rest.strip())
    guess = get_close_matches(word.lower(), _COMMAND_OF, n=1)
    hint = f" (did you mean '/{guess[0]}'?)" if guess else ""
    raise ConfigError(f"'/{word}' is no command{hint}; /help lists them, /type writes it")


def choice_in(argument: str) -> tuple[int, int | None]:
    """Return the number of a continuation, and how many of its words; None: all."""
    match = _CHOICE.fullmatch(argument)
    if match is None:
        raise ConfigError(f"'{argument}' is no number of a continuation")
    return int(match[1]), None if match[2] is None else int(match[2])


def count_in(argument: str, example: str) -> int:
    """Return how many are meant; nothing: one.

    Raises:
        ConfigError: If it is no number from 1 to 999.
    """
    if not argument:
        return 1
    if not re.fullmatch("[1-9][0-9]{0,2}", argument):
        raise ConfigError(f"'{argument}' is no number from 1 to 999; write it like {example}")
    return int(argument)


def edit_in(argument: str) -> tuple[str, str]:
    """Return what is to be replaced, and by what.

    Raises:
        ConfigError: If it is not OLD => NEW.
    """
    old, arrow, new = argument.partition("=>")
    if not arrow or not old.strip():
        raise ConfigError(f"'{argument}' is not OLD => NEW; write it like /edit sun => moon")
    return old.strip(), new.strip()
