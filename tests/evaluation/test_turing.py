import json
import math
import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import DataError
from serinette.evaluation.turing import (
    Answers,
    Item,
    Sheet,
    key_file,
    read_answers,
    read_key,
    score_answers,
)
from serinette.evaluation.turing_page import sheet_html
from serinette.evaluation.turing_sheet import ELLIPSIS, make_sheet, normalised


def pieces(word, n, length=200):
    """Pieces of like length that say which side they are from."""
    return [(f"{word}{i} " * length)[: length + i] for i in range(n)]


def mixed(n_pairs=20, **changes):
    arguments = {"real": pieces("people", 60), "generated": pieces("machine", 40), "seed": 3}
    return make_sheet(n_pairs=n_pairs, **(arguments | changes))


def test_a_sheet_is_balanced_mixed_and_the_same_for_the_same_seed():
    sheet = mixed()
    assert len(sheet.items) == len(sheet.key) == 40
    assert sum(sheet.key) == 20
    assert sheet.key not in ((False,) * 20 + (True,) * 20, (False, True) * 20)
    assert all(
        item.text.startswith("machine") == made
        for item, made in zip(sheet.items, sheet.key, strict=True)
    )
    assert mixed() == sheet != mixed(seed=4)
    assert mixed().digest == sheet.digest != mixed(seed=4).digest


def test_neither_length_nor_ending_tells_who_wrote_a_piece():
    real = [f"{i} {'wordy ' * 90}end{i}." for i in range(50)]  # whole, of one length
    generated = [f"m{i} {'wordy ' * 70}cut off in the mid"[: 400 + 3 * i] for i in range(30)]
    sheet = mixed(real=real, generated=generated)
    sides = [
        [i.text for i, m in zip(sheet.items, sheet.key, strict=True) if m == made]
        for made in (0, 1)
    ]
    for text in sides[0] + sides[1]:
        assert re.search(r"\w …$", text)
    means = [sum(map(len, side)) / len(side) for side in sides]
    assert abs(means[0] - means[1]) < 10
    assert not any("mid" in text for text in sides[1])


def test_whole_pieces_are_left_whole_and_matched_within_a_fifth():
    real = [f"real {'x' * n}" for n in range(5, 300, 5)]
    generated = [f"made {'y' * n}" for n in (5, 50, 100, 5000, 10_000, 20_000)]
    sheet = make_sheet(real, generated, n_pairs=3, is_whole=True, seed=0)
    assert {item.text for item in sheet.items} <= set(real) | set(generated)
    lengths = [
        sorted(len(i.text) for i, m in zip(sheet.items, sheet.key, strict=True) if m == made)
        for made in (0, 1)
    ]
    assert lengths == [[10, 55, 105], [10, 55, 105]]


def test_what_is_unreadable_doubled_or_on_both_sides_is_not_shown():
    real = ["same on both sides", "twice  the\tsame", "TWICE the same", "bad \ufffd mark", " \n"]
    generated = ["Same on both sides", "once only here", "bad \ufffd sign", ""]
    sheet = make_sheet(real, generated, n_pairs=1, is_whole=True, seed=0)
    assert {item.text for item in sheet.items} == {"twice the same", "once only here"}
    with pytest.raises(DataError, match=r"of 2 pairs cannot be made: 1 real and 1 generated"):
        make_sheet(real, generated, n_pairs=2, is_whole=True, seed=0)


def test_pieces_that_a_cut_makes_equal_are_not_shown_twice():
    real = ["the same beginning here and on", "another one altogether, longer"]
    generated = ["the same beginning here but not"]
    sheet = make_sheet(real, ["the same beginning here x", *generated], n_pairs=1, seed=0)
    assert len({item.text for item in sheet.items}) == 2


def test_text_without_spaces_is_cut_between_characters():
    sheet = make_sheet(["漢字" * 50], ["仮名" * 40], n_pairs=1, seed=0)
    assert {item.text for item in sheet.items} == {
        ("漢字" * 40)[:-1] + ELLIPSIS,
        ("仮名" * 40)[:-1] + ELLIPSIS,
    }


