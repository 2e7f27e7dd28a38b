import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.text.tokens import is_word, spans, tokens

texts = st.one_of(st.text(), st.text(alphabet="ab1'’-. \n\t_中รั\u0301\u200d♥"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a wheel.", ["a", "wheel", "."]),
        ("It's 5 o’clock -- 'tis!", ["It's", "5", "o’clock", "-", "-", "'", "tis", "!"]),
        ("a well-known co‑op, half-", ["a", "well-known", "co‑op", ",", "half", "-"]),
        ("don''t", ["don", "'", "'", "t"]),
        ("snake_case", ["snake", "_", "case"]),
        ("naïve cafe\u0301", ["naïve", "cafe\u0301"]),
        ("Ещё раз…", ["Ещё", "раз", "…"]),
        ("हिन्दी में लिखा।", ["हिन्दी", "में", "लिखा", "।"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("가나 다", ["가나", "다"]),
        ("中文，English 5年", ["中", "文", "，", "English", "5", "年"]),
        ("ひらカタｶﾅ", ["ひ", "ら", "カ", "タ", "ｶ", "ﾅ"]),
        ("ครับดี", ["ค", "รั", "บ", "ดี"]),
        ("♥\ufe0f♥", ["♥\ufe0f", "♥"]),
        ("", []),
        (" \t\u00a0", []),
    ],
)
def test_words_and_signs_of_any_script_are_tokens(text, expected):
    assert tokens(text) == expected


def test_line_breaks_are_tokens_of_two_kinds():
    assert tokens("ROMEO:\nAy me!\r\n\nb") == ["ROMEO", ":", "\n", "Ay", "me", "!", "\n\n", "b"]
    assert tokens("a\n\n\n\n\nb") == ["a", "\n\n", "\n\n", "\n", "b"]


@given(texts)
def test_nothing_is_lost_but_white_space(text):
    assert "".join("".join(tokens(text)).split()) == "".join(text.split())
    assert tokens(text).count("\n") + 2 * tokens(text).count("\n\n") == text.count("\n")


@given(texts)
def test_cut_text_that_is_put_together_with_spaces_is_cut_at_the_same_places(text):
    assert tokens(" ".join(tokens(text))) == tokens(text)


@given(texts)
def test_spans_are_where_the_tokens_stand(text):
    assert [text[start:stop] for start, stop in spans(text)] == tokens(text)


@given(st.text(alphabet="ab1 .'-中\n"))
def test_plain_text_is_cut_as_one_reads_it(text):
    expected, i = [], 0
    while i < len(text):
        stop = i + 1
        if text[i] in "ab1":
            while text[stop : stop + 1] in ("a", "b", "1") or (
                text[stop : stop + 1] in ("'", "-") and text[stop + 1 : stop + 2] in ("a", "b", "1")
            ):
                stop += 1
        elif text[i : i + 2] == "\n\n":
            stop += 1
        expected += [] if text[i] == " " else [text[i:stop]]
        i = stop
    assert tokens(text) == expected


def test_a_word_is_spelt_with_letters():
    assert [token for token in tokens("I'm 20\n中 x2 - é!") if is_word(token)] == [
        "I'm",
        "中",
        "x2",
        "é",
    ]
