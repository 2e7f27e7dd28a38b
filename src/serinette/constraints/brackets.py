"""Brackets that nest and quotes that close, as an automaton: a stack of bounded depth.

Shape letters: `S` states, `P` stacks, `K` labels.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Int

from serinette.constraints.tables import DEAD, LARGEST, Dfa, Partition, too_large, trimmed

Quoting = Literal["plain", "python"]

_OPENING, _CLOSING = "([{", ")]}"
_CODE = "code"
_COMMENT = "comment"
_OUTSIDE = (_CODE, "'2", '"2')
"""The modes in which brackets count."""
_OTHER = ""
"""Stands for every character that means nothing here."""


def balanced(quotes: Quoting = "plain", depth: int = 6, name: str | None = None) -> Dfa:
    """Accept what closes all it opens: `() [] {}` nested properly, and quotes.

    Args:
        quotes: `plain` knows `"..."`, which may hold anything but a `"`. `python` knows strings in
            single, double and triple quotes, backslashes in them, and comments from `#` to the end
            of the line; a string in single or double quotes does not cross a line break.
            Brackets inside them do not count.
        depth: Most brackets open at once, at least 1.
        name: What it is called in messages.

    Raises:
        ConstraintError: If the automaton would be too large; it triples with every level.
    """
    called = f"--balanced {quotes}" if name is None else name
    signs = _OPENING + _CLOSING + ('"' if quotes == "plain" else "\"'\\#\n")
    partition = Partition.of_each(signs)
    modes = [_CODE, "text"] if quotes == "plain" else _python_modes()
    step = _plain_step if quotes == "plain" else _python_step
    n_stacks = (3 ** (depth + 1) - 1) // 2
    if n_stacks * len(modes) * partition.n_labels > LARGEST:
        raise too_large(f"{called} with --depth {depth}")
    table = _tabulate(modes, ("", *signs), step, n_stacks)
    is_open = np.array([mode in (_COMMENT, *_OUTSIDE) for mode in modes])
    accepts = is_open[:, None] & (np.arange(n_stacks) == 0)
    return trimmed(Dfa(partition, table, accepts.reshape(-1), called))


def _tabulate(
    modes: list[str],
    signs: tuple[str, ...],
    step: Callable[[str, str], str | None],
    n_stacks: int,
) -> Int[np.ndarray, "S K"]:
    """Return the table of states `mode * n_stacks + stack`.

    Stacks are numbered as a heap with three children: 0 is empty, 3 i + 1 to 3 i + 3 are stack i
    with one bracket more.
    """
    stacks = np.arange(n_stacks)
    below = (stacks - 1) // 3
    table = np.full((len(modes), n_stacks, len(signs)), DEAD, dtype=np.int32)
    for row, mode in enumerate(modes):
        for label, sign in enumerate(signs):
            after = step(mode, sign)
            if after is None:
                continue
            moved = stacks
            if after == _CODE and mode in _OUTSIDE:
                moved = _moved(sign, stacks, below)
            begin = modes.index(after) * n_stacks
            table[row, :, label] = np.where(moved == DEAD, DEAD, begin + moved)
    return table.reshape(-1, len(signs))


def _moved(
    sign: str, stacks: Int[np.ndarray, " P"], below: Int[np.ndarray, " P"]
) -> Int[np.ndarray, " P"]:
    """Return every stack after a sign that is read outside strings."""
    if sign == _OTHER or sign not in _OPENING + _CLOSING:
        return stacks
    if sign in _OPENING:
        pushed = 3 * stacks + 1 + _OPENING.index(sign)
        return np.where(pushed < len(stacks), pushed, DEAD)
    is_top = (stacks > 0) & ((stacks - 1) % 3 == _CLOSING.index(sign))
    return np.where(is_top, below, DEAD)


def _plain_step(mode: str, sign: str) -> str | None:
    if sign == '"':
        return "text" if mode == _CODE else _CODE
    return mode


def _python_modes() -> list[str]:
    """Return the modes: outside, in a comment, and for each quote the parts of a string.

    1: after the opening quote; 2: after two, an empty string unless a third follows; s: in a
    string; e: after a backslash in it; t0 to t2: in a triple-quoted string after so many quotes;
    te: after a backslash in that.
    """
    parts = ("1", "2", "s", "e", "t0", "t1", "t2", "te")
    return [_CODE, _COMMENT, *(quote + part for quote in "'\"" for part in parts)]


_AFTER_QUOTE = {"1": "2", "2": "t0", "s": None, "t0": "t1", "t1": "t2", "t2": None}
"""Part of a string -> part after one more of its quotes; None: the string is closed."""


def _python_step(mode: str, sign: str) -> str | None:
    if mode == _CODE or (mode in _OUTSIDE and sign != mode[0]):
        return _step_outside(sign)
    if mode == _COMMENT:
        return _CODE if sign == "\n" else _COMMENT
    quote, part = mode[0], mode[1:]
    if part in ("e", "te"):
        return quote + {"e": "s", "te": "t0"}[part]
    if sign == quote:
        following = _AFTER_QUOTE[part]
        return _CODE if following is None else quote + following
    if part in ("1", "s"):
        return None if sign == "\n" else quote + ("e" if sign == "\\" else "s")
    return quote + ("te" if sign == "\\" else "t0")


def _step_outside(sign: str) -> str:
    if sign in ("'", '"'):
        return f"{sign}1"
    return _COMMENT if sign == "#" else _CODE
