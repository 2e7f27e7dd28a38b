import itertools
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.poem.sheet import PAGES, PAPERS, Page, SheetPoem, poem_sheet

SVG = "{http://www.w3.org/2000/svg}"
BASELINE = 0.38
"""From the middle of a character down to its baseline, in its size."""

QUIET_NIGHT = SheetPoem(
    title="靜夜思",
    author="李白",
    lines=("牀前明月光", "疑是地上霜", "舉頭望明月", "低頭思故鄉"),
    marks=("，", "。", "，", "。"),
    heads=frozenset({(1, 1), (2, 1), (3, 1), (4, 1)}),
    seal="風琴",
    note="serinette · seed 7",
)
COUPLET = SheetPoem(
    title="海闊天高",
    author="林則徐",
    lines=("海納百川有容乃大", "壁立千仞無欲則剛"),
    heads=frozenset({(1, 1), (2, 1)}),
    seal="印",
)
LONG = SheetPoem(title="古風", author="佚名", lines=("明月照高樓",) * 32, marks=("，", "。") * 16)

hanzi = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
lines_strategy = st.lists(st.text(hanzi, min_size=1, max_size=8), min_size=1, max_size=9)


@st.composite
def poem_fields(draw):
    """Plain values; the poem is built in the test, since its run-time checks draw at random."""
    lines = tuple(draw(lines_strategy))
    n_lines = len(lines)
    marks = draw(st.lists(st.sampled_from("，。？、"), min_size=n_lines, max_size=n_lines))
    return {
        "title": draw(st.text(hanzi, max_size=8)),
        "author": draw(st.text(hanzi, max_size=6)),
        "lines": lines,
        "marks": tuple(marks) if draw(st.booleans()) else (),
        "heads": frozenset((number, 1) for number in range(1, n_lines + 1) if draw(st.booleans())),
        "seal": draw(st.none() | st.text(hanzi, min_size=1, max_size=4)),
        "note": draw(st.text(max_size=20, alphabet="abc 7·月")),
    }


sheets = st.fixed_dictionaries(
    {
        "poems": st.lists(poem_fields(), min_size=1, max_size=4),
        "page_size": st.tuples(st.integers(300, 2000), st.integers(300, 2000))
        | st.sampled_from(sorted(PAGES)),
        "paper": st.sampled_from(sorted(PAPERS)),
        "is_ruled": st.booleans(),
        "keeps_marks": st.booleans(),
        "hangs_couplets": st.booleans(),
    }
)


def parsed(sheet):
    return ElementTree.fromstring(sheet)  # noqa: S314 - our own document


def classed(tree, name):
    return [element for element in tree.iter() if element.get("class") == name]


def text_in(group):
    return "".join(text.text for text in group.iter(f"{SVG}text"))


def lines_in(tree):
    return "".join(text_in(group) for group in classed(tree, "lines"))


def characters(tree):
    """Return (text, middle, middle, size) of every upright character but those of the seals."""
    found = []
    for group in (*classed(tree, "title"), *classed(tree, "author"), *classed(tree, "lines")):
        size = float(group.get("font-size"))
        for text in group.iter(f"{SVG}text"):
            y = float(text.get("y")) - BASELINE * size
            found.append((text.text, float(text.get("x")), y, size))
    return found


def seal_squares(tree):
    for group in classed(tree, "seal"):
        rect = group.find(f"{SVG}rect")
        x, y, side = (float(rect.get(name)) for name in ("x", "y", "width"))
        yield ("seal", x + side / 2, y + side / 2, side)


def touching(tree):
    """Return the pairs of characters and seals whose squares overlap."""
    found = []
    for one, other in itertools.combinations([*characters(tree), *seal_squares(tree)], 2):
        reach = (one[3] + other[3]) / 2 - 0.03  # two decimals are written
        if max(abs(one[1] - other[1]), abs(one[2] - other[2])) < reach:
            found.append((one, other))
    return found


def drawn(fields):
    """Return poems and their sheet, or no sheet where the page is too small for so many."""
    poems = [SheetPoem(**poem) for poem in fields["poems"]]
    size = fields["page_size"]
    page = size if isinstance(size, str) else Page(width=size[0], height=size[1])
    try:
        return poems, poem_sheet(**{**fields, "poems": poems, "page_size": page})
    except ConfigError as error:
        if "take a larger page" in str(error):
            return poems, None
        raise


