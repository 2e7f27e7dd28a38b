"""What is set on a sheet: a poem, and what is written around it."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from serinette.core.errors import DataError

_MOST = {"lines": 32, "line": 32, "title": 40, "author": 20, "seal": 4, "note": 60}
_MOST_MARKS = 2


@dataclass(frozen=True, kw_only=True)
class SheetPoem:
    """One poem and what is written around it."""

    title: str = ""
    """Above the author; the 横批 of a hung couplet. Empty for none."""
    author: str = ""
    """Empty for none."""
    lines: tuple[str, ...]
    """The characters of every line, without marks."""
    marks: tuple[str, ...] = ()
    """The punctuation after every line; empty for none at all."""
    heads: frozenset[tuple[int, int]] = frozenset()
    """The (line, place) of characters to point out, counted from 1: those of an acrostic."""
    seal: str | None = None
    """One to four characters. Poems in a row with the same seal are sealed once, at the last."""
    note: str = ""
    """A colophon in small print."""

    def __post_init__(self) -> None:
        place = f"poem '{visible(self.title)}'" if self.title else "poem without a title"
        for problem in (*_length_problems(self), *_text_problems(self), *_head_problems(self)):
            raise DataError(f"{place}, {problem}")


def _length_problems(poem: SheetPoem) -> Iterator[str]:
    if not 1 <= len(poem.lines) <= _MOST["lines"]:
        yield f"{len(poem.lines)} lines: 1 to {_MOST['lines']} fit; shorten it or split it"
    for number, line in enumerate(poem.lines, start=1):
        if not 1 <= len(cut(line)) <= _MOST["line"]:
            yield f"line {number} of {len(cut(line))} characters: 1 to {_MOST['line']} fit; cut it"
    for field in ("title", "author", "note"):
        n_characters = len(cut(getattr(poem, field)))
        if n_characters > _MOST[field]:
            yield f"{field} of {n_characters} characters: at most {_MOST[field]} fit; shorten it"
    yield from _mark_problems(poem)


def _mark_problems(poem: SheetPoem) -> Iterator[str]:
    if poem.seal is not None and not 1 <= len(cut(poem.seal)) <= _MOST["seal"]:
        yield f"seal '{visible(poem.seal)}': must have 1 to {_MOST['seal']} characters; or use None"
    if poem.marks and len(poem.marks) != len(poem.lines):
        yield f"{len(poem.marks)} marks for {len(poem.lines)} lines: give one a line, or none"
    for number, mark in enumerate(poem.marks, start=1):
        if len(mark) > _MOST_MARKS:
            yield f"mark {number} '{visible(mark)}': at most {_MOST_MARKS} characters; shorten it"


def _text_problems(poem: SheetPoem) -> Iterator[str]:
    texts = (poem.title, poem.author, *poem.lines, *poem.marks, poem.seal or "", poem.note)
    for character in "".join(texts):
        if _is_invisible(character):
            yield f"character U+{ord(character):04X}: cannot be drawn; remove it"


def _head_problems(poem: SheetPoem) -> Iterator[str]:
    for number, place in sorted(poem.heads):
        is_line = 1 <= number <= len(poem.lines)
        if not is_line or not 1 <= place <= len(cut(poem.lines[number - 1])):
            yield f"head ({number}, {place}): no such line and place; both are counted from 1"


def _is_invisible(character: str) -> bool:
    is_noncharacter = ord(character) & 0xFFFE == 0xFFFE  # noqa: PLR2004 - as Unicode defines it
    return is_noncharacter or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """Return text for a message, with the number of every character that cannot be seen."""
    return "".join(f"U+{ord(one):04X}" if _is_invisible(one) else one for one in text)


def cut(text: str) -> list[str]:
    """Return the characters of a text, each with the combining ones that follow it."""
    pieces: list[str] = []
    for character in text:
        if pieces and unicodedata.category(character).startswith("M"):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces
