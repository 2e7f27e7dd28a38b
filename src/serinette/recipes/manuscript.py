"""A text that a person and a model write together: who wrote what, undo, redo, its file.

Immutable: every change gives a new manuscript.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple

from serinette.core import plain_json
from serinette.core.errors import ArtifactError, ConfigError, DataError

Author = Literal["you", "model"]
YOU: Final[Author] = "you"
MODEL: Final[Author] = "model"
_FORMAT = "serinette desk 1"


class Span(NamedTuple):
    """A stretch of text and who wrote it."""

    by: Author
    text: str


Spans = tuple[Span, ...]


class Change(NamedTuple):
    """At a place one stretch went and another came."""

    at: int
    gone: Spans
    come: Spans


@dataclass(frozen=True)
class Manuscript:
    """What stands there, and how it came about."""

    spans: Spans = ()
    """Neighbours are of different authors, none is empty."""
    done: tuple[Change, ...] = ()
    """What can be undone, the latest last."""
    undone: tuple[Change, ...] = ()
    """What can be done again, the next last."""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(span.text for span in self.spans)

    def share_of(self, author: Author) -> float:
        """Return which part of the characters somebody wrote, in [0, 1]."""
        n = sum(len(span.text) for span in self.spans if span.by == author)
        return n / max(1, len(self.text))

    def write(self, text: str, by: Author) -> "Manuscript":
        """Add text at the end."""
        return self.put(len(self.text), 0, text, by)

    def put(self, at: int, n_gone: int, text: str, by: Author) -> "Manuscript":
        """Replace some characters from a place on."""
        gone = _cut(self.spans, at, at + n_gone)
        come = (Span(by, text),) if text else ()
        if gone == come:
            return self
        change = Change(at, gone, come)
        return Manuscript(_changed(self.spans, change), (*self.done, change))

    def undo(self) -> "Manuscript":
        """Take the latest change back.

        Raises:
            ConfigError: If there is none.
        """
        if not self.done:
            raise ConfigError("there is nothing to undo")
        *rest, last = self.done
        back = Change(last.at, last.come, last.gone)
        return Manuscript(_changed(self.spans, back), tuple(rest), (*self.undone, last))

    def redo(self) -> "Manuscript":
        """Make the change again that was taken back last.

        Raises:
            ConfigError: If there is none.
        """
        if not self.undone:
            raise ConfigError("there is nothing to do again")
        *rest, last = self.undone
        return Manuscript(_changed(self.spans, last), (*self.done, last), tuple(rest))


def _cut(spans: Spans, first: int, last: int) -> Spans:
    """Return what stands between two places."""
    found, place = [], 0
    for span in spans:
        text = span.text[max(0, first - place) : max(0, last - place)]
        place += len(span.text)
        if text:
            found.append(Span(span.by, text))
    return tuple(found)


def _changed(spans: Spans, change: Change) -> Spans:
    n_gone = sum(len(span.text) for span in change.gone)
    whole = sum(len(span.text) for span in spans)
    before = _cut(spans, 0, change.at)
    after = _cut(spans, change.at + n_gone, whole)
    return joined([*before, *change.come, *after])


def joined(spans: Iterable[Span]) -> Spans:
    """Make one of neighbours by the same author."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].by == span.by:
            found[-1] = Span(span.by, found[-1].text + span.text)
        elif span.text:
            found.append(span)
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A manuscript and how it is being written: all that a file holds of an afternoon."""

    model: str
    """What the model was called."""
    manuscript: Manuscript = field(default_factory=Manuscript)
    seed: int = 0
    round: int = 0
    """How many times offers were drawn."""
    n_offers: int = 4
    unit: str = "8 words"
    """How far an offer goes: so many words, a sentence, or a line."""
    temperature: str = "1"
    banned: tuple[str, ...] = ()

    def with_text(self, manuscript: Manuscript) -> "Session":
        """Return the session with another text."""
        return replace(self, manuscript=manuscript)

    def to_bytes(self) -> bytes:
        """Return the content of its file."""
        facts = {name: value for name, value in vars(self).items() if name != "manuscript"}
        return plain_json.dump(
            {
                "format": _FORMAT,
                **facts,
                "text": self.manuscript.text,
                "spans": _plain(self.manuscript.spans),
                "done": [_plain_change(change) for change in self.manuscript.done],
                "undone": [_plain_change(change) for change in self.manuscript.undone],
            }
        )


def session_of(content: bytes, place: str) -> Session:
    """Read what `to_bytes` wrote.

    Raises:
        DataError: If it is no session, or a damaged one.
    """
    try:
        plain = plain_json.load(content, place)
    except ArtifactError as error:
        raise DataError(f"{place} is no session of the desk; give another file") from error
    if not isinstance(plain, dict) or plain.get("format") != _FORMAT:
        raise DataError(f"{place} is no session of the desk; give another file")
    try:
        manuscript = Manuscript(
            joined(_spans(plain["spans"])),
            tuple(map(_change, plain["done"])),
            tuple(map(_change, plain["undone"])),
        )
        _check(manuscript, plain["text"])
        return Session(
            model=str(plain["model"]),
            manuscript=manuscript,
            seed=int(plain["seed"]),
            round=int(plain["round"]),
            n_offers=int(plain["n_offers"]),
            unit=str(plain["unit"]),
            temperature=str(plain["temperature"]),
            banned=tuple(map(str, plain["banned"])),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(
            f"{place}: the session is damaged ({type(error).__name__}: {error}); its text is "
            "under 'text'"
        ) from error


def _check(manuscript: Manuscript, text: object) -> None:
    """Refuse spans that do not make the text, and changes that do not fit it."""
    if manuscript.text != text:
        raise ValueError("spans and text differ")
    earlier = manuscript
    while earlier.done:
        last = earlier.done[-1]
        n_come = sum(len(span.text) for span in last.come)
        if _text(_cut(earlier.spans, last.at, last.at + n_come)) != _text(last.come):
            raise ValueError("a change does not fit the text")
        earlier = earlier.undo()


def _text(spans: Spans) -> str:
    return "".join(span.text for span in spans)


def _plain(spans: Spans) -> list[dict[str, str]]:
    return [span._asdict() for span in spans]


def _plain_change(change: Change) -> dict[str, Any]:
    return {"at": change.at, "gone": _plain(change.gone), "come": _plain(change.come)}


def _spans(plain: Iterable[Mapping[str, str]]) -> Spans:
    return tuple(Span(YOU if one["by"] == YOU else MODEL, str(one["text"])) for one in plain)


def _change(plain: Mapping[str, Any]) -> Change:
    return Change(int(plain["at"]), _spans(plain["gone"]), _spans(plain["come"]))