@settings(max_examples=40, deadline=None)
@given(sheets)
def test_no_two_characters_touch(fields):
    _, sheet = drawn(fields)
    if sheet is None:
        return
    assert not touching(parsed(sheet))


@settings(max_examples=40, deadline=None)
@given(sheets)
def test_nothing_stands_outside_the_page(fields):
    _, sheet = drawn(fields)
    if sheet is None:
        return
    tree = parsed(sheet)
    _, _, width, height = map(float, tree.get("viewBox").split())
    for _, x, y, size in (*characters(tree), *seal_squares(tree)):
        assert size / 2 <= x <= width - size / 2
        assert size / 2 <= y <= height - size / 2
    for rect in tree.iter(f"{SVG}rect"):
        if rect.get("width") != "100%":
            left, top, across, down = (float(rect.get(n)) for n in ("x", "y", "width", "height"))
            assert min(left, top) >= 0
            assert left + across <= width
            assert top + down <= height
    for note in classed(tree, "note"):
        half = 0.78 * float(note.get("font-size")) * len(note.text) / 2
        if note.text.isascii():
            assert half <= float(note.get("x")) <= width - half


@settings(max_examples=40, deadline=None)
@given(sheets)
def test_every_character_is_there_in_reading_order(fields):
    poems, sheet = drawn(fields)
    if sheet is None:
        return
    tree = parsed(sheet)
    assert lines_in(tree) == "".join("".join(poem.lines) for poem in poems)
    for name in ("title", "author"):
        written = "".join(text_in(group) for group in classed(tree, name))
        assert written == "".join(getattr(poem, name) for poem in poems)
    for group in classed(tree, "lines"):
        places = [(-float(t.get("x")), float(t.get("y"))) for t in group.iter(f"{SVG}text")]
        assert places == sorted(places)  # columns from right to left, downwards in each


@settings(max_examples=10, deadline=None)
@given(sheets)
def test_the_same_poems_give_the_same_bytes(fields):
    assert drawn(fields)[1] == drawn(fields)[1]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("page_size", PAGES)
def test_every_page_and_paper_takes_a_quatrain_a_couplet_and_the_longest_poem(paper, page_size):
    for poem in (QUIET_NIGHT, COUPLET, LONG):
        sheet = poem_sheet([poem], paper=paper, page_size=page_size)
        assert lines_in(parsed(sheet)) == "".join(poem.lines)
        assert not touching(parsed(sheet))


def test_poems_side_by_side_stand_apart():
    for paper_width in (900, 1500, 1600):
        tree = parsed(poem_sheet([QUIET_NIGHT] * 4, page_size=Page(width=paper_width, height=400)))
        spans = []
        for block in classed(tree, "block"):
            found = characters(block)
            spans.append((min(x for _, x, _, _ in found), max(x for _, x, _, _ in found)))
        size = max(size for _, _, _, size in characters(tree))
        for right, left in itertools.pairwise(spans):
            assert right[0] > left[1] + 2 * size or right[0] < left[0]  # or a new row


def test_eight_poems_fit_on_a_printed_page():
    assert len(classed(parsed(poem_sheet([QUIET_NIGHT] * 8)), "block")) == 8


def test_poems_follow_each_other_from_right_to_left_then_downwards():
    poems = [replace(QUIET_NIGHT, lines=(text * 5,) * 4) for text in "一二三四"]
    first = {text: (x, y) for text, x, y, _ in reversed(characters(parsed(poem_sheet(poems))))}
    assert first["一"][0] > first["二"][0]
    assert first["一"][1] == first["二"][1] < first["三"][1] == first["四"][1]
    assert first["一"][0] == first["三"][0]


def test_a_sheet_is_a_picture_with_a_name_and_its_text():
    tree = parsed(poem_sheet([QUIET_NIGHT]))
    assert tree.get("role") == "img"
    assert tree.get("lang") == "zh"
    assert tree[0].tag == f"{SVG}title"
    assert tree[0].text == "靜夜思"
    assert tree[1].tag == f"{SVG}desc"
    assert tree[1].text == ("靜夜思 李白：牀前明月光， 疑是地上霜。 舉頭望明月， 低頭思故鄉。")


