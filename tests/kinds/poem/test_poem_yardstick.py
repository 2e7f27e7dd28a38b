import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.poem.layout import canonical
from serinette.kinds.poem.yardstick import PoemYardstick
from serinette.kinds.text.embedding import embed, embedding_name
from serinette.kinds.yardstick import Yardstick

YARDSTICK = PoemYardstick()
NIGHT = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"


@given(st.text(alphabet="春江花月，。？「」\n (a", max_size=30))
def test_a_poem_is_one_piece_in_canonical_writing(content):
    cut = YARDSTICK.cut(content)
    assert len(cut) == bool(canonical(content))
    for stretch in cut:
        assert stretch.pieces == (canonical(content),)
        assert YARDSTICK.cut(stretch.content) == cut


@given(st.text(alphabet="春江花月𠀀，。", max_size=30))
def test_what_is_counted_are_the_single_characters_and_marks(content):
    tokens = YARDSTICK.tokens(content)
    assert "".join(tokens) == content
    assert all(len(token) == 1 for token in tokens)


@pytest.mark.parametrize("content", ["", " \n ", "，。", "「」"])
def test_a_text_without_any_character_is_no_piece(content):
    assert YARDSTICK.cut(content) == []


def test_what_is_no_poem_is_measured_too():
    assert [stretch.content for stretch in YARDSTICK.cut("春江abc")] == ["春江abc。"]


def test_it_is_a_yardstick_of_whole_poems():
    assert isinstance(YARDSTICK, Yardstick)
    assert YARDSTICK.is_whole
    assert YARDSTICK.pieces_per_stretch == 1
    assert YARDSTICK.piece_name == "poems"
    assert YARDSTICK.embedding == embedding_name()


def test_a_poem_is_embedded_as_it_stands():
    told = []
    vectors = YARDSTICK.embed([NIGHT, "春江。"], told.append)
    assert np.array_equal(vectors, embed([NIGHT, "春江。"]))
    assert told[-1] == 2


def test_its_own_figures_are_those_of_poems_with_real_ones_as_the_floor():
    measure = YARDSTICK.own_metrics([NIGHT] * 2, np.array([0, 0]), ["春江。"], seed=4)
    found = {metric.key: metric for metric in measure([NIGHT], np.array([0]))}
    assert list(found) == [
        "form", "regulated", "tone", "rhyme", "repeated", "repeated_rhyme", "copied_line",
    ]  # fmt: skip
    assert all(metric.floor == metric.value for metric in found.values())
    assert all(metric.floor_interval is None for metric in found.values())
    assert all(metric.seed == 4 for metric in found.values())


def test_the_modern_book_judges_where_it_is_asked_to():
    pytest.importorskip("pypinyin")
    poem = "一一一一一，一一一一斜。一一一一一，一一一一家。"

    def rhyme(book):
        measure = PoemYardstick(book).own_metrics([], np.array([], dtype=np.int64), [poem], seed=0)
        return {m.key: m.value for m in measure([poem], np.array([0]))}["rhyme"]

    assert rhyme("pingshui") == 100
    assert rhyme("xinyun") == 0
