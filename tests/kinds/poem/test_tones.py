from itertools import product

import pytest
from checker import fits, pair_fits
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.poem.forms import FORMS
from serinette.kinds.poem.tones import (
    keeps_alternation,
    keeps_tones,
    line_patterns,
    line_type,
    pair_patterns,
    rhymes_together,
    templates,
)

SPRING = ["白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"]  # 王之涣, 登鹳雀楼
SPRING_TONES = ["仄仄平平仄", "平平仄仄平", "仄平平仄仄", "仄仄仄平平"]


def read_as(lines, tones):
    table = dict(zip("".join(lines), "".join(tones), strict=True))
    return lambda character: frozenset(table.get(character, ""))


@pytest.mark.parametrize("strictness", ["strict", "rescue"])
@pytest.mark.parametrize(("kind", "length"), list(product("aAbB", (5, 7))))
def test_the_patterns_of_a_line_are_those_of_the_second_opinion(kind, length, strictness):
    wanted = {
        tones
        for tones in map("".join, product("平仄", repeat=length))
        if fits(kind, tones, strictness)
    }
    assert set(line_patterns(kind, length, strictness)) == wanted


@pytest.mark.parametrize("strictness", ["strict", "rescue"])
@pytest.mark.parametrize("pair", ["aB", "bA", "AB", "BA"])
def test_the_patterns_of_a_pair_are_those_of_the_second_opinion(pair, strictness):
    strings = ["".join(tones) for tones in product("平仄", repeat=5)]
    wanted = {u + v for u, v in product(strings, strings) if pair_fits(pair, u, v, strictness)}
    assert pair_patterns(pair, 5, strictness) == wanted


def test_the_rescues_bear_their_names():
    assert line_patterns("B", 5)["仄平平仄平"] == "孤平拗救"
    assert line_patterns("B", 7)["平仄仄平平仄平"] == "孤平拗救"
    assert line_patterns("b", 5)["平平仄平仄"] == "特拗"
    assert line_patterns("a", 5)["仄仄平平仄"] == "正格"


def test_a_broken_a_line_needs_a_level_third_place_in_the_next_line():
    pairs = pair_patterns("aB", 5)
    assert "仄仄平仄仄" + "平平平仄平" in pairs
    assert "仄仄仄仄仄" + "仄平平仄平" in pairs
    assert "仄仄平仄仄" + "平平仄仄平" not in pairs


def test_a_lifted_rule_lets_its_lines_in_and_nothing_else():
    more = set(line_patterns("B", 5, "strict", ["孤平"])) - set(line_patterns("B", 5, "strict"))
    assert more == {"仄平仄仄平", "仄平平仄平"}
    more = set(line_patterns("A", 5, "strict", ["三平尾"])) - set(line_patterns("A", 5, "strict"))
    assert more == {"平仄平平平", "仄仄平平平"}
    more = set(line_patterns("b", 5, "strict", ["三仄尾"])) - set(line_patterns("b", 5, "strict"))
    assert more == {"平平仄仄仄", "仄平仄仄仄"}


def test_there_are_four_templates_named_by_their_second_place_and_first_rhyme():
    short = {each.name: " ".join(each.pairs) for each in templates(FORMS["五律"])}
    assert short == {
        "平起入韵": "BA aB bA aB",
        "平起不入韵": "bA aB bA aB",
        "仄起入韵": "AB bA aB bA",
        "仄起不入韵": "aB bA aB bA",
    }
    long = {each.name: " ".join(each.pairs) for each in templates(FORMS["七绝"])}
    assert long["仄起入韵"] == "BA aB"
    assert long["平起入韵"] == "AB bA"
    assert templates(FORMS["五古"]) == ()
    assert [each.pairs for each in templates(FORMS["五言联"])] == [("aB",), ("bA",)]


@pytest.mark.parametrize("form", ["五绝", "七绝", "五律", "七律"])
def test_lines_of_a_pair_are_opposed_and_pairs_cling_together(form):
    length = FORMS[form].line_length
    for template in templates(FORMS[form]):
        lines = [line_type(kind, length) for kind in "".join(template.pairs)]
        for upper, lower in zip(lines[::2], lines[1::2], strict=True):
            assert all(upper[k] != lower[k] for k in (1, 3))  # 对
        for lower, upper in zip(lines[1::2], lines[2::2], strict=False):
            assert all(upper[k] == lower[k] for k in (1, 3))  # 粘


def test_a_famous_quatrain_keeps_its_tones():
    readings = read_as(SPRING, SPRING_TONES)
    assert keeps_tones(SPRING, readings, FORMS["五绝"], "strict")
    assert keeps_alternation(SPRING, readings, FORMS["五绝"])
    swapped = [SPRING[1], SPRING[0], *SPRING[2:]]
    assert not keeps_tones(swapped, readings, FORMS["五绝"])
    assert not keeps_alternation(swapped, readings, FORMS["五绝"])


def test_a_poem_of_another_shape_keeps_nothing():
    readings = read_as(SPRING, SPRING_TONES)
    for keeps in (keeps_tones, keeps_alternation):
        assert not keeps(SPRING[:3], readings, FORMS["五绝"])
        assert not keeps([*SPRING[:3], "更上一层"], readings, FORMS["五绝"])
        assert not keeps(SPRING, readings, FORMS["七绝"])
    assert keeps_tones(SPRING, readings, FORMS["自由"])
    assert not keeps_tones(SPRING[:3], readings, FORMS["五绝"], "none")
    assert keeps_tones(SPRING[::-1], readings, FORMS["五绝"], "none")


def test_the_loose_measure_looks_at_even_places_and_ends_only():
    lines = ["ABCDE", "FGHIJ", "KLMNO", "PQRST"]
    tones = ["仄仄平平仄", "仄平仄仄平", "仄平仄仄仄", "仄仄平平平"]  # 孤平, 三仄尾, 三平尾
    assert keeps_alternation(lines, read_as(lines, tones), FORMS["五绝"])
    assert not keeps_tones(lines, read_as(lines, tones), FORMS["五绝"])


@given(st.data(), st.sampled_from(["五绝", "七绝", "五言联"]))
def test_more_readings_never_break_a_poem(data, name):
    form = FORMS[name]
    letters = [chr(0x4E00 + k) for k in range(form.n_lines * form.line_length)]
    width = form.line_length
    lines = ["".join(letters[k : k + width]) for k in range(0, len(letters), width)]
    template = data.draw(st.sampled_from(templates(form)))
    tones = [
        data.draw(st.sampled_from(sorted(pair_patterns(pair, width)))) for pair in template.pairs
    ]
    wider = {c: {t} for c, t in zip("".join(lines), "".join(tones), strict=True)}
    for c in data.draw(st.lists(st.sampled_from(letters))):
        wider[c] = data.draw(st.sampled_from([{"平", "仄"}, set()]))
    assert keeps_tones(lines, wider.__getitem__, form)


def test_characters_rhyme_together_if_they_share_a_group():
    groups = {"行": ("八庚", "七阳"), "明": ("八庚",), "香": ("七阳",), "?": ()}
    assert rhymes_together(["行", "明"], groups.__getitem__)
    assert rhymes_together(["行", "香", "?"], groups.__getitem__)
    assert not rhymes_together(["行", "香", "明"], groups.__getitem__)
    assert rhymes_together([], groups.__getitem__)