def test_paper_sizes_are_given_in_millimetres_and_screens_in_pixels():
    sizes = {}
    for name in PAGES:
        tree = parsed(poem_sheet([QUIET_NIGHT], page_size=name))
        sizes[name] = (tree.get("width"), tree.get("height"))
    assert sizes["A4"] == ("210mm", "297mm")
    assert sizes["A5"] == ("148mm", "210mm")
    assert sizes["square"] == ("1080", "1080")


def test_a_sheet_runs_nothing_and_asks_for_nothing():
    for paper in PAPERS:
        sheet = poem_sheet([QUIET_NIGHT, COUPLET], paper=paper, is_ruled=True)
        tree = parsed(sheet)
        allowed = {
            *("svg", "title", "desc", "defs", "g", "rect", "line", "circle", "path", "text"),
            *("radialGradient", "stop", "filter", "feTurbulence", "feColorMatrix"),
            "feDisplacementMap",
        }
        assert {element.tag.removeprefix(SVG) for element in tree.iter()} <= allowed
        assert not re.findall(r"href|url\((?!#)|@import|\son\w+=|data:", sheet)
        ids = [element.get("id") for element in tree.iter() if element.get("id")]
        assert set(re.findall(r"url\(#([^)]+)\)", sheet)) <= set(ids)
        assert len(ids) == len(set(ids))


def test_heads_are_coloured_and_ringed_and_others_are_not():
    tree = parsed(poem_sheet([QUIET_NIGHT]))
    heads = classed(tree, "head")
    assert "".join(head.text for head in heads if head.tag == f"{SVG}text") == "牀疑舉低"
    assert sum(head.tag == f"{SVG}circle" for head in heads) == 4
    assert not classed(parsed(poem_sheet([replace(QUIET_NIGHT, heads=frozenset())])), "head")


def test_marks_stand_at_the_upper_right_below_their_line():
    tree = parsed(poem_sheet([QUIET_NIGHT]))
    (marks,) = classed(tree, "marks")
    assert [mark.tag.removeprefix(SVG) for mark in marks] == ["path", "circle"] * 2
    (lines,) = classed(tree, "lines")
    last, size = list(lines)[9], float(lines.get("font-size"))  # the end of the second line
    full_stop = marks[1]
    assert 0 < float(full_stop.get("cx")) - float(last.get("x")) < size / 2
    bottom = float(last.get("y")) - BASELINE * size + size / 2
    assert bottom < float(full_stop.get("cy")) < bottom + size / 2


def test_marks_can_be_left_out():
    assert not classed(parsed(poem_sheet([QUIET_NIGHT], keeps_marks=False)), "marks")
    assert not classed(parsed(poem_sheet([replace(QUIET_NIGHT, marks=())])), "marks")


def test_the_seal_is_at_the_lower_left():
    tree = parsed(poem_sheet([QUIET_NIGHT]))
    ((_, x, y, _),) = seal_squares(tree)
    assert x < min(place[1] for place in characters(tree))
    assert y > sorted(place[2] for place in characters(tree))[-5]
    (group,) = classed(tree, "seal")
    assert text_in(group) == "風琴"


def test_poems_with_one_seal_and_one_note_carry_them_once():
    tree = parsed(poem_sheet([QUIET_NIGHT] * 4))
    assert len(classed(tree, "seal")) == 1
    assert len(classed(tree, "note")) == 1
    others = [replace(QUIET_NIGHT, seal=seal, note=seal) for seal in "甲乙丙"]
    tree = parsed(poem_sheet(others))
    assert len(classed(tree, "seal")) == 3
    assert len(classed(tree, "note")) == 3


def test_ruled_columns_part_the_lines():
    tree = parsed(poem_sheet([QUIET_NIGHT], is_ruled=True))
    (columns,) = classed(tree, "columns")
    rules = sorted(float(rule.get("x1")) for rule in columns.iter(f"{SVG}line"))
    assert len(rules) == 5  # seal | four lines | title
    xs = sorted({place[1] for place in characters(tree) if place[0] in "牀疑舉低"})
    for left, x, right in zip(rules[:-1], xs, rules[1:], strict=True):
        assert left < x < right
    assert not classed(parsed(poem_sheet([QUIET_NIGHT])), "columns")


