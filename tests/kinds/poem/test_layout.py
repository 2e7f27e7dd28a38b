import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.layout import (
    FORMS,
    MARKS,
    canonical,
    damage,
    form_name,
    form_of,
    hanzi_of,
    lines_of,
    paragraphs_of,
    plain_title,
    problem_of,
)

HANZI = st.characters(min_codepoint=0x4E00, max_codepoint=0x4FFF)
LINES = st.lists(st.text(HANZI, min_size=1, max_size=9), min_size=1, max_size=12)
ANYTHING = st.text(
    st.one_of(HANZI, st.sampled_from(MARKS + ",.?!;:（）()[]「」《》 \n\t\u3000□々a1\ufeff"))
)


def poem(n_lines, length):
    return "".join("山" * length + "，。"[number % 2] for number in range(n_lines))


@given(ANYTHING)
def test_what_is_canonical_stays_as_it_is(text):
    assert canonical(canonical(text)) == canonical(text)


@given(ANYTHING)
def test_canonical_content_without_damage_is_runs_of_hanzi_each_with_one_mark(text):
    content = canonical(text)
    if not damage(content):
        assert sum(character in MARKS for character in content) == len(lines_of(content))
        assert content[-1:] in "。？！；"


@given(LINES, st.data())
def test_lines_come_back_whatever_marks_stand_between_them(lines, data):
    marks = data.draw(st.lists(st.sampled_from(MARKS), min_size=len(lines), max_size=len(lines)))
    marks[-1] = data.draw(st.sampled_from("。？！；"))
    content = "".join(line + mark for line, mark in zip(lines, marks, strict=True))
    assert canonical(content) == content
    assert lines_of(content) == tuple(lines)
    assert hanzi_of(content) == "".join(lines)


@given(LINES)
def test_a_poem_reads_the_same_with_line_breaks_or_spaces_instead_of_marks(lines):
    expected = "".join(line + "，。"[number % 2] for number, line in enumerate(lines))
    expected = expected[:-1] + "。"
    assert canonical("\n".join(lines)) == canonical("　".join(lines)) == expected


@given(LINES)
def test_paragraphs_put_together_are_the_content(lines):
    content = canonical("\n".join(lines))
    assert "".join(paragraphs_of(content)) == content
    assert all(paragraph[-1] in "。？！；" for paragraph in paragraphs_of(content))


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("床前明月光, 疑是地上霜.", "床前明月光，疑是地上霜。"),
        ("邏人（一作「叉」）橫鳥道", "邏人橫鳥道。"),
        ("重（外（內）外）陽", "重陽。"),
        ("[爽]節在重九，黃雲[茫茫]。", "爽節在重九，黃雲茫茫。"),
        ("大國多任士[二]，", "大國多任士[二]。"),
        ("童子解吟《長恨曲》，", "童子解吟長恨曲。"),
        ("，春眠。。", "春眠。"),
        ("春眠，夏：", "春眠，夏。"),
        ("行々重", "行行重。"),
        ("豈\ufa00", "豈切。"),
        ("", ""),
        ("（）", ""),
    ],
)
def test_text_is_written_canonically(text, content):
    assert canonical(text) == content


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("春□夏，", "□"),
        ("春囗夏，", "囗"),
        ("綠{竹/戢}，", "{"),
        ("大國[二]，", "["),
        ("春（夏，", "（"),
        ("春\ue829夏，", "\ue829"),
        ("𥫗䍦〇，", ""),
        ("", ""),
    ],
)
def test_damage_is_the_first_character_that_no_poem_holds(text, found):
    assert damage(canonical(text)) == found


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "empty"), ("a", "damaged"), ("楓落吳江冷", "fragment"), ("春眠，夏。", None)],
)
def test_what_is_no_poem_has_a_problem(text, problem):
    assert problem_of(canonical(text)) == problem


@pytest.mark.parametrize(
    ("n_lines", "length", "form"),
    [
        (4, 5, "五绝"),
        (4, 7, "七绝"),
        (8, 5, "五律"),
        (8, 7, "七律"),
        (6, 5, "五古"),
        (16, 7, "七古"),
        (2, 5, "杂言"),
        (4, 6, "杂言"),
        (8, 4, "杂言"),
    ],
)
def test_a_form_is_a_number_of_lines_of_one_length(n_lines, length, form):
    assert form_of(poem(n_lines, length)) == form


def test_lines_of_different_length_are_no_regular_form():
    assert form_of(poem(3, 5) + poem(1, 7)) == "杂言"
    assert form_of("") == "杂言"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("五言絕句", "五绝"),
        (" QiLu ", "七律"),
        ("五絕", "五绝"),
        ("wujue", "五绝"),
        ("qigu", "七古"),
    ],
)
def test_a_form_has_other_names_too(name, form):
    assert form_name(name) == form


def test_every_form_is_called_by_its_own_name():
    assert [form_name(form) for form in FORMS] == list(FORMS)


def test_an_unknown_form_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match=r"form 'wujui' is not known \(did you mean 'wujue'\?\)"):
        form_name("wujui")
    with pytest.raises(
        ConfigError, match=r"form 'xyz' is not known \(there are: 五绝, 七绝, .*杂言\)"
    ):
        form_name("xyz")


def test_a_title_loses_its_notes_and_line_breaks():
    assert plain_title("早春（慈力）祭\t 岳\n") == "早春祭 岳"
    assert plain_title("早春（慈") == "早春"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"forms": ("七絕", "qiju")}, r"form 'qiju' is not known \(did you mean 'qijue'\?\)"),
        ({"min_count": 0}, "min_count must be at least 1, got 0"),
        ({"authors": -1}, "authors must be at least 0, got -1"),
        ({"title_characters": -2}, "title_characters must be at least 0, got -2"),
        ({"encoding": "utf-9"}, "encoding 'utf-9' is not known"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        PoemConfig(**settings)