def test_an_accent_is_never_cut_from_its_letter():
    sheet = make_sheet(["x\u0301" * 40], ["q\u0301\u0302" * 60], n_pairs=1, seed=0)
    assert {item.text for item in sheet.items} == {
        "x\u0301" * 39 + ELLIPSIS,
        "q\u0301\u0302" * 26 + ELLIPSIS,
    }


def test_white_space_is_made_uniform():
    assert normalised("\ufeff a\u00a0\u2003b \t\r\n\r\n\n\n c\u200b\x07\u00ad \u2028d\r") == (
        "a b\n\nc\nd"
    )
    assert normalised("e\u0301") == "\u00e9"
    assert normalised("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 x\ud800") == (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 x"
    )


@given(st.text(st.sampled_from("ab \n\t\r\u00a0\u200b\u0301\ufeff"), max_size=30))
def test_what_is_uniform_stays_as_it_is(text):
    once = normalised(text)
    assert normalised(once) == once == once.strip()
    assert not re.search(r"[\t\r\u00a0\ufeff]|  | \n|\n |\n{3}", once)


def test_the_key_file_gives_the_sheet_back_and_is_refused_when_changed():
    sheet = mixed()
    content = key_file(sheet)
    assert read_key(content, "key.json") == sheet
    with pytest.raises(DataError, match=r"key\.json: its pieces are not those of its sheet"):
        read_key(content.replace(b"people1", b"people9"), "key.json")
    for bad in (b"", b"[]", b"{}", b'{"items": 3}', b"\xff", b'{"items":[{"text":1}]}'):
        with pytest.raises(DataError, match=r"^x is not the key of a blind test"):
            read_key(bad, "x")


def sheet_of(letters):
    return Sheet(
        tuple(Item(f"piece {i}") for i in range(len(letters))), tuple(x == "g" for x in letters)
    )


def score(letters, *marks):
    sheet = sheet_of(letters)
    return score_answers(sheet, [Answers(sheet=sheet.digest, marks=each) for each in marks])


def test_a_score_counts_right_answers_by_side_and_leaves_out_known_and_skipped():
    found = score("rrrrgggg", "rrgRggr-")
    assert (found.n, found.correct, found.n_unanswered, found.n_known) == (6, 4, 1, 1)
    assert found.accuracy == 4 / 6
    assert found.real_accuracy == found.generated_accuracy == 2 / 3
    assert found.n_raters == 1
    low, high = found.interval
    assert (low, high) == pytest.approx((0.3000, 0.9032), abs=1e-4)  # Wilson, 4 of 6


def binomial(n, k):
    """Two-sided, exact: outcomes as far from half or farther."""
    chances = [math.comb(n, i) / 2**n for i in range(n + 1)]
    return sum(c for i, c in enumerate(chances) if abs(2 * i - n) >= abs(2 * k - n))


@given(st.lists(st.sampled_from("rg"), min_size=1, max_size=24))
def test_the_test_of_one_person_is_the_binomial_test(marks):
    found = score("g" * len(marks), "".join(marks))
    assert found.p_value == pytest.approx(min(1.0, binomial(len(marks), marks.count("g"))))


@given(st.lists(st.text(st.sampled_from("rg-"), min_size=5, max_size=5), min_size=1, max_size=4))
def test_the_test_of_several_counts_every_swapped_key(raters):
    if set("".join(raters)) == {"-"}:
        return
    letters = "rggrg"
    net = [
        sum((each[i] == letters[i]) - (each[i] not in (letters[i], "-")) for each in raters)
        for i in range(5)
    ]
    sums = [
        sum(s * v for s, v in zip(signs, net, strict=True)) for signs in product((1, -1), repeat=5)
    ]
    slow = sum(abs(each) >= abs(sum(net)) for each in sums) / len(sums)
    assert score(letters, *raters).p_value == pytest.approx(slow)


