from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from checker import is_legal
from hypothesis import given, settings
from hypothesis import strategies as st
from verse_words import GROUPS, LEXICON, NAMES, TONES, lexicon_of, write

from serinette.constraints.protocol import Constraint
from serinette.core.errors import ConstraintError
from serinette.kinds.poem.feasible import explain
from serinette.kinds.poem.forms import FORMS, form_named
from serinette.kinds.poem.verse import VerseConstraint, VerseWish

ASKING = [name for name in FORMS if name != "自由"]
HANZI = list(TONES)


@st.composite
def sounds(draw, most):
    """A small invented language: tones and rhyme groups of a few characters."""
    characters = "甲乙丙丁戊己庚辛壬癸"[: draw(st.integers(2, most))]
    tones = {c: draw(st.sampled_from(["平", "仄", "平仄"])) for c in characters}
    groups = {
        c: draw(st.lists(st.sampled_from("东支阳"), min_size=1, max_size=2, unique=True))
        for c in characters
        if "平" in tones[c]
    }
    return tones, groups


@st.composite
def wishes(draw, characters, names):
    """The settings of any wish, also of ones that cannot be met."""
    form = FORMS[draw(st.sampled_from(ASKING))]
    places = st.tuples(st.integers(1, form.n_lines), st.integers(1, form.line_length))
    return {  # the wish itself is made outside: its type check draws at random
        "form": form,
        "heads": "".join(draw(st.lists(st.sampled_from(characters), max_size=form.n_lines))),
        "head_place": draw(st.sampled_from(["first", "last", 2])),
        "fixed": draw(st.dictionaries(places, st.sampled_from(characters), max_size=2)),
        "rhyme": draw(st.sampled_from(["auto", "auto", "none", *names])),
        "tones": draw(st.sampled_from(["rescue", "strict", "none"])),
        "strict_polyphonic": draw(st.booleans()),
        "banned": draw(st.sampled_from(["", characters[0]])),
        "distinct_rhymes": draw(st.booleans()),
    }


@settings(max_examples=100, deadline=None)
@given(sounds(10), st.data())
def test_every_poem_of_an_invented_language_keeps_its_wish(language, data):
    tones, groups = language
    wish = VerseWish(**data.draw(wishes(list(tones), ["东", "支", "阳"])))
    lexicon = lexicon_of(tones, groups, ["东", "支", "阳"])
    if explain(lexicon, wish) is not None:
        return
    for text in write(VerseConstraint(lexicon, wish), lexicon, 3, 1):
        assert text is not None
        assert is_legal(text, tones, groups, wish), text


@settings(max_examples=100, deadline=None)
@given(wishes(HANZI, NAMES), st.integers(0, 99))
def test_every_poem_of_common_characters_keeps_its_wish(asked, seed):
    wish = VerseWish(**asked)
    if explain(LEXICON, wish) is not None:
        return
    for text in write(VerseConstraint(LEXICON, wish), LEXICON, 5, seed):
        assert text is not None
        assert is_legal(text, TONES, GROUPS, wish), text


def poem_of(characters, form):
    """Put the marks of a form into a run of characters."""
    n = form.line_length
    lines = ["".join(characters[k : k + n]) for k in range(0, len(characters), n)]
    return "".join(line + "，。"[k % 2] for k, line in enumerate(lines))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(sounds(4), st.sampled_from(["五言联", "五绝"]), st.data())
