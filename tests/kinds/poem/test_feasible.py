from dataclasses import replace

import numpy as np
import pytest
from verse_words import GROUPS, LEXICON, NAMES, OBLIQUE, TONES, lexicon_of

from serinette.core.errors import ConstraintError
from serinette.kinds.poem.feasible import explain, placements
from serinette.kinds.poem.forms import FORMS, form_named
from serinette.kinds.poem.verse import VerseConstraint, VerseWish


def wish(form="五绝", **asked):
    return VerseWish(form=FORMS[form], **asked)


TELLING = [
    (wish(heads="春江花月"), "藏头 '江' at line 2, place 1: not among the model's characters"),
    (
        wish(heads="春山花月夜"),
        "藏头 '春山花月夜': 5 characters, but 五绝 has 4 lines; give at most 4, or choose a longer",
    ),
    (
        wish(heads="春山", head_lines=(1,)),
        "藏头 '春山': 2 characters for the lines [1]; give one line a character, no line twice",
    ),
    (
        wish(heads="春山", head_lines=(1, 1)),
        "藏头 '春山': 2 characters for the lines [1, 1]; give one line a character, no line twice",
    ),
    (
        wish(heads="春", head_place=6),
        "藏中 '春': 五绝 has no line 1, place 6; it has 4 lines of 5",
    ),
    (wish(heads="春", head_lines=(5,)), "藏头 '春': 五绝 has no line 5, place 1; it has 4 lines"),
    (wish("自由", heads="春"), "藏头 '春': 自由 has no fixed lines to put characters in; choose"),
    (wish(fixed={(1, 1): "春山"}), "lock '春山' at line 1, place 1: a place holds one character"),
    (wish(first_line="春山"), "first line '春山': 2 characters, but a line of 五绝 has 5; give 5"),
    (
        wish(heads="春", fixed={(1, 1): "花"}),
        "line 1, place 1 cannot hold both '春' (藏头) and '花' (lock); leave one of them out",
    ),
    (
        wish(heads="春", banned="春秋"),
        "藏头 '春' at line 1, place 1: the character is also banned; leave one of the two out",
    ),
    (
        wish(heads="春春", no_repeat=True),
        "藏头 '春' at line 2, place 1: it stands at line 1, place 1 already and no character may",
    ),
    (wish(rhyme="十五"), "rhyme '十五': neither a rhyme group nor a character with a level-tone"),
    (wish(rhyme="月"), "rhyme '月': neither a rhyme group nor a character with a level-tone"),
    (
        wish(heads="春花秋月", head_place="last"),
        "藏尾 '春花秋月' cannot rhyme in 五绝: line 4, place 5 takes the rhyme, which is of the "
        "level tone (平), and '月' (仄) cannot be one; change the characters, or use --rhyme none",
    ),
    (
        wish(heads="月花月秋", head_place="last"),
        "藏尾 '月花月秋' cannot rhyme in 五绝: the rhyme characters share no rhyme group: "
        "'花' (六麻) at line 2, place 5, '秋' (十一尤) at line 4, place 5; change the characters",
    ),
    (
        wish(heads="月花月花", head_place="last"),
        "藏尾 '月花月花' cannot rhyme in 五绝: a character may not "
        "rhyme twice ('花' (六麻) at line 2",
    ),
    (
        wish(heads="月花", head_place="last", rhyme="七阳"),
        "藏尾 '月花' cannot rhyme in 五绝: the rhyme asked for is "
        "七阳, but there stand '花' (六麻) at",
    ),
    (
        wish("七律", rhyme="十五咸"),
        "rhyme '十五咸' cannot rhyme in 七律: no rhyme group left "
        "(十五咸) has enough characters for "
        "the 4 rhymes; choose another rhyme, or use --rhyme none",
    ),
    (
        wish(heads="春月花雪", tones="strict"),
        "藏头 '春月花雪' cannot stand in 五绝 with tones 'strict': '月' "
        "(仄) at line 2, place 1 and "
        "'雪' (仄) at line 4, place 1 make 孤平; try --tones rescue, or 七绝, or --tones none",
    ),
    (
        wish(first_line="白日青山风", tones="strict"),
        "first line '白日青山风' cannot stand in 五绝 with tones "
        "'strict': '青' (平) at line 1, place 3 "
        "and '山' (平) at line 1, place 4 and '风' (平) at line 1, "
        "place 5 make 三平尾; try --tones none",
    ),
    (
        wish(first_line="春风白雪月"),
        "first line '春风白雪月' cannot stand in 五绝 with tones "
        "'rescue': '风' (平) at line 1, place 2",
    ),
    (
        wish(fixed={(1, 2): "月", (1, 4): "雪"}, tones="strict"),
        "lock '月雪' cannot stand in 五绝 with tones 'strict': '月' "
        "(仄) at line 1, place 2 and '雪' "
        "(仄) at line 1, place 4 fit no tone template (平仄); try --tones rescue, or --tones none",
    ),
    (
        wish(heads="风花", head_lines=(1, 4), head_place="last"),
        "藏尾 '风花' cannot stand in 五绝 with tones 'rescue': '风' "
        "(平) at line 1, place 5 and '花' "
        "(平) at line 4, place 5 make line 1 rhyme too (首句入韵), and "
        "the rhymes do not fit together",
    ),
    (
        wish(fixed={(1, 2): "望"}, strict_polyphonic=True),
        "lock '望' cannot stand in 五绝 with tones 'rescue': '望' "
        "(平仄) at line 1, place 2 fits no "
        "tone template (平仄); try one fitting reading as enough, or --tones none",
    ),
]


