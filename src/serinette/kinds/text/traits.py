"""Simple facts about each character of a text: prose, verse and source code alike.

Nothing is parsed. Quotes, brackets and comments are tracked by rules of thumb that hold on most
lines of most texts, and a blank line, or the end of a line, sets them back, so that one stray
apostrophe does not spoil the rest.

Shape letters: `P` characters.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from jaxtyping import Bool, Int

from serinette.kinds.trait import Trait

_OPENING, _CLOSING = "([{", ")]}"
_PAIRS: Final = {"“": "”", "‘": "’", "「": "」", "『": "』", "«": "»", "《": "》"}
_NEAR_THE_END = 5
_STOPS: Final = ".!?。！？"


def text_traits(content: str) -> tuple[Trait, ...]:
    """Return the facts about every character; each array is as long as the content."""
    return tuple(_traits(content)) if content else ()


def _traits(content: str) -> Iterator[Trait]:
    letters = np.array(list(content), dtype="<U1")
    is_break, is_space = letters == "\n", np.char.isspace(letters)
    since_break = _since(is_break)
    yield Trait(name="position in the line", values=since_break)
    yield Trait(name="at the start of a line", values=is_break)
    yield Trait(name="within 5 characters of the line's end", is_ahead=True,
                values=_until(is_break) <= _NEAR_THE_END)  # fmt: skip
    indentation, is_indented = _indentation(content)
    yield Trait(name="indentation of the line", values=indentation)
    yield Trait(name="inside the indentation", values=is_indented)
    yield Trait(name="length of the line before", values=_line_before(is_break))
    yield Trait(name="lines since a blank line", values=_lines_since_blank(content))
    yield from _words(letters, is_space)
    yield Trait(name="inside double quotes", values=_inside(content, _double_quotes))
    yield Trait(name="inside single quotes", values=_inside(content, _single_quotes))
    yield Trait(name="inside triple quotes", values=_triple_quotes(content))
    yield Trait(name="inside paired quotes", values=_inside(content, _paired_quotes))
    yield Trait(name="inside brackets", values=_inside_brackets(content))
    yield Trait(name="after # on the line", values=_inside(content, _comment))
    yield Trait(name="place in the text", values=np.arange(len(content)))


def _words(letters: np.ndarray, is_space: Bool[np.ndarray, " P"]) -> Iterator[Trait]:
    is_letter = np.char.isalpha(letters)
    is_part = np.char.isalnum(letters) | (letters == "_") | (letters == "'")
    is_capital = np.char.isupper(letters)
    place = _since(~is_part)
    yield Trait(name="at the start of a word", values=is_space)
    yield Trait(name="inside a word", values=is_part)
    yield Trait(name="letters of the word so far", values=place)
    yield Trait(name="the word ends here", is_ahead=True,
                values=is_part & ~np.append(is_part[1:], False))  # fmt: skip
    yield Trait(name="after a capital", values=is_capital)
    yield Trait(name="inside a word in capitals", values=_capitals(is_letter, is_capital, place))
    yield Trait(name="inside a word that began with a capital",
                values=is_part & _as_at_start(is_capital, place))  # fmt: skip
    yield Trait(name="inside a number", values=np.char.isdigit(letters))
    stops = np.isin(letters, list(_STOPS))
    last = np.maximum.accumulate(np.where(~is_space, np.arange(len(letters)), -1))
    after: Bool[np.ndarray, " P"] = is_space & (last >= 0) & stops[last]
    yield Trait(name="after a sentence", values=after)


def _since(is_mark: Bool[np.ndarray, " P"]) -> Int[np.ndarray, " P"]:
    """Count the characters since the last mark; 0 on it. The text's start counts as one."""
    places = np.arange(len(is_mark))
    last: Int[np.ndarray, " P"] = np.maximum.accumulate(np.where(is_mark, places, -1))
    since: Int[np.ndarray, " P"] = places - last
    return since


def _until(is_mark: Bool[np.ndarray, " P"]) -> Int[np.ndarray, " P"]:
    """Count the characters to come before the next mark; on a mark those before the one after."""
    shifted = np.append(is_mark[1:], True)
    return _since(shifted[::-1])[::-1]