def test_a_symbol_is_allowed_exactly_if_a_legal_poem_goes_on_with_it(language, name, data):
    (tones, groups), form = language, FORMS[name]
    lexicon = lexicon_of(tones, groups, ["东", "支", "阳"])
    wish = VerseWish(
        form=form,
        tones=data.draw(st.sampled_from(["rescue", "rescue", "strict", "none"])),
        rhyme=data.draw(st.sampled_from(["auto", "none", "东"])),
        strict_polyphonic=data.draw(st.sampled_from([False, False, True])),
        distinct_rhymes=data.draw(st.booleans()),
    )
    places = list(product(range(1, form.n_lines + 1), range(1, form.line_length + 1)))
    most_free = int(np.log(200) / np.log(len(tones)))
    free = data.draw(st.sets(st.sampled_from(places), min_size=most_free, max_size=most_free))
    given_characters = data.draw(st.lists(st.sampled_from(sorted(tones)), min_size=20, max_size=20))
    if explain(lexicon, wish) is None:  # then start from a legal poem, so that others are near
        (text,) = write(VerseConstraint(lexicon, wish), lexicon, 1, data.draw(st.integers(0, 99)))
        given_characters = [c for c in text if c in tones]
    fixed = {at: c for at, c in zip(places, given_characters, strict=False) if at not in free}
    wish = replace(wish, fixed=fixed)
    options = [[fixed[at]] if at in fixed else sorted(tones) for at in places]
    poems = [poem_of(each, form) for each in product(*options)]
    legal = [text for text in poems if is_legal(text, tones, groups, wish)]
    assert (explain(lexicon, wish) is None) == bool(legal)
    if legal:
        check_every_prefix(VerseConstraint(lexicon, wish), lexicon, legal)


def check_every_prefix(constraint, lexicon, legal):
    prefixes = [""]
    state = constraint.start(1)
    for step in range(constraint.n_symbols - 1):
        room = np.full(len(prefixes), constraint.n_symbols - step)
        allowed = constraint.allowed(state, room)
        following = sorted({text[: step + 1] for text in legal})
        wanted = np.zeros_like(allowed)
        for text in following:
            wanted[prefixes.index(text[:-1]), lexicon.symbol_of[text[-1]]] = True
        assert (allowed == wanted).all(), step
        parents = np.array([prefixes.index(text[:-1]) for text in following])
        symbols = np.array([lexicon.symbol_of[text[-1]] for text in following])
        state = constraint.advance(state[parents], symbols)
        prefixes = following


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("tones", ["rescue", "strict", "none"])
def test_poems_of_every_form_keep_it(name, tones):
    wish = VerseWish(form=FORMS[name], tones=tones)
    texts = write(VerseConstraint(LEXICON, wish), LEXICON, 200, 3)
    assert len(set(texts)) == 200
    assert all(is_legal(text, TONES, GROUPS, wish) for text in texts)


def test_a_row_is_ruled_as_if_alone_also_when_rows_are_at_different_places():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["五律"], heads="春山"))
    rng = np.random.default_rng(5)
    states = [constraint.start(1)]
    for step in range(constraint.n_symbols - 1):
        mask = constraint.allowed(states[-1], np.array([constraint.n_symbols - step]))
        states.append(constraint.advance(states[-1], np.array([rng.choice(np.flatnonzero(mask))])))
    order = rng.permutation(len(states))
    together = constraint.allowed(
        np.concatenate([states[k] for k in order]), np.full(len(states), constraint.n_symbols)
    )
    for row, k in enumerate(order):
        alone = constraint.allowed(states[k], np.array([constraint.n_symbols]))
        assert (together[row] == alone[0]).all()
        assert alone.any()


def test_the_end_follows_the_last_mark_and_stays():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["五绝"]))
    state = constraint.start(1)
    for _ in range(constraint.n_symbols - 1):
        mask = constraint.allowed(state, np.array([99]))
        assert not mask[0, LEXICON.end]
        state = constraint.advance(state, mask.argmax(axis=1))
    for _ in range(2):
        assert np.flatnonzero(constraint.allowed(state, np.array([1]))).tolist() == [LEXICON.end]
        state = constraint.advance(state, np.array([LEXICON.end]))


def test_a_verse_constraint_is_a_constraint_and_leaves_its_state_alone():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["七绝"]))
    assert isinstance(constraint, Constraint)
    state = constraint.start(2)
    before = state.copy()
    constraint.advance(state, constraint.allowed(state, np.array([99, 99])).argmax(axis=1))
    assert (state == before).all()


def test_after_a_symbol_that_was_not_allowed_nothing_is():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["五绝"], heads="春"))
    state = constraint.advance(constraint.start(1), np.array([LEXICON.symbol_of["花"]]))
    assert not constraint.allowed(state, np.array([99])).any()


def test_after_a_rhyme_that_was_there_already_nothing_is_allowed():
    for distinct in (True, False):
        wish = VerseWish(form=FORMS["五古"], distinct_rhymes=distinct)
        constraint = VerseConstraint(LEXICON, wish)
        state = constraint.start(1)
        for c in "月月月月月，月月月月春。月月月月月，月月月月春。":
            state = constraint.advance(state, np.array([LEXICON.symbol_of[c]]))
        assert constraint.allowed(state, np.array([99])).any() != distinct