def test_a_couplet_hangs_as_two_scrolls_with_its_first_line_on_the_right():
    tree = parsed(poem_sheet([COUPLET]))
    assert len(classed(tree, "scroll")) == 2
    places = {text: (x, y) for text, x, y, size in characters(tree) if size > 20}
    assert places["納"][0] > places["立"][0]
    assert places["納"][1] == places["立"][1]
    banner = list(classed(tree, "title")[0])
    assert len({text.get("y") for text in banner}) == 1
    assert [text.text for text in sorted(banner, key=lambda t: -float(t.get("x")))] == list(
        "海闊天高"
    )


def test_a_couplet_can_be_set_as_a_poem():
    tree = parsed(poem_sheet([COUPLET], hangs_couplets=False))
    assert not classed(tree, "scroll")
    assert lines_in(tree) == "".join(COUPLET.lines)


def test_markup_in_words_is_only_words():
    words = "<b>&\"'"
    poem = SheetPoem(title=words, author=words, lines=(words,), marks=("<",), seal="<&", note=words)
    tree = parsed(poem_sheet([poem]))
    assert lines_in(tree) == words
    assert tree[0].text == words
    assert text_in(classed(tree, "seal")[0]) == "<&"
    assert classed(tree, "note")[0].text == words


def test_a_combining_character_stays_with_the_one_before_it():
    tree = parsed(poem_sheet([SheetPoem(lines=("邊\U000e0101塞", "𠀀中"))], hangs_couplets=False))
    assert [place[0] for place in characters(tree)] == ["邊\U000e0101", "塞", "𠀀", "中"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lines": ()}, "poem '靜夜思', 0 lines: 1 to 32 fit"),
        ({"lines": ("月",) * 33, "marks": ()}, "33 lines: 1 to 32 fit"),
        ({"lines": ("月", ""), "marks": ()}, "line 2 of 0 characters: 1 to 32 fit"),
        ({"title": "月" * 41}, "title of 41 characters: at most 40 fit; shorten it"),
        ({"author": "月" * 21}, "author of 21 characters: at most 20 fit"),
        ({"note": "n" * 61}, "note of 61 characters: at most 60 fit"),
        ({"seal": ""}, "seal '': must have 1 to 4 characters; or use None"),
        ({"seal": "一二三四五"}, "seal '一二三四五': must have 1 to 4"),
        ({"marks": ("。",)}, "1 marks for 4 lines: give one a line, or none"),
        ({"marks": ("。", "。", "。", "？！。")}, "mark 4 '？！。': at most 2 characters"),
        ({"heads": frozenset({(5, 1)})}, "head (5, 1): no such line and place"),
        ({"heads": frozenset({(1, 0)})}, "head (1, 0): no such line and place"),
        ({"title": "a\x00b"}, "poem 'aU+0000b', character U+0000: cannot be drawn; remove it"),
        ({"note": "\u202e"}, "character U+202E: cannot be drawn"),
        ({"author": "\ud800"}, "character U+D800: cannot be drawn"),
        ({"author": "\uffff"}, "character U+FFFF: cannot be drawn"),
        ({"title": "", "seal": ""}, "poem without a title, seal ''"),
    ],
)
def test_a_poem_that_cannot_be_set_is_refused_by_name(change, message):
    with pytest.raises(DataError, match=re.escape(message)):
        replace(QUIET_NIGHT, **change)


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        ({"poems": []}, DataError, "sheet of 0 poems: 1 to 8 fit; make more sheets"),
        ({"poems": [QUIET_NIGHT] * 9}, DataError, "sheet of 9 poems"),
        ({"paper": "silk"}, ConfigError, "paper 'silk': unknown; use xuan, plain, night"),
        ({"page_size": "A0"}, ConfigError, "page size 'A0': unknown; use A4, A4-wide, A5"),
        (
            {"page_size": Page(width=50, height=400)},
            ConfigError,
            "page size 50 x 400: both sides must be from 100 to 20000 units",
        ),
        (
            {"poems": [replace(LONG, lines=("明月照高樓" * 4,) * 32)] * 8},
            ConfigError,
            "units on a page of 840 x 1188; take a larger page or fewer poems",
        ),
        (
            {"poems": [replace(COUPLET, title="一二三四五六七八九")]},
            DataError,
            "title of 9 characters: the 横批 of a hung couplet holds 8; shorten it",
        ),
    ],
)
def test_a_sheet_that_cannot_be_made_is_refused_with_a_remedy(request_, error, message):
    with pytest.raises(error, match=re.escape(message)):
        poem_sheet(**{"poems": [QUIET_NIGHT], **request_})
