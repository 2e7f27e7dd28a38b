from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_drawing import BYTES, END, FIRST, draw, read, spelling_of, symbols_of

from serinette.constraints.bans import CopyBan, NoRepeat
from serinette.constraints.combine import Conjunction, Soft
from serinette.constraints.lift import lift
from serinette.constraints.rules import ban, length

LETTERS = spelling_of("a", "b", "c", "é")
WORDS = spelling_of("a", "b", "c", "é", "ab", "bcb", "aaa", "abcab")


def grams(text, n):
    return [text[i : i + n] for i in range(len(text) - n + 1)]


def repeats(text, n):
    return any(count > 1 for count in Counter(grams(text, n)).values())


def copies(text, source, most):
    return any(gram in source for gram in grams(text, most + 1))


def check_exact(constraint, spelling, text, is_bad):
    """`allowed` forbids exactly the pieces that would make the text bad."""
    mask = constraint.allowed(read(constraint, spelling, text), np.array([9]))[0]
    for symbol in range(FIRST, spelling.size):
        assert mask[symbol] != is_bad(text + spelling.pieces[symbol]), (text, symbol)
    assert mask[END]


@given(st.text("abcé", max_size=12), st.integers(1, 5))
def test_no_repeat_forbids_exactly_what_repeats(text, n):
    if repeats(text, n):
        return
    for spelling in (LETTERS, WORDS):
        constraint = NoRepeat(n, spelling, 40)
        check_exact(constraint, spelling, text, lambda whole: repeats(whole, n))


@given(st.text("abcé", max_size=10), st.text("abcé", max_size=12), st.integers(1, 5))
def test_the_ban_on_copies_forbids_exactly_what_copies(source, text, most):
    if copies(text, source, most):
        return
    for spelling in (LETTERS, WORDS):
        constraint = CopyBan(source, most, spelling)
        check_exact(constraint, spelling, text, lambda whole: copies(whole, source, most))


@given(st.text("abé😀", max_size=10), st.text("abé😀", max_size=12), st.integers(1, 4))
def test_what_a_text_breaks_is_found(source, text, n):
    stretch = NoRepeat(n, LETTERS, 40).broken_in(text)
    assert (stretch is not None) == repeats(text, n)
    assert stretch is None or (len(stretch) == n and grams(text, n).count(stretch) > 1)
    stretch = CopyBan(source, n, LETTERS).broken_in(text)
    assert (stretch is not None) == copies(text, source, n)
    assert stretch is None or (len(stretch) == n + 1 and stretch in text and stretch in source)


@settings(max_examples=40)
@given(st.text("ab€é😀", max_size=10), st.text("ab€é😀", max_size=10), st.integers(1, 3))
def test_bytes_are_stopped_at_the_byte_that_completes_a_character(source, text, n):
    if repeats(text, n) or copies(text, source, n):
        return
    for constraint, is_bad in (
        (NoRepeat(n, BYTES, 40), lambda whole: repeats(whole, n)),
        (CopyBan(source, n, BYTES), lambda whole: copies(whole, source, n)),
    ):
        for character in "ab€é😀ü":
            *begun, last = symbols_of(BYTES, character)
            state = read(constraint, BYTES, text)
            for symbol in begun:
                assert constraint.allowed(state, np.array([9]))[0, symbol]
                state = constraint.advance(state, np.array([symbol]))
            assert constraint.allowed(state, np.array([9]))[0, last] != is_bad(text + character)


@pytest.mark.parametrize("spelling", [LETTERS, WORDS, BYTES])
def test_rows_never_mix(spelling):
    chance = np.random.default_rng(3)
    texts = ["".join(chance.choice([*"abcé"], 12)) for _ in range(20)]
    for constraint in (NoRepeat(3, spelling, 60), CopyBan("abcéabab" * 3, 2, spelling)):
        states = [read(constraint, spelling, text) for text in texts]
        together = constraint.allowed(np.concatenate(states), np.full(20, 9))
        for row, state in enumerate(states):
            assert np.array_equal(together[row], constraint.allowed(state, np.array([9]))[0])


def test_a_row_without_room_for_a_piece_may_only_end_or_take_a_shorter_one():
    constraint = NoRepeat(2, WORDS, 3)
    mask = constraint.allowed(read(constraint, WORDS, "ab"), np.array([9]))[0]
    allowed = [WORDS.pieces[symbol] for symbol in np.flatnonzero(mask)]
    assert allowed == ["", "a", "b", "c", "é"]


@settings(max_examples=20)
@given(st.integers(2, 4), st.integers(0, 99))
def test_a_conjunction_draws_what_all_parts_allow(n, seed):
    source = "abcabcaabbcc"
    parts = [lift(length(2, 9), WORDS), NoRepeat(n, WORDS, 90), CopyBan(source, 3, WORDS)]
    constraint = Conjunction(parts)
    assert constraint.may_dead_end
    for text in draw(constraint, WORDS, 6, seed=seed):
        assert text is None or (
            2 <= len(text) <= 9 and not repeats(text, n) and not copies(text, source, 3)
        )


def test_only_parts_that_look_ahead_alone_or_together_are_safe_from_dead_ends():
    ahead = lift(length(1, 2), LETTERS)
    assert not Conjunction([ahead]).may_dead_end
    assert not Conjunction([ahead, Soft(lift(ban(["a"]), LETTERS), 1.0)]).may_dead_end
    assert Conjunction([ahead, lift(length(1, 3), LETTERS)]).may_dead_end
    assert Conjunction([NoRepeat(2, LETTERS, 9)]).may_dead_end


def test_a_soft_rule_takes_nats_from_a_breach_and_then_begins_afresh():
    soft = Soft(lift(ban(["ab"]), LETTERS), 2.5)
    constraint = Conjunction([soft, Soft(lift(ban(["b"]), LETTERS), 1.0)])
    assert constraint.has_penalty
    state = read(constraint, LETTERS, "a")
    b = FIRST + 1
    assert constraint.penalty(state)[0].tolist() == [0, 3.5, 0, 3.5, 0, 0]
    assert constraint.allowed(state, np.array([1])).all()
    after = constraint.advance(state, np.array([b]))
    assert constraint.penalty(after)[0, b] == 1.0
