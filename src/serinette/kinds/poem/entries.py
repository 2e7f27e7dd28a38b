"""What stands in a file of poems, before it is judged: title, author, text and place.

JSON has the layout of the chinese-poetry project: a list of objects, or one, with `title` (or
`rhythmic`, the tune of a song), `author` and `paragraphs`. Plain text has one poem a line
(`title:text`, `title`, tab, `author`, tab, `text`, or the text alone), or poems between blank
lines, whose first lines may be title and author.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serinette.core.errors import DataError
from serinette.kinds.poem.layout import MARKS, canonical, form_of, lines_of, plain_title

_TEXT_KEYS: Final = ("paragraphs", "content", "para")
_TITLE_KEYS: Final = ("title", "rhythmic")
_HEAD: Final = 1 << 16
_IS_JSON: Final = re.compile(r"\ufeff?\s*(?:\[\s*)?\{")
_HAS_TEXT: Final = re.compile(r'"(?:paragraphs|content|para)"\s*:')
_HAS_NAME: Final = re.compile(r'"(?:title|rhythmic|author)"\s*:')
_ANY_MARK: Final = re.compile(rf"[{MARKS},.?!;]")
_MOST_NAME: Final = 40
"""Longer than this, in characters, nothing before a colon is a title."""
_ENDS: Final = "。？！；.?!;"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One poem as it stands in its file; what is not known is an empty string."""

    text: str
    title: str = ""
    author: str = ""
    place: str


def looks_like_poems(path: Path) -> bool:
    """Say whether a file is JSON of poems; only its beginning is read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8", errors="ignore")
    except OSError:
        return False
    return bool(_IS_JSON.match(head) and _HAS_TEXT.search(head) and _HAS_NAME.search(head))


def entries_of(text: str, place: str) -> Iterator[Entry]:
    """Yield the poems of one file's text.

    Args:
        text: Decoded.
        place: The file's name; its suffix, or the text's beginning, tells JSON from plain text.

    Raises:
        DataError: If JSON is not well-formed or not of the layout, with the offset or the poem.
    """
    if place.lower().endswith(".json") or _IS_JSON.match(text):
        return _of_json(text, place)
    return _of_plain_text(text, place)


def _of_json(text: str, place: str) -> Iterator[Entry]:
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place}: character {error.pos} (line {error.lineno}): not JSON ({error.msg}); "
            "repair it or get the file afresh"
        ) from error
    except RecursionError as error:
        raise _wrong(place, "lists within lists, too deep to be poems") from error
    poems = found if isinstance(found, list) else [found]
    for number, poem in enumerate(poems, start=1):
        yield _entry(poem, f"{place}: poem {number}")


def _entry(poem: Any, place: str) -> Entry:
    if not isinstance(poem, dict):
        raise _wrong(place, f"a {type(poem).__name__}, not an object with title and paragraphs")
    key = next((key for key in _TEXT_KEYS if key in poem), None)
    if key is None:
        names = ", ".join(map(_shown, poem)) or "nothing"
        raise _wrong(place, f"an object without paragraphs (it has: {names})")
    paragraphs = [poem[key]] if isinstance(poem[key], str) else poem[key]
    if not (isinstance(paragraphs, list) and all(isinstance(part, str) for part in paragraphs)):
        raise _wrong(place, f"{key} that are not a list of strings")
    return Entry(
        text="".join(paragraphs),
        title=_name(poem, _TITLE_KEYS),
        author=_name(poem, ("author",)),
        place=place,
    )


def _shown(name: str) -> str:
    """Return a name as it stands in a message of one line."""
    return name if name.isprintable() else repr(name)


def _wrong(place: str, what: str) -> DataError:
    return DataError(
        f'{place}: {what}; write [{{"title": ..., "author": ..., "paragraphs": [...]}}]'
    )


def _name(poem: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    found = next((poem[key] for key in keys if isinstance(poem.get(key), str)), "")
    return plain_title(found)


def _of_plain_text(text: str, place: str) -> Iterator[Entry]:
    lines = text.removeprefix("\ufeff").split("\n")
    if any(not line.strip() for line in lines[:-1]) or not _has_poem_a_line(lines):
        blocks = list(_blocks(lines))
        if any(len(block) > 1 for _, block in blocks):
            yield from (_of_block(block, f"{place}:{number}") for number, block in blocks)
            return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _of_line(line.strip(), f"{place}:{number}")


def _has_poem_a_line(lines: list[str]) -> bool:
    """Lines of which none holds two lines of verse are the lines of one poem."""
    return any(len(lines_of(canonical(line.strip()))) > 1 for line in lines)


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    block: list[str] = []
    for number, line in enumerate((*lines, ""), start=1):
        if line.strip():
            block.append(line.strip())
        elif block:
            yield number - len(block), block
            block = []


def _of_block(block: list[str], place: str) -> Entry:
    n_names = _n_names(block)
    if n_names == 0 and len(block) == 1:
        return _of_line(block[0], place)
    title, author = (*map(plain_title, block[:n_names]), "", "")[:2]
    return Entry(text="\n".join(block[n_names:]), title=title, author=author, place=place)


def _n_names(block: list[str]) -> int:
    """Return how many lines at the top are title and author: at most two, never all.

    In a block with marks they are the ones without; in a block without, a line is a title if all
    the others agree in length and it does not.
    """
    has_marks = [bool(_ANY_MARK.search(line)) for line in block]
    if any(has_marks):
        return min(has_marks.index(True), 2)
    for n_names in (1, 2):
        lengths = {len(line) for line in block[n_names:]}
        if len(lengths) == 1 and len(block[0]) not in lengths and len(block) > n_names + 1:
            return n_names
    return 0


def _of_line(line: str, place: str) -> Entry:
    fields = [field.strip() for field in line.split("\t") if field.strip()]
    if len(fields) > 1:
        author = plain_title(fields[1]) if len(fields) > 2 else ""  # noqa: PLR2004 - title, author, text
        return Entry(text=fields[-1], title=plain_title(fields[0]), author=author, place=place)
    title, colon, body = line.partition(":")
    if not colon:
        # A wide colon may also stand in the verse, as in 問春桂：桃李正芬華.
        title, colon, body = line.partition("：")
        if form_of(canonical(body)) == "杂言":
            return Entry(text=line, place=place)
    if not _is_name(title) or not body.strip():
        return Entry(text=line, place=place)
    author, colon, rest = body.partition(":")
    if colon and _is_name(author) and rest.strip():
        return Entry(text=rest, title=plain_title(title), author=plain_title(author), place=place)
    return Entry(text=body, title=plain_title(title), place=place)


def _is_name(text: str) -> bool:
    return 0 < len(text.strip()) <= _MOST_NAME and not any(end in text for end in _ENDS)