def test_too_few_steps_for_the_poem_are_refused_with_the_number_needed():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["五绝"]))
    constraint.allowed(constraint.start(1), np.array([25]))
    with pytest.raises(ConstraintError, match=r"五绝: the poem takes 25 .* 24 may .* least 25"):
        constraint.allowed(constraint.start(1), np.array([24]))


def test_without_a_form_only_banned_characters_and_missing_are_forbidden():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["自由"], banned="春"))
    mask = constraint.allowed(constraint.start(2), np.array([1, 9]))
    forbidden = np.flatnonzero(~mask[1]).tolist()
    assert forbidden == [1, LEXICON.symbol_of["春"]]
    state = constraint.advance(constraint.start(2), np.array([5, LEXICON.end]))
    assert (constraint.allowed(state, np.array([1, 1])) == mask).all()


def test_no_character_stands_twice_with_no_repeat():
    wish = VerseWish(form=FORMS["五绝"], heads="春山花月", no_repeat=True)
    constraint = VerseConstraint(LEXICON, wish)
    assert constraint.may_dead_end
    assert not VerseConstraint(LEXICON, VerseWish(form=FORMS["五绝"])).may_dead_end
    texts = [text for text in write(constraint, LEXICON, 100, 1) if text]
    assert len(texts) > 50
    assert all(is_legal(text, TONES, GROUPS, wish) for text in texts)


def test_no_repeat_holds_for_any_step_that_was_not_allowed_too():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["五古"], no_repeat=True))
    state = constraint.start(1)
    for _ in range(2):
        state = constraint.advance(state, np.array([LEXICON.symbol_of["春"]]))
    assert not constraint.allowed(state, np.array([99])).any()


def test_a_given_first_line_stands_and_the_rest_follows_it():
    wish = VerseWish(form=FORMS["五绝"], first_line="白日青山落")
    texts = write(VerseConstraint(LEXICON, wish), LEXICON, 20, 2)
    assert all(
        text.startswith("白日青山落，") and is_legal(text, TONES, GROUPS, wish) for text in texts
    )
    assert len(set(texts)) == 20


def test_a_long_old_style_poem_rhymes_without_tones():
    wish = VerseWish(form=form_named("七古", 16), rhyme="七阳")
    texts = write(VerseConstraint(LEXICON, wish), LEXICON, 20, 2)
    assert all(is_legal(text, TONES, GROUPS, wish) for text in texts)
    assert all("七阳" in GROUPS[line[-1]] for text in texts for line in text.split("。")[:-1])


def test_the_first_rhyme_word_decides_the_group():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["五绝"], tones="none"))
    text = write(constraint, LEXICON, 50, 7)
    kinds = {frozenset(GROUPS[t[10]]) & frozenset(GROUPS[t[22]]) for t in text}
    assert frozenset() not in kinds
    assert len(kinds) > 5


@pytest.mark.slow
def test_ten_thousand_poems_over_all_forms_keep_their_wishes():
    rng = np.random.default_rng(11)
    n_poems = 0
    for number in range(200):
        form = FORMS[ASKING[number % len(ASKING)]]
        heads = "".join(rng.choice(HANZI, min(form.n_lines, 4)))
        wish = VerseWish(form=form, heads=heads, tones=["rescue", "strict"][number // 8 % 2])
        if explain(LEXICON, wish) is not None:
            wish = VerseWish(form=form)
        texts = write(VerseConstraint(LEXICON, wish), LEXICON, 50, number)
        assert all(is_legal(text, TONES, GROUPS, wish) for text in texts)
        n_poems += len(texts)
    assert n_poems == 10_000


def test_consecutive_calls_share_no_memory():
    constraint = VerseConstraint(LEXICON, VerseWish(form=FORMS["五绝"]))
    masks = [constraint.allowed(constraint.start(1), np.array([99])) for _ in range(2)]
    masks[0][:] = False
    assert all(not np.shares_memory(a, b) for a, b in pairwise(masks))
    assert masks[1].any()
