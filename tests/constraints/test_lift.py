import re
import time
from collections.abc import Callable

import numpy as np
import pytest
import rule_drawing
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_drawing import BYTES, END, FIRST, MISSING, read, sequences, spelling_of, text_of

from serinette.constraints.charset import CharSet
from serinette.constraints.lift import lift
from serinette.constraints.regex import regex
from serinette.constraints.rules import (
    acrostic,
    ban,
    characters,
    fixed,
    length,
    line_length,
    lines,
    prefix,
    require,
)
from serinette.constraints.spelling import Spelling
from serinette.constraints.tables import NEVER, both

LETTERS = spelling_of("a", "b", "\n")
WORDS = spelling_of("a", "b", "\n", "ab", "ba", "a\n", "bbb")


def keeps_acrostic(text, heads, at):
    rows = text.split("\n")
    if len(rows) != len(heads) or not all(rows):
        return False
    if at == "first":
        return all(row[0] == head for row, head in zip(rows, heads, strict=True))
    if at == "last":
        return all(row[-1] == head for row, head in zip(rows, heads, strict=True))
    return all(row[at - 1 : at] == head for row, head in zip(rows, heads, strict=True))


def only(known):
    return characters(CharSet.of(known))


def ruled(build, check):
    """What builds a rule, and the independent plain check of it."""
    return args_of[build].map(lambda args: (lambda: build(*args), lambda text: check(text, *args)))


words = st.lists(st.text("ab\n", min_size=1, max_size=3), min_size=1, max_size=3)
span = st.tuples(st.integers(0, 3), st.none() | st.integers(3, 5))
args_of = {
    acrostic: st.tuples(
        st.text("ab", min_size=1, max_size=3), st.sampled_from(["first", "last", 1, 2])
    ),
    lines: st.tuples(st.integers(1, 2), st.none() | st.integers(2, 3)),
    line_length: span,
    length: span,
    ban: words.map(lambda x: (x,)),
    require: words.map(lambda x: (x,)),
    prefix: st.text("ab\n", max_size=3).map(lambda x: (x,)),
    fixed: st.dictionaries(st.sampled_from([1, 3, 5]), st.text("ab", min_size=1, max_size=2)).map(
        lambda x: (x,)
    ),
    regex: st.sampled_from(["a*b", "(ab|ba)+", "[^b]{2,4}", ".*\n.*", "a?b?a?"]).map(
        lambda x: (x,)
    ),
    only: st.sampled_from(["a", "ab", "b\n"]).map(lambda x: (x,)),
}


def within(n, least, most):
    return n >= least and (most is None or n <= most)


CHECKS = {
    acrostic: keeps_acrostic,
    lines: lambda text, least, most: within(len(text.split("\n")), least, most),
    line_length: lambda text, *ends: all(within(len(row), *ends) for row in text.split("\n")),
    length: lambda text, *ends: within(len(text), *ends),
    ban: lambda text, banned: not any(word in text for word in banned),
    require: lambda text, wanted: all(word in text for word in wanted),
    prefix: lambda text, start: text.startswith(start),
    fixed: lambda text, at: all(text[p - 1 : p - 1 + len(t)] == t for p, t in at.items()),
    regex: lambda text, pattern: bool(re.fullmatch(pattern, text)),
    only: lambda text, known: set(text) <= set(known),
}
rules = st.one_of(*(ruled(build, check) for build, check in CHECKS.items()))


@given(rules, st.text("ab\nc", max_size=7))
def test_every_rule_judges_a_text_as_plain_python_does(rule, text):
    build, check = rule
    assert build().matches(text) == check(text)


def possible_next(spelling, check, max_steps):
    """Every prefix -> what may follow it: all completions are enumerated."""
    following = {}
    for sequence in sequences(spelling, max_steps):
        if check(text_of(spelling, sequence)):
            for step in range(len(sequence)):
                following.setdefault(sequence[:step], set()).add(sequence[step])
            following.setdefault(sequence, set()).add(END)
    return following


@settings(max_examples=40)
@given(rules, rules, st.booleans())
def test_a_symbol_is_allowed_exactly_if_the_text_can_still_be_completed(first, second, is_words):
    spelling, max_steps = (WORDS, 4) if is_words else (LETTERS, 5)
    constraint = lift(both(first[0](), second[0]()), spelling)

    def check(text):
        return first[1](text) and second[1](text)

    following = possible_next(spelling, check, max_steps)
    fewest = min((len(s) for s, after in following.items() if END in after), default=None)
    needed = constraint.steps_after("")
    assert needed == fewest if fewest is not None else needed > max_steps
    for begun, expected in following.items():
        if len(begun) == max_steps:
            continue
        state = constraint.start(1)
        for symbol in begun:
            state = constraint.advance(state, np.array([symbol]))
        mask = constraint.allowed(state, np.array([max_steps - len(begun)]))[0]
        assert set(np.flatnonzero(mask).tolist()) == expected, begun


@settings(max_examples=60)
@given(rules, rules, st.integers(0, 9), st.integers(0, 99))
def test_what_is_drawn_keeps_the_rules_in_every_codec(first, second, max_steps, seed):
    automaton = both(first[0](), second[0]())
    for spelling in (LETTERS, WORDS, BYTES):
        constraint = lift(automaton, spelling)
        if constraint.steps_after("") > max_steps:
            continue
        for text in rule_drawing.draw(constraint, spelling, max_steps, seed=seed):
            assert first[1](text), (spelling, text)
            assert second[1](text), (spelling, text)


