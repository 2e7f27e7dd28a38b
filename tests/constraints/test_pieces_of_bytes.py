"""Rules on codecs whose symbols are pieces of UTF-8 that may begin and end within a character."""

import codecs
from collections import Counter
from itertools import product

import numpy as np
import pytest
import rule_drawing
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_drawing import END, FIRST, MISSING

from serinette.constraints.bans import CopyBan, NoRepeat
from serinette.constraints.charset import CharSet
from serinette.constraints.lift import lift
from serinette.constraints.rules import (
    acrostic,
    ban,
    characters,
    fixed,
    length,
    line_length,
    lines,
    require,
)
from serinette.constraints.spelling import Cut, Spelling, cut
from serinette.constraints.tables import both

SINGLE = [bytes([octet]) for octet in range(256)]
LONGER = [
    *(b"ab", "aé".encode(), "€".encode(), b"\n" * 2),
    *(b"\xe2\x82", b"\x82\xac", b"\xaca", b"b\xe2", b"\xa9\xe2", b"\x98\x80", b"a\xf0\x9f"),
]
SPELLING = Spelling((b"", b"", *SINGLE, *LONGER), END, MISSING)
INSIDE = "ab\né€"

RULES = {
    "acrostic": (
        lambda: acrostic("é€"),
        lambda t: [line[:1] for line in t.split("\n")] == ["é", "€"],
    ),
    "line length": (
        lambda: line_length(1, 2),
        lambda t: all(1 <= len(line) <= 2 for line in t.split("\n")),
    ),
    "lines": (lambda: lines(2, 2), lambda t: t.count("\n") == 1),
    "length": (lambda: length(2, 3), lambda t: 2 <= len(t) <= 3),
    "ban": (lambda: ban(("a€", "éé")), lambda t: "a€" not in t and "éé" not in t),
    "require": (lambda: require(("€a",)), lambda t: "€a" in t),
    "fixed": (lambda: fixed({2: "é"}), lambda t: t[1:2] in ("", "é")),
}
names = st.sampled_from(list(RULES))


def following(check, max_steps):
    """Every prefix of symbols -> what may follow it, by trying all sequences."""
    octets = set(INSIDE.encode())
    symbols = [i for i, piece in enumerate(SPELLING.pieces) if piece and octets.issuperset(piece)]
    found = {}
    for n in range(max_steps + 1):
        for sequence in product(symbols, repeat=n):
            try:
                text = b"".join(SPELLING.pieces[symbol] for symbol in sequence).decode()
            except UnicodeDecodeError:
                continue
            if set(text) <= set(INSIDE) and check(text):
                for step in range(n):
                    found.setdefault(sequence[:step], set()).add(sequence[step])
                found.setdefault(sequence, set()).add(END)
    return found


@settings(max_examples=15)
@given(names, names)
def test_a_piece_is_allowed_exactly_if_the_text_can_still_be_completed(first, second):
    max_steps = 3
    (build, check), (build_too, check_too) = RULES[first], RULES[second]
    rule = both(both(build(), build_too()), characters(CharSet.of(INSIDE)))
    constraint = lift(rule, SPELLING)
    for begun, expected in following(lambda t: check(t) and check_too(t), max_steps).items():
        if len(begun) == max_steps:
            continue
        state = constraint.start(1)
        for symbol in begun:
            state = constraint.advance(state, np.array([symbol]))
        mask = constraint.allowed(state, np.array([max_steps - len(begun)]))[0]
        assert set(np.flatnonzero(mask).tolist()) == expected, begun


@settings(max_examples=30)
@given(names, names, st.integers(1, 12), st.integers(0, 99), st.booleans())
def test_what_is_drawn_in_pieces_of_bytes_keeps_the_rules(first, second, steps, seed, is_exact):
    (build, check), (build_too, check_too) = RULES[first], RULES[second]
    with pytest.MonkeyPatch.context() as patch:
        if not is_exact:
            patch.setattr("serinette.constraints.octet_walk.LARGEST", 1)
        constraint = lift(both(build(), build_too()), SPELLING)
    if constraint.steps_after("") > steps:
        return
    for text in rule_drawing.draw(constraint, SPELLING, steps, n_rows=4, seed=seed):
        assert check(text), text
        assert check_too(text), text