def _line_before(is_break: Bool[np.ndarray, " P"]) -> Int[np.ndarray, " P"]:
    ends = np.flatnonzero(is_break)
    lengths = np.concatenate([[0], np.diff(ends, prepend=-1) - 1])
    number = np.cumsum(is_break)
    found: Int[np.ndarray, " P"] = lengths[number]
    return found


def _indentation(content: str) -> tuple[Int[np.ndarray, " P"], Bool[np.ndarray, " P"]]:
    """Return the blanks that begin each line as far as read, and whether only blanks were read."""
    width, is_open = 0, True
    widths, opens = [], []
    for character in content:
        if character == "\n":
            width, is_open = 0, True
        elif is_open and character in " \t":
            width += 1
        else:
            is_open = False
        widths.append(width)
        opens.append(is_open and width > 0)
    return np.array(widths), np.array(opens, dtype=np.bool_)


def _lines_since_blank(content: str) -> Int[np.ndarray, " P"]:
    count, before, found = 0, "\n", []
    for character in content:
        if character == "\n":
            count = 0 if before == "\n" else count + 1
        found.append(count)
        before = character
    return np.array(found)


def _capitals(
    is_letter: Bool[np.ndarray, " P"],
    is_capital: Bool[np.ndarray, " P"],
    place: Int[np.ndarray, " P"],
) -> Bool[np.ndarray, " P"]:
    """Tell words of two capitals or more so far, and of nothing else."""
    in_word = np.cumsum(is_letter & ~is_capital)
    start = np.arange(len(place)) - place
    before = np.where(start >= 0, in_word[start], 0)
    found: Bool[np.ndarray, " P"] = (in_word == before) & (place > 1) & is_capital
    return found


def _as_at_start(
    is_so: Bool[np.ndarray, " P"], place: Int[np.ndarray, " P"]
) -> Bool[np.ndarray, " P"]:
    """Return what held at the first character of each word."""
    found: Bool[np.ndarray, " P"] = is_so[
        np.minimum(np.arange(len(place)) - place + 1, len(place) - 1)
    ]
    return found & (place > 0)


_Rule = Callable[[str, str, str], str]
"""From what is open (or nothing), the character before and this one, to what is open after it."""


def _inside(content: str, rule: _Rule) -> Bool[np.ndarray, " P"]:
    found, is_open, before = [], "", "\n"
    for character in content:
        is_open = rule(is_open, before, character)
        found.append(bool(is_open))
        before = character
    return np.array(found, dtype=np.bool_)


def _double_quotes(is_open: str, before: str, character: str) -> str:
    if character == "\n":
        return ""
    if character == '"' and before != "\\":
        return "" if is_open else '"'
    return is_open


def _single_quotes(is_open: str, before: str, character: str) -> str:
    """An apostrophe stands after a letter and opens nothing."""
    if character == "\n":
        return ""
    if character == "'" and before != "\\":
        return "" if is_open or before.isalnum() else "'"
    return is_open


def _paired_quotes(is_open: str, before: str, character: str) -> str:
    if character == before == "\n":
        return ""
    if not is_open:
        return _PAIRS.get(character, "")
    return "" if character == is_open else is_open


def _comment(is_open: str, before: str, character: str) -> str:
    if character == "\n":
        return ""
    return "#" if character == "#" else is_open


def _triple_quotes(content: str) -> Bool[np.ndarray, " P"]:
    marks = np.zeros(len(content) + 1, dtype=np.int64)
    at = content.find('"""')
    while at >= 0:
        marks[at + 2] = 1
        at = content.find('"""', at + 3)
    found: Bool[np.ndarray, " P"] = np.cumsum(marks)[:-1] % 2 == 1
    return found


def _inside_brackets(content: str) -> Bool[np.ndarray, " P"]:
    depth, before, found = 0, "", []
    for character in content:
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth = max(0, depth - 1)
        elif character == before == "\n":
            depth = 0
        found.append(depth > 0)
        before = character
    return np.array(found, dtype=np.bool_)
