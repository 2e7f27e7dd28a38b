r"""Text that a machine could read: is it whole? JSON and Python parse, LaTeX closes.

What is asked is what the notation itself demands: of LaTeX that braces and dollars pair and that
every `\left`, `\begin` has its end; of Markdown that headings descend by single levels and stand
over something. A long text is asked part by part, since a sample is cut somewhere: its top-level
statements, its headings, all but the last.
"""

import ast
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

_MARKED, _SOUND = 0.9, 0.9
"""Shares of real pieces that bear the marks of a notation, and that are sound in it, above which
text is held for that notation."""
_CONTROL = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_PAIRED = re.compile(r"\\(left|right|begin|end)(?![A-Za-z])\s*(?:\{([^{}]*)\})?")
_HEADING = re.compile(r"^(#{1,6}) +\S")
_GOES_ON = re.compile(r"(?:elif|else|except|finally|case)\b|[)\]}]|[\"']{3}")


def is_json(text: str) -> bool:
    """Say whether a text is one JSON value."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_python(text: str) -> bool:
    """Say whether a text parses as Python; nothing is run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in what a model wrote
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def is_latex(text: str) -> bool:
    """Say whether braces, dollars, `left` and `begin` are closed, each in its turn."""
    awaited: list[str] = []
    for word, name in _PAIRED.findall(text):
        if word in ("left", "begin"):
            awaited.append("right" if word == "left" else f"end {name}")
        elif not awaited or awaited.pop() != (word if word == "right" else f"end {name}"):
            return False
    depth, inside = 0, 0
    for sign in _CONTROL.sub("", text):
        depth += (sign == "{") - (sign == "}")
        inside ^= sign == "$"
        if depth < 0:
            return False
    return not awaited and depth == 0 and not inside


class Notation(NamedTuple):
    """What tells a notation, and whether a piece is sound in it."""

    is_marked: Callable[[str], bool]
    is_sound: Callable[[str], bool]


NOTATIONS: Final[Mapping[str, Notation]] = {
    "JSON": Notation(lambda text: text.strip()[:1] in ("{", "["), is_json),
    "LaTeX": Notation(lambda text: "$" in text or re.search(r"\\[A-Za-z]", text) is not None,
                      is_latex),
    "Python": Notation(
        lambda text: re.search(r"^(?:def|class|import|from) \w", text, re.MULTILINE) is not None,
        is_python,
    ),
}  # fmt: skip


def notation_of(pieces: Sequence[str]) -> str | None:
    """Return the notation that nearly all real pieces are sound in; None: none that is known."""
    for name, notation in NOTATIONS.items():
        n_marked = sum(map(notation.is_marked, pieces))
        n_sound = sum(map(notation.is_sound, pieces)) if n_marked > _MARKED * len(pieces) else 0
        if n_sound > _SOUND * len(pieces):
            return name
    return None


def python_parts(text: str) -> list[bool]:
    """Say of each top-level statement whether it parses; the last one, perhaps cut, is left out."""
    parts: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line[:1].strip() and not line.startswith("#") and not _GOES_ON.match(line):
            parts.append([])
        parts[-1].append(line)
    return [is_python("\n".join(part)) for part in parts[1:-1]]


def markdown_parts(text: str) -> list[bool]:
    """Say of each heading but the first and the last whether it stands where it may.

    At most one level below the heading before, and over text or a deeper heading.
    """
    lines = text.split("\n")
    found = [(k, len(m[1])) for k, line in enumerate(lines) if (m := _HEADING.match(line))]
    sound = []
    for (_, above), (k, level), (after, below) in zip(found, found[1:], found[2:], strict=False):
        has_text = any(line.strip() for line in lines[k + 1 : after])
        sound.append(level <= above + 1 and (has_text or below == level + 1))
    return sound
