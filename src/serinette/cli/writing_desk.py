"""The writing desk without its terminal: what each command does, as text to be shown.

A command that cannot be obeyed raises a `SerinetteError` and changes nothing. Whatever changes is
in the session's file before it is shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from unicodedata import east_asian_width

from serinette.cli import desk_pages
from serinette.cli.desk_pages import Ink
from serinette.cli.writing_commands import HELP, Command, choice_in, count_in, edit_in
from serinette.constraints.config import RulesConfig
from serinette.core.durable import write_file
from serinette.core.errors import ConfigError
from serinette.decoding.temperature import schedule_of
from serinette.kinds.text.tokens import tokens
from serinette.recipes.generate import GenerateRequest, Opened
from serinette.recipes.manuscript import MODEL, YOU, Manuscript, Session
from serinette.recipes.offers import (
    Offer,
    Wanted,
    check_unit,
    first_words,
    offers,
    without_last_words,
)

MOST_OFFERS: Final = 9
"""Continuations: as many as there are digits to choose by."""
_SHOWN: Final = 400
"""Characters of the text that are shown before the continuations."""
_RETURN, _THE_END = "⏎", "∎"
_CLOSERS: Final = tuple(".,;:!?…)]}’”»%")
_OPENERS: Final = tuple("([{“‘«„¿¡-—/")
_FORMATS: Final[Mapping[str, Callable[[Session], bytes]]] = {
    ".txt": desk_pages.plain,
    ".html": desk_pages.page,
    ".json": desk_pages.data,
}


class WritingDesk:
    """A text, how it could go on, and where it is saved.

    Args:
        opened: A model of texts.
        request: How symbols are drawn; its temperature and bans are those of the session.
        session: What stands there already.
        path: Where it is saved.
        ink: How it is shown; what `obey` returns needs no more care.
    """

    def __init__(
        self,
        opened: Opened,
        request: GenerateRequest,
        session: Session,
        path: Path,
        ink: Ink,
    ) -> None:
        self._opened = opened
        self._request = request
        self._session = session
        self._path = path
        self._ink = ink
        self._offers: list[Offer] = []
        self._is_saved = bool(session.manuscript.text)
        self._commands: Mapping[str, Callable[[str], str]] = {
            "choose": self._choose,
            "type": self._type,
            "join": self._join,
            "break": self._break,
            "again": lambda _: self._go_on(self._session),
            "undo": lambda _: self._go_on(self._with(self._manuscript.undo())),
            "redo": lambda _: self._go_on(self._with(self._manuscript.redo())),
            "back": self._back,
            "cut": self._cut,
            "edit": self._edit,
            "length": self._length,
            "offers": self._count,
            "temperature": self._heat,
            "ban": self._ban,
            "unban": self._unban,
            "show": self._show,
            "export": self._export,
            "help": lambda _: HELP,
        }

    def open(self) -> str:
        """Show what stands there and how it could go on."""
        return self._go_on(self._session)

    def obey(self, command: Command) -> str:
        """Do what a command says, and return what is to be shown."""
        return self._commands[command.name](command.argument)

    def farewell(self) -> str:
        """Say where it is."""
        if not self._is_saved:
            return "nothing was written"
        return (
            f"{desk_pages.shares(self._session)}; saved in {self._path}\n"
            f"go on with it: serinette generate {self._session.model} -i -o {self._path}"
        )

    @property
    def _manuscript(self) -> Manuscript:
        return self._session.manuscript

    def _with(self, manuscript: Manuscript) -> Session:
        return self._session.with_text(manuscript)

    def _go_on(self, session: Session) -> str:
        """Save what changed and draw continuations; settings that cannot be change nothing."""
        if session.manuscript != self._manuscript:
            self._keep(session)  # breaking off while the model writes loses nothing
        self._offers = offers(
            self._opened,
            self._asked(session),
            session.manuscript.text,
            Wanted(n=session.n_offers, unit=session.unit, round=session.round),
        )
        self._keep(replace(session, round=session.round + 1))
        return self._view()

    def _keep(self, session: Session) -> None:
        if session.manuscript.text or self._is_saved:
            write_file(self._path, session.to_bytes())
            self._is_saved = True
        self._session = session

    def _asked(self, session: Session) -> GenerateRequest:
        rules = self._request.wishes or RulesConfig()
        rules = replace(rules, ban=(*rules.ban, *session.banned))
        decoding = replace(self._request.decoding, temperature=session.temperature)
        return replace(self._request, seed=session.seed, wishes=rules, decoding=decoding)

    def _choose(self, argument: str) -> str:
        number, n_words = choice_in(argument)
        if not 1 <= number <= len(self._offers):
            most = len(self._offers)
            there = f"there are 1 to {most}" if most else "there is none"
            raise ConfigError(f"continuation {number}: {there}; /type {argument} writes the number")
        text = self._offers[number - 1].text
        if n_words is not None:
            text = first_words(text, n_words)
        if not text:
            raise ConfigError("0 words are nothing; take 1 or more")
        return self._go_on(self._with(self._manuscript.write(text, MODEL)))

    def _type(self, argument: str) -> str:
        if not argument:
            raise ConfigError("write what? like /type 1984")
        glue = "" if _touches(self._manuscript.text, argument) else " "
        return self._join(glue + argument)

    def _join(self, argument: str) -> str:
        if not argument:
            raise ConfigError("join what? like /join ing")
        from serinette.kinds.text.encodings import check_text

        check_text(argument, "what was typed")
        return self._go_on(self._with(self._manuscript.write(argument, YOU)))

    def _break(self, argument: str) -> str:
        n = count_in(argument, "/break 2")
        return self._go_on(self._with(self._manuscript.write("\n" * n, YOU)))

    def _back(self, argument: str) -> str:
        text = self._manuscript.text
        kept = len(without_last_words(text, count_in(argument, "/back 5")))
        return self._shortened(kept)

    def _cut(self, argument: str) -> str:
        return self._shortened(self._place_of(argument, "/cut the old house"))

    def _shortened(self, n: int) -> str:
        manuscript = self._manuscript.put(n, len(self._manuscript.text) - n, "", YOU)
        if manuscript is self._manuscript:
            raise ConfigError("there is nothing to take away")
        return self._go_on(self._with(manuscript))

    def _edit(self, argument: str) -> str:
        old, new = edit_in(argument)
        at = self._place_of(old, "/edit sun => moon")
        return self._go_on(self._with(self._manuscript.put(at, len(old), new, YOU)))

    def _place_of(self, text: str, example: str) -> int:
        if not text:
            raise ConfigError(f"which text? write it like {example}")
        at = self._manuscript.text.rfind(text)
        if at < 0:
            raise ConfigError(f"'{text}' does not stand there; /show shows all of it")
        return at

    def _length(self, argument: str) -> str:
        return self._go_on(replace(self._session, unit=check_unit(argument)))

    def _count(self, argument: str) -> str:
        if not argument.isdecimal() or not 1 <= int(argument) <= MOST_OFFERS:
            raise ConfigError(f"'{argument}': there can be 1 to {MOST_OFFERS} continuations")
        return self._go_on(replace(self._session, n_offers=int(argument)))

    def _heat(self, argument: str) -> str:
        try:
            schedule_of(argument)
        except ConfigError as error:
            raise ConfigError(f"temperature {error}") from None
        return self._go_on(replace(self._session, temperature=argument))

    def _ban(self, argument: str) -> str:
        if not argument:
            raise ConfigError("ban what? like /ban very")
        banned = tuple(dict.fromkeys((*self._session.banned, argument)))
        return self._go_on(replace(self._session, banned=banned))

    def _unban(self, argument: str) -> str:
        if argument and argument not in self._session.banned:
            raise ConfigError(f"'{argument}' is not banned; banned: {self._banned() or 'nothing'}")
        banned = tuple(one for one in self._session.banned if argument and one != argument)
        return self._go_on(replace(self._session, banned=banned))

    def _banned(self) -> str:
        return ", ".join(map(repr, self._session.banned))

    def _show(self, argument: str) -> str:
        text = desk_pages.marked(self._session, self._ink)
        return f"{text}\n\n{self._ink.dim(desk_pages.shares(self._session))}"

    def _export(self, argument: str) -> str:
        path = Path(argument)
        if path.suffix not in _FORMATS:
            raise ConfigError(f"'{argument}': write to a file that ends in {', '.join(_FORMATS)}")
        if path.resolve() == self._path.resolve():
            raise ConfigError(f"'{argument}' is where the session is saved; take another name")
        write_file(path, _FORMATS[path.suffix](self._session))
        return f"written to {path}: {desk_pages.shares(self._session)}"

    def _view(self) -> str:
        """Show the end of the text, the continuations, and how they were drawn."""
        parts = [*self._tail(), *self._rows(), self._status()]
        return "\n".join(parts)

    def _tail(self) -> list[str]:
        text = self._manuscript.text
        if not text:
            return []
        shown = text[-_SHOWN:]
        if len(shown) < len(text):
            shown = "… " + shown.partition(" ")[2]
        return [self._ink.safe(shown), ""]

    def _rows(self) -> list[str]:
        if not self._offers:
            return ["the model would end here; write on yourself, or /again"]
        return [
            f"{number}  {self._offered(one)}{f' {_THE_END}' * one.is_end}"
            for number, one in enumerate(self._offers, start=1)
        ]

    def _offered(self, offer: Offer) -> str:
        text = offer.text.replace("\n", _RETURN)
        return self._ink.marked(text) if self._ink.is_coloured else self._ink.safe(text)

    def _status(self) -> str:
        session = self._session
        parts: list[Any] = [
            desk_pages.shares(session),
            session.unit,
            f"temperature {session.temperature}",
            f"without {self._banned()}" if session.banned else "",
            self._unknown(),
        ]
        return self._ink.dim("── " + " · ".join(part for part in parts if part))

    def _unknown(self) -> str:
        codec = self._opened.codec
        n = codec.n_missing(codec.encode(self._manuscript.text))
        return f"{n:,} characters never occurred in training" if n else ""


def _touches(before: str, after: str) -> bool:
    """Say whether no space is wanted between two texts."""
    if not before or before[-1].isspace() or after[0].isspace():
        return True
    return before.endswith(_OPENERS) or after.startswith(_CLOSERS) or not _has_spaces(before[-1])


def _has_spaces(character: str) -> bool:
    """Say whether spaces stand between the words of a character's script."""
    if character.isalpha():
        return len(tokens(character + character)) == 1
    return east_asian_width(character) not in ("W", "F")