TEXTS = st.text("ab€é😀", max_size=8)


def cuttings(text):
    """Two ways to write a text: byte by byte, and by the longest pieces from the left."""
    data, longest = text.encode(), []
    while data:
        piece = max((p for p in (*SINGLE, *LONGER) if data.startswith(p)), key=len)
        longest.append(SPELLING.pieces.index(piece, FIRST))
        data = data[len(piece) :]
    return [octet + FIRST for octet in text.encode()], longest


def state_after(constraint, symbols):
    state = constraint.start(1)
    for symbol in symbols:
        state = constraint.advance(state, np.array([symbol]))
    return state


REMEMBERING = (lift(length(0, 9), SPELLING), NoRepeat(2, SPELLING, 30))


@given(TEXTS)
def test_what_is_remembered_does_not_depend_on_how_a_text_is_cut(text):
    for constraint in REMEMBERING:
        one, other = (state_after(constraint, symbols) for symbols in cuttings(text))
        assert np.array_equal(one, other)


def repeats(text, n):
    return any(
        count > 1 for count in Counter(text[i : i + n] for i in range(len(text) - n + 1)).values()
    )


def copies(text, source, most):
    return any(text[i : i + most + 1] in source for i in range(len(text) - most))


def completed(octets):
    """The whole characters of a beginning of UTF-8, or None where it is none."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(octets)
    except UnicodeDecodeError:
        return None


@settings(max_examples=60)
@given(TEXTS, TEXTS, st.integers(1, 3), st.sampled_from([b"", b"\xe2", b"\xe2\x82", b"\xf0\x9f"]))
def test_rules_on_repetition_judge_exactly_the_characters_a_piece_completes(source, text, n, begun):
    if repeats(text, n) or copies(text, source, n):
        return
    symbols = [octet + FIRST for octet in text.encode() + begun]
    for constraint, is_bad in (
        (NoRepeat(n, SPELLING, 60), lambda whole: repeats(whole, n)),
        (CopyBan(source, n, SPELLING), lambda whole: copies(whole, source, n)),
    ):
        mask = constraint.allowed(state_after(constraint, symbols), np.array([9]))[0]
        for symbol in range(FIRST, SPELLING.size):
            whole = completed(text.encode() + begun + SPELLING.pieces[symbol])
            if whole is not None:
                assert mask[symbol] != is_bad(whole), (text, begun, SPELLING.pieces[symbol])


@pytest.mark.parametrize(
    ("octets", "head", "text", "tail"),
    [
        ("a€é".encode(), b"", "a€é", b""),
        (b"\x82\xaca\xf0\x9f", b"\x82\xac", "a", b"\xf0\x9f"),
        (b"\x82", b"\x82", "", b""),
        (b"\xf0\x9f\x98", b"", "", b"\xf0\x9f\x98"),
        (b"\xff", b"", "", b"\xff"),
        (b"\xffabcd", b"\xffabcd", "", b""),
        (b"", b"", "", b""),
    ],
)
def test_a_piece_is_cut_at_the_borders_of_its_characters(octets, head, text, tail):
    assert cut(octets) == Cut(head, text, tail)


def test_a_piece_that_is_no_utf_8_is_never_allowed():
    spelling = Spelling((b"", b"", *SINGLE, b"\xff", b"\xffabcd", b"a\xc0b"), END, MISSING)
    mask = lift(length(0, 9), spelling).allowed(np.array([0]), np.array([9]))[0]
    assert not mask[[MISSING, FIRST + 0xFF, 258, 259, 260]].any()
    assert mask[FIRST + ord("a")]
