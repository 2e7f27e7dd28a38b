"""Rules on whole texts, each as one automaton.

A line is what stands between line breaks: a text with two line breaks has three lines, and the
empty text has one, which is empty.

Shape letters: `S` states, `K` labels, `F` states that are explored together.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Int32, Int64

from serinette.constraints.charset import LINE_BREAK, CharSet
from serinette.constraints.tables import DEAD, Dfa, Partition, explore, too_large, trimmed
from serinette.core.errors import ConstraintError

MOST_REQUIRED = 12
"""Most words that one text can be required to contain: the states double with each."""
_LARGEST_COUNT = 1_000_000
_REST, _BREAK = 0, 1
"""The two labels of the rules on lines."""


def prefix(text: str, name: str | None = None) -> Dfa:
    """Accept what begins with a text."""
    places = dict(enumerate(text, start=1))
    return _placed(places, f"the prefix {text!r}" if name is None else name)


def fixed(texts: Mapping[int, str], name: str = "--fixed") -> Dfa:
    """Accept what has given texts at given positions.

    Args:
        texts: Position of the first character, counted from 1 in code points -> text.
        name: What it is called in messages.

    Raises:
        ConstraintError: If two of them give one position different characters.
    """
    places: dict[int, str] = {}
    for position, text in sorted(texts.items()):
        for place, character in enumerate(text, start=position):
            if places.setdefault(place, character) != character:
                raise ConstraintError(
                    f"{name}: position {place} cannot be both {places[place]!r} and {character!r}; "
                    "change one of them"
                )
    return _placed(places, name)


def _placed(places: Mapping[int, str], name: str) -> Dfa:
    """Accept what has the given character at every given place, counted from 1."""
    n_places = max(places, default=0)
    if n_places > _LARGEST_COUNT:
        raise too_large(name)
    partition, label_of = _each(places.values())
    table = np.full((n_places + 1, partition.n_labels), DEAD, dtype=np.int32)
    free = np.array([place not in places for place in range(1, n_places + 1)], dtype=bool)
    table[:-1][free] = np.arange(1, n_places + 1)[free, None]
    for place, character in places.items():
        table[place - 1, label_of[character]] = place
    table[-1] = n_places
    return Dfa(partition, table, np.arange(n_places + 1) == n_places, name)


def _each(signs: Iterable[str]) -> tuple[Partition, dict[str, int]]:
    distinct = sorted(set(signs))
    partition = Partition.of_each("".join(distinct))
    return partition, {character: label for label, character in enumerate(distinct, start=1)}


def acrostic(heads: str, at: str | int = "first", name: str | None = None) -> Dfa:
    """Accept as many lines as `heads` has characters, line i with the i-th at a given place.

    No line is empty.

    Args:
        heads: At least one character, no line break.
        at: `first`, `last` (before the line break or the end) or the place in the line,
            counted from 1.
        name: What it is called in messages.
    """
    called = f"--acrostic {heads!r}" if name is None else name
    partition, label_of = _each(heads + "\n")
    labels = [label_of[head] for head in heads]
    line_break = label_of["\n"]
    if at == "last":
        return _last_acrostic(labels, line_break, partition, called)
    place = 1 if at == "first" else int(at)
    # State line * (place + 1) + i: i characters of the line are read, or more than `place`.
    width = place + 1
    if width * len(heads) > _LARGEST_COUNT:
        raise too_large(called)
    table = np.full((len(heads), width, partition.n_labels), DEAD, dtype=np.int32)
    begins = np.arange(len(heads)) * width
    for read in range(place - 1):
        table[:, read] = (begins + read + 1)[:, None]
    table[np.arange(len(heads)), place - 1, labels] = begins + place
    table[:, place] = (begins + place)[:, None]
    table[:, :, line_break] = DEAD
    table[:-1, place, line_break] = begins[1:]
    accepts = np.arange(len(heads) * width) == begins[-1] + place
    return Dfa(partition, table.reshape(-1, partition.n_labels), accepts, called)


def _last_acrostic(labels: list[int], line_break: int, partition: Partition, name: str) -> Dfa:
    """State 2 * line: the last character is none or another; 2 * line + 1: it is the head."""
    n_lines = len(labels)
    begins = 2 * np.arange(n_lines)
    table = np.empty((n_lines, 2, partition.n_labels), dtype=np.int32)
    table[:] = begins[:, None, None]
    table[np.arange(n_lines), :, labels] = begins[:, None] + 1
    table[:, :, line_break] = DEAD
    table[:-1, 1, line_break] = begins[1:]
    accepts = np.arange(2 * n_lines) == 2 * n_lines - 1
    return Dfa(partition, table.reshape(-1, partition.n_labels), accepts, name)


def _on_lines(table: Int32[np.ndarray, "S 2"], least: int, name: str) -> Dfa:
    return Dfa(Partition.of((LINE_BREAK,)), table, np.arange(len(table)) >= least, name)


def lines(least: int, most: int | None, name: str | None = None) -> Dfa:
    """Accept from `least` to `most` lines; None: any number from `least` on."""
    called = f"--lines {_span(least, most)}" if name is None else name
    last = _last_count(least, most, called)
    table = np.empty((last, 2), dtype=np.int32)  # state i: i + 1 lines
    table[:, _REST] = np.arange(last)
    table[:, _BREAK] = np.arange(1, last + 1)
    table[-1, _BREAK] = last - 1 if most is None else DEAD
    return _on_lines(table, least - 1, called)


def line_length(least: int, most: int | None, name: str | None = None) -> Dfa:
    """Accept what has from `least` to `most` characters in every line."""
    called = f"--line-length {_span(least, most)}" if name is None else name
    last = _last_count(least, most, called)
    table = np.empty((last + 1, 2), dtype=np.int32)  # state i: i characters in this line
    table[:, _REST] = np.arange(1, last + 2)
    table[-1, _REST] = last if most is None else DEAD
    table[:, _BREAK] = np.where(np.arange(last + 1) >= least, 0, DEAD)
    return _on_lines(table, least, called)


def length(least: int, most: int | None, name: str | None = None) -> Dfa:
    """Accept from `least` to `most` characters in all."""
    called = f"--length {_span(least, most)}" if name is None else name
    last = _last_count(least, most, called)
    table = np.arange(1, last + 2, dtype=np.int32)[:, None]
    table[-1] = last if most is None else DEAD
    return Dfa(Partition.of(()), table, np.arange(last + 1) >= least, called)


def _last_count(least: int, most: int | None, name: str) -> int:
    last = max(least, 1) if most is None else most
    if last > _LARGEST_COUNT:
        raise too_large(name)
    return last


def _span(least: int, most: int | None) -> str:
    if most is None:
        return f"{least}-"
    return str(least) if least == most else f"{least}-{most}"


def characters(charset: CharSet, name: str = "--characters") -> Dfa:
    """Accept what consists of the characters of a set."""
    partition = Partition.of((charset,))
    table = np.where(charset.contains(partition.samples), 0, DEAD).astype(np.int32)
    return Dfa(partition, table[None, :], np.ones(1, dtype=bool), name)


def ban(words: Sequence[str], name: str | None = None) -> Dfa:
    """Accept what contains none of the words.

    Args:
        words: Not empty ones.
        name: What it is called in messages.

    Reference: Aho and Corasick 1975.
    """
    called = "--ban " + ", ".join(map(repr, words)) if name is None else name
    partition, table, ends = _word_finder(words, called)
    is_banned = ends != 0
    table[is_banned[table]] = DEAD
    return trimmed(Dfa(partition, table, ~is_banned, called))


def require(words: Sequence[str], name: str | None = None) -> Dfa:
    """Accept what contains every one of the words.

    Args:
        words: Not empty ones, at most `MOST_REQUIRED`.
        name: What it is called in messages.
    """
    called = "--require " + ", ".join(map(repr, words)) if name is None else name
    partition, table, ends = _word_finder(words, called)
    n_sets = 1 << len(words)

    def step(ids: Int64[np.ndarray, " F"]) -> Int64[np.ndarray, "F K"]:
        nodes = table[ids // n_sets].astype(np.int64)
        seen = (ids % n_sets)[:, None] | ends[nodes]
        # Once all are there nothing is looked for: one state instead of one a node.
        following: Int64[np.ndarray, "F K"] = np.where(
            seen == n_sets - 1, n_sets - 1, nodes * n_sets + seen
        )
        return following

    ids, rows = explore(len(table) * n_sets, partition.n_labels, step, called)
    return Dfa(partition, rows, ids % n_sets == n_sets - 1, called)


def ending(text: str, name: str | None = None) -> Dfa:
    """Accept what ends with a text, which is not empty.

    Reference: Knuth, Morris and Pratt 1977.
    """
    called = f"--suffix {text!r}" if name is None else name
    partition, table, ends = _word_finder((text,), called)
    return Dfa(partition, table, ends != 0, called)


def _word_finder(
    words: Sequence[str], name: str
) -> tuple[Partition, Int32[np.ndarray, "S K"], Int64[np.ndarray, " S"]]:
    """Return the Aho-Corasick automaton, and which words end at a state as bits.

    Of more words than can be required, all are bit 0.
    """
    children: list[dict[str, int]] = [{}]
    ending: list[int] = [0]
    for number, word in enumerate(words):
        node = 0
        for character in word:
            if character not in children[node]:
                children[node][character] = len(children)
                children.append({})
                ending.append(0)
            node = children[node][character]
        ending[node] |= 1 << number if len(words) <= MOST_REQUIRED else 1
    partition, label_of = _each("".join(words))
    if len(children) * partition.n_labels > 10 * _LARGEST_COUNT:
        raise too_large(name)
    table = np.zeros((len(children), partition.n_labels), dtype=np.int32)
    ends = np.array(ending, dtype=np.int64)
    waiting = deque([(0, 0)])  # a node and the longest proper end of it that is a node too
    while waiting:
        node, shorter = waiting.popleft()
        ends[node] |= ends[shorter]
        if node:
            table[node] = table[shorter]
        for character, child in children[node].items():
            label = label_of[character]
            waiting.append((child, int(table[shorter, label]) if node else 0))
            table[node, label] = child
    return partition, table, ends