CODES = st.sampled_from("aé€😀\x00\x7f\x80߿ࠀ\uffff\U0010ffff\ud7ff\ue000Ж日")


@settings(max_examples=60)
@given(st.text(CODES, min_size=1, max_size=4), st.text(CODES, max_size=4), st.integers(0, 12))
def test_characters_and_bytes_agree_on_what_is_possible(inside, text, extra):
    automaton = both(characters(CharSet.of(inside)), length(1, 5))
    by_byte = lift(automaton, BYTES)
    remaining = len(text.encode()) + extra
    state = by_byte.start(1)
    for place, symbol in enumerate(rule_drawing.symbols_of(BYTES, text)):
        left = remaining - place
        if not by_byte.allowed(state, np.array([left]))[0, symbol]:
            assert not set(text) <= set(inside) or len(text) > 5
            return
        state = by_byte.advance(state, np.array([symbol]))
    assert set(text) <= set(inside)
    mask = by_byte.allowed(state, np.array([max(extra, 1)]))[0]
    assert mask[END] == (1 <= len(text) <= 5)
    if len(text) < 5:
        firsts = {c.encode()[0] + FIRST for c in inside if len(c.encode()) <= max(extra, 1)}
        assert set(np.flatnonzero(mask[FIRST:]) + FIRST) == firsts


def test_bytes_without_a_rule_are_all_well_formed_characters():
    constraint = lift(length(0, None), BYTES)
    drawn = rule_drawing.draw(constraint, BYTES, 40, n_rows=300)
    assert max(map(max, filter(None, drawn))) > "\U000f0000"
    assert constraint.steps_after("é") == 0


@pytest.mark.parametrize("text", ["é", "é€", "€😀a", "aé😀😀b"])
def test_bytes_need_the_bytes_of_the_shortest_text(text):
    constraint = lift(regex(f"{text}|a{{30}}"), BYTES)
    n_bytes = len(text.encode())
    assert constraint.steps_after("") == n_bytes
    first = rule_drawing.symbols_of(BYTES, text)[0]
    for remaining in (n_bytes, n_bytes - 1):
        mask = constraint.allowed(constraint.start(1), np.array([remaining]))[0]
        assert mask[first] == (remaining >= n_bytes)


def test_a_character_outside_the_vocabulary_is_no_way_out():
    constraint = lift(regex("x*(ab|c)"), spelling_of("x", "a", "b"))
    mask = constraint.allowed(constraint.start(1), np.array([2]))[0]
    assert mask.tolist() == [False, False, False, True, False]
    assert lift(regex("c"), spelling_of("a")).steps_after("") == NEVER


def test_missing_is_never_allowed_and_reads_as_an_unknown_character():
    spelling = spelling_of("a")
    constraint = lift(regex(".*"), spelling)
    assert not constraint.allowed(constraint.start(3), np.array([1, 2, 3]))[:, MISSING].any()
    only_known = lift(regex("[^a]a*"), spelling)
    state = only_known.advance(only_known.start(1), np.array([MISSING]))
    assert only_known.allowed(state, np.array([1]))[0].tolist() == [True, False, True]
    assert only_known.steps_after("é") == 0


def test_what_a_codec_writes_for_missing_is_never_allowed():
    spelling = Spelling(pieces=("", "\ufffd", "a"), end=END, missing=MISSING)
    constraint = lift(regex(".*"), spelling)
    assert constraint.allowed(constraint.start(1), np.array([9]))[0].tolist() == [True, False, True]


def test_a_row_of_bytes_that_has_ended_stays():
    constraint = lift(regex("ab*"), BYTES)
    state = read(constraint, BYTES, "ab")
    assert constraint.advance(state, np.array([END])) == state


def test_a_row_that_has_ended_stays_and_a_breach_starts_afresh():
    constraint = lift(regex("ab*"), LETTERS)
    state = read(constraint, LETTERS, "ab")
    assert constraint.advance(state, np.array([END])) == state
    assert constraint.advance(state, np.array([FIRST + 2])) == constraint.start(1)


def test_forgotten_masks_are_worked_out_again(monkeypatch):
    monkeypatch.setattr("serinette.constraints.lift._MOST_BYTES", 1)
    constraint = lift(length(3, 9), LETTERS)
    for text in rule_drawing.draw(constraint, LETTERS, 9, n_rows=5):
        assert 3 <= len(text) <= 9


def test_counting_characters_is_safe_where_words_are_too_many(monkeypatch):
    monkeypatch.setattr("serinette.constraints.walks.LARGEST", 1)
    constraint = lift(length(3, 7), WORDS)
    for text in rule_drawing.draw(constraint, WORDS, 4, n_rows=30):
        assert 3 <= len(text) <= 7


def _least_seconds(work: Callable[[], object]) -> float:
    """The quickest of fifty calls: what the machine's other work disturbed least."""
    seconds = []
    for _ in range(50):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


@pytest.mark.slow
def test_a_warm_step_of_a_large_vocabulary_costs_less_than_the_exponentials_of_its_logits():
    spelling = spelling_of(*map(chr, range(0x4E00, 0x4E00 + 5000)), "\n")
    constraint = lift(acrostic("".join(map(chr, range(0x4E00, 0x4E40)))), spelling)
    state = np.arange(64, dtype=np.int64) % 100
    remaining = np.full(64, 500)
    logits = np.zeros(constraint.allowed(state, remaining).shape, dtype=np.float32)
    of_step = _least_seconds(lambda: constraint.allowed(state, remaining))
    assert of_step < _least_seconds(lambda: np.exp(logits))