@pytest.mark.parametrize(("asked", "message"), TELLING)
def test_what_cannot_be_met_is_explained(asked, message):
    told = explain(LEXICON, asked)
    assert told is not None
    assert told.startswith(message), told
    assert "\n" not in told
    with pytest.raises(ConstraintError) as caught:
        VerseConstraint(LEXICON, asked)
    assert str(caught.value) == told


def test_what_can_be_met_is_not_explained():
    for name in FORMS:
        assert explain(LEXICON, wish(name)) is None
    assert explain(LEXICON, wish(heads="春花秋月")) is None
    assert explain(LEXICON, wish(heads="春花", head_place="last", head_lines=(1, 2))) is not None
    assert explain(LEXICON, wish(heads="月花", head_place="last", head_lines=(1, 2))) is None


def test_a_character_without_known_tone_stands_only_where_tones_are_not_checked():
    lexicon = lexicon_of({**TONES, "凹": ""}, GROUPS, NAMES)
    told = explain(lexicon, wish(heads="凹"))
    assert told is not None
    assert "藏头 '凹' at line 1, place 1: its tone (平仄) is not known; choose another" in told
    assert explain(lexicon, wish(heads="凹", tones="none")) is None
    assert explain(lexicon, wish("五古", heads="凹")) is None


def test_a_model_without_oblique_characters_is_told_so():
    lexicon = lexicon_of(
        {"东": "平", "风": "平", "红": "平"}, {c: ["一东"] for c in "东风红"}, ["一东"]
    )
    told = explain(lexicon, wish())
    assert told is not None
    assert "too few characters of the model have the tones (平仄) and rhymes" in told


def test_a_rhyme_needs_other_characters_than_the_given_ones():
    tones = {"东": "平", "阳": "平", "月": "仄"}
    lexicon = lexicon_of(tones, {"东": ["一东"], "阳": ["七阳"]}, ["一东", "七阳"])
    for form in ("五绝", "五古"):
        asked = wish(form, fixed={(2, 5): "东"})
        told = explain(lexicon, asked)
        assert told is not None
        assert "no rhyme group left (一东) has enough characters" in told
        assert explain(lexicon, replace(asked, distinct_rhymes=False)) is None


@pytest.mark.parametrize("form", ["七绝", "七言联"])
def test_every_acrostic_works_in_long_lines(form):
    rng = np.random.default_rng(1)
    for _ in range(300):
        heads = "".join(rng.choice(list(TONES), FORMS[form].n_lines))
        for tones in ("strict", "rescue"):
            assert explain(LEXICON, wish(form, heads=heads, tones=tones)) is None


def test_eight_heads_stand_in_a_long_regulated_poem():
    heads = "春山花月秋水白雪"
    assert explain(LEXICON, wish("七律", heads=heads)) is None


def test_taking_any_named_character_away_helps():
    asked = wish(fixed={(1, 2): "月", (1, 4): "雪", (3, 1): "春"}, tones="strict")
    told = explain(LEXICON, asked)
    assert told is not None
    assert "春" not in told.partition(": ")[2]
    for place in [(1, 2), (1, 4)]:
        fewer = {at: c for at, c in asked.fixed.items() if at != place}
        assert explain(LEXICON, replace(asked, fixed=fewer)) is None


def test_a_word_may_stand_exactly_where_locking_it_can_be_met():
    asked = wish(heads="春山", tones="strict", no_repeat=True)
    for word in ("月", "明月", "花落", "春"):
        places = placements(LEXICON, asked, word)
        for line in range(1, 5):
            for place in range(1, 7 - len(word)):
                locks = {(line, place + k): c for k, c in enumerate(word)}
                can = explain(LEXICON, replace(asked, fixed=locks)) is None
                assert ((line, place) in places) == can, (word, line, place)
    assert placements(LEXICON, asked, "春") == [(1, 1)]
    assert placements(LEXICON, wish(), "春山花月夜雨") == []


def test_a_word_has_no_place_in_a_wish_that_cannot_be_met():
    with pytest.raises(ConstraintError, match="'江' at line 1, place 1: not among the model's"):
        placements(LEXICON, wish(heads="江"), "月")


def test_an_old_style_poem_takes_any_heads():
    heads = "".join(OBLIQUE[:12])
    assert explain(LEXICON, VerseWish(form=form_named("五古", 12), heads=heads)) is None
