r"""Regular expressions as automata: which whole texts a pattern matches.

Known: literals, `.`, sets `[a-z]` and `[^a-z]`, `\w \W \d \D \s \S \n \t \r`, a backslash before a
sign, groups `(...)` and `(?:...)`, `|`, `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}` with counts up to
1,000, and a `^` in front and a `$` at the end, which change nothing. They mean what they mean to
Python's `re.fullmatch`. Everything else, such as back-references and look-around, is no regular
language or needs marks in the middle of a text, and is refused by name.

Reference: Glushkov 1961, the position automaton; it has no empty moves, so a counted repetition
gives a chain and not a tangle.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from serinette.constraints.charset import IN_LINE, CharSet, escaped, parse_set
from serinette.constraints.tables import LARGEST, Dfa, Partition, too_large, trimmed
from serinette.core.errors import ConfigError

MOST_REPEATS = 1_000
_MOST_POSITIONS = 20_000
_DEEPEST = 50
_REPEATS = ("*", "+", "?", "{")
_MARKS = {
    "^": "only a '^' in front of the whole pattern is known; write '\\^' for the sign itself",
    "$": "only a '$' at the end of the whole pattern is known; write '\\$' for the sign itself",
    "*": "there is nothing to repeat; write '\\*' for the sign itself",
    "+": "there is nothing to repeat; write '\\+' for the sign itself",
    "?": "there is nothing to repeat; write '\\?' for the sign itself",
    "{": "there is nothing to repeat; write '\\{' for the sign itself",
    ")": "no group is open; write '\\)' for the sign itself",
}


@dataclass(frozen=True)
class One:
    """One character of a set."""

    charset: CharSet


@dataclass(frozen=True)
class Row:
    """One after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Choice:
    """One of several."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Repeat:
    """A part several times."""

    part: "Node"
    least: int
    most: int | None
    """None: as often as one likes."""


Node = One | Row | Choice | Repeat


def parse_pattern(pattern: str, *, place: str = "--regex") -> Node:
    """Read a pattern.

    Args:
        pattern: As the module describes.
        place: Whose pattern it is, for the message.

    Raises:
        ConfigError: If it is not one; the message gives the position, counted from 1.
    """
    reader = _Reader(pattern, place)
    tree = reader.choice(0)
    if reader.at < reader.end:
        raise reader.problem(_MARKS[")"])
    return tree


class _Reader:
    """Reads a pattern from left to right; one method for each level of binding."""

    def __init__(self, pattern: str, place: str) -> None:
        self._pattern = pattern
        self._place = place
        self.at = 1 if pattern.startswith("^") else 0
        self.end = len(pattern)
        backslashes = len(pattern) - 1 - len(pattern[:-1].rstrip("\\"))
        if pattern.endswith("$") and backslashes % 2 == 0 and self.at < self.end:
            self.end -= 1

    def problem(self, reason: str) -> ConfigError:
        """Return an error about the place that is being read."""
        return ConfigError(f"{self._place} {self._pattern!r}, position {self.at + 1}: {reason}")

    def choice(self, depth: int) -> Node:
        """Read alternatives up to a closing parenthesis or the end."""
        if depth > _DEEPEST:
            raise self.problem(f"groups are nested deeper than {_DEEPEST}; write fewer")
        parts = [self._row(depth)]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._row(depth))
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _peek(self) -> str:
        return self._pattern[self.at] if self.at < self.end else ""

    def _row(self, depth: int) -> Node:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(depth))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _repeated(self, depth: int) -> Node:
        part = self._atom(depth)
        sign = self._peek()
        if sign not in _REPEATS:
            return part
        if sign == "{":
            least, most = self._counts()
        else:
            self.at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        if self._peek() in _REPEATS:
            raise self.problem(
                "a repetition is repeated, lazy or possessive; put the first one in a group '(...)'"
            )
        return Repeat(part, least, most)

    def _counts(self) -> tuple[int, int | None]:
        close = self._pattern.find("}", self.at, self.end)
        inner = self._pattern[self.at + 1 : close] if close > 0 else ""
        first, comma, second = inner.partition(",")
        is_count = [part.isascii() and part.isdigit() for part in (first, second)]
        if not is_count[0] or not (is_count[1] or second == ""):
            raise self.problem("write {m}, {m,} or {m,n}, or '\\{' for the sign itself")
        least = int(first)
        most = least if not comma else int(second) if second else None
        if max(least, most or 0) > MOST_REPEATS:
            raise self.problem(f"at most {MOST_REPEATS} repetitions can be asked for")
        if most is not None and most < least:
            raise self.problem(f"the counts run backwards; write {{{most},{least}}}")
        self.at = close + 1
        return least, most

    def _atom(self, depth: int) -> Node:
        sign = self._peek()
        if sign == "(":
            return self._group(depth)
        if sign == "[":
            return One(self._set())
        if sign in _MARKS:
            raise self.problem(_MARKS[sign])
        if sign == "\\":
            return One(self._escape())
        self.at += 1
        return One(IN_LINE if sign == "." else CharSet.of(sign))

    def _escape(self) -> CharSet:
        if self.at + 1 >= self.end:
            raise self.problem("a backslash at the end; write two for a backslash itself")
        where = f"{self._place} {self._pattern!r}, position {self.at + 1}"
        found = escaped(self._pattern[self.at + 1], where)
        self.at += 2
        return CharSet.of(found) if isinstance(found, str) else found

    def _group(self, depth: int) -> Node:
        opening = self.at
        self.at += 1
        if self._pattern.startswith("?:", self.at):
            self.at += 2
        elif self._peek() == "?":
            raise self.problem(
                "only groups '(...)' and '(?:...)' are known: no look-around, names or flags"
            )
        inner = self.choice(depth + 1)
        if self._peek() != ")":
            self.at = opening
            raise self.problem("the group is not closed; add ')' or write '\\(' for the sign")
        self.at += 1
        return inner

    def _set(self) -> CharSet:
        opening = self.at
        begin = opening + 1
        is_negated = self._pattern.startswith("^", begin)
        begin += is_negated
        close = begin
        while close < self.end and self._pattern[close] != "]":
            close += 2 if self._pattern[close] == "\\" else 1
        if close >= self.end or close == begin:
            raise self.problem("the set is not closed or empty; write '\\]' for a ']' in it")
        place = f"{self._place} {self._pattern!r}"
        charset = parse_set(self._pattern[begin:close], place=place, offset=begin)
        self.at = close + 1
        return charset.complement() if is_negated else charset


@dataclass(frozen=True)
class _Ends:
    """Where a part can begin and end, as bits of positions; whether it can be empty."""

    first: int
    last: int
    is_empty: bool


class _Positions:
    """The places of a pattern where a character is read, and which can follow which."""

    def __init__(self, name: str) -> None:
        self.charsets: list[CharSet] = []
        self.follow: list[int] = []
        self._name = name

    def add(self, node: Node) -> _Ends:
        """Number the positions of a part and return its ends."""
        if isinstance(node, One):
            if len(self.charsets) >= _MOST_POSITIONS:
                raise too_large(self._name)
            bit = 1 << len(self.charsets)
            self.charsets.append(node.charset)
            self.follow.append(0)
            return _Ends(bit, bit, False)
        if isinstance(node, Choice):
            ends = [self.add(part) for part in node.parts]
            first = last = 0
            for end in ends:
                first, last = first | end.first, last | end.last
            return _Ends(first, last, any(end.is_empty for end in ends))
        if isinstance(node, Repeat):
            return self._add_repeat(node)
        whole = _Ends(0, 0, True)
        for part in node.parts:
            whole = self._join(whole, self.add(part))
        return whole

    def _connect(self, last: int, first: int) -> None:
        for position in _bits(last):
            self.follow[position] |= first

    def _join(self, before: _Ends, after: _Ends) -> _Ends:
        self._connect(before.last, after.first)
        return _Ends(
            before.first | (after.first if before.is_empty else 0),
            after.last | (before.last if after.is_empty else 0),
            before.is_empty and after.is_empty,
        )

    def _add_repeat(self, node: Repeat) -> _Ends:
        n_copies = max(node.least, 1) if node.most is None else node.most
        first = last = 0
        end = _Ends(0, 0, True)
        is_empty = node.least == 0
        for copy in range(1, n_copies + 1):
            previous, end = end, self.add(node.part)
            # Leaving out an empty copy is the same as asking for fewer: no move skips a copy.
            is_empty |= end.is_empty
            first = first or end.first
            self._connect(previous.last, end.first)
            if copy >= node.least or end.is_empty:
                last |= end.last
        if node.most is None:
            self._connect(end.last, end.first)
        return _Ends(first, last, is_empty)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def regex(pattern: str, name: str | None = None) -> Dfa:
    """Accept the whole texts that a pattern matches.

    Args:
        pattern: As the module describes.
        name: What it is called in messages; none: after the pattern.

    Raises:
        ConfigError: If the pattern cannot be read.
        ConstraintError: If its automaton would be too large.
    """
    called = f"--regex {pattern!r}" if name is None else name
    positions = _Positions(called)
    ends = positions.add(parse_pattern(pattern))
    distinct = list(dict.fromkeys(positions.charsets))
    partition = Partition.of(distinct)
    inside = [charset.contains(partition.samples) for charset in distinct]
    readers = [0] * partition.n_labels  # label -> bits of the positions that read it
    row_of = {charset: row for row, charset in enumerate(distinct)}
    for position, charset in enumerate(positions.charsets):
        for label in np.flatnonzero(inside[row_of[charset]]).tolist():
            readers[label] |= 1 << position
    return _determined(positions.follow, ends, readers, partition, called)


def _determined(
    follow: list[int], ends: _Ends, readers: list[int], partition: Partition, name: str
) -> Dfa:
    """Subset construction; a state is what may be read next and whether the text may end."""
    start = (ends.first, ends.is_empty)
    number = {start: 0}
    order = [start]
    state_of: dict[int, int] = {0: -1}
    rows = []
    for possible, _ in order:
        row = []
        for reader in readers:
            read = possible & reader
            if read not in state_of:
                following = 0
                for position in _bits(read):
                    following |= follow[position]
                state = (following, read & ends.last != 0)
                if state not in number:
                    number[state] = len(order)
                    order.append(state)
                state_of[read] = number[state]
            row.append(state_of[read])
        rows.append(row)
        if len(rows) * partition.n_labels > LARGEST // 10:
            raise too_large(name)
    accepts = np.array([is_end for _, is_end in order])
    return trimmed(Dfa(partition, np.array(rows, dtype=np.int32), accepts, name))