def test_people_who_agree_are_no_more_proof_than_one():
    alone, chorus = (
        score("rg" * 10, "rg" * 7 + "gr" * 3),
        score("rg" * 10, *["rg" * 7 + "gr" * 3] * 9),
    )
    assert chorus.p_value == pytest.approx(alone.p_value)
    assert chorus.n == 9 * alone.n
    width = [high - low for low, high in (alone.interval, chorus.interval)]
    assert width[1] > 0.8 * width[0]


def test_several_people_have_the_same_interval_every_time():
    assert score("rgrg", "rgrr", "rggg").interval == score("rgrg", "rgrr", "rggg").interval
    low, high = score("rgrg", "rgrr", "rggg").interval
    assert 0 <= low <= 6 / 8 <= high <= 1


@pytest.mark.parametrize(
    ("marks", "beginning"),
    [
        ("rg" * 20, "The machine was told from people: 40 of 40 answers were right (100 %"),
        ("gr" * 20, "The machine was taken for people, and people for the machine: 0 of 40"),
        ("rr" * 20, "The machine was not told from people: 20 of 40 answers were right (50 %"),
    ],
)
def test_the_verdict_says_what_was_shown(marks, beginning):
    found = score("rg" * 20, marks)
    assert found.verdict.startswith(beginning)
    assert found.verdict.endswith("up to 65 % can be right.") == (marks == "rr" * 20)


def test_a_side_that_nobody_answered_has_no_accuracy():
    found = score("rg", "r-")
    assert found.real_accuracy == 1.0
    assert found.generated_accuracy is None


def test_answers_to_another_sheet_or_to_part_of_one_are_refused():
    sheet = sheet_of("rg")
    with pytest.raises(DataError, match=rf"belong to sheet {'0' * 16}, the key to {sheet.digest};"):
        score_answers(sheet, [Answers(sheet="0" * 16, marks="rg")])
    with pytest.raises(DataError, match="3 answers to a sheet of 2 pieces; copy the whole line"):
        score_answers(sheet, [Answers(sheet=sheet.digest, marks="rgr")])
    for answers in ([], [Answers(sheet=sheet.digest, marks="-R")]):
        with pytest.raises(DataError, match="nothing was answered; open the sheet"):
            score_answers(sheet, answers)


def test_answers_are_found_in_a_saved_file_and_in_any_text():
    one, other = (Answers(sheet="0123456789abcdef", marks=marks) for marks in ("rG-", "ggg"))
    assert read_answers(json.dumps({"answers": one.line}).encode(), "a") == (one,)
    letter = f"Hello!\r\n> {one.line}\r\n{other.line} \nand again {one.line}\xff"
    assert read_answers(letter.encode("latin-1"), "a") == (one, other)
    with pytest.raises(DataError, match=r"^my\.json holds no answers; they are a line that begins"):
        read_answers(b"rgrg", "my.json")


def test_the_page_holds_every_piece_escaped_and_nothing_of_the_key():
    texts = ['<script>alert("1")</script> & {braces}', "two\nlines"]
    one = Sheet((Item(texts[0]), Item(texts[1])), (True, False))
    page = sheet_html(one, "A <test>")
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; {braces}" in page
    assert "two\nlines</p>" in page
    assert "<title>A &lt;test&gt;</title>" in page
    assert page.count("<script") == page.count("<style") == 1
    assert one.digest in page
    assert page == sheet_html(Sheet(one.items, (False, True)), "A <test>")
    assert "://" not in page
    assert "were cut there" not in page
    assert "were cut there" in sheet_html(mixed(), "A test")


def test_the_policy_of_the_page_allows_just_its_own_style_and_script():
    import base64
    import hashlib

    page = sheet_html(mixed(), "A test")
    policy = re.search(r'Security-Policy" content="([^"]+)"', page)[1]
    for name in ("style", "script"):
        source = re.search(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "form-action 'none'" in policy
