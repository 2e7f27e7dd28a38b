import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation.copying import (
    ORDERS,
    CopyCheck,
    Span,
    copied_share,
    is_contained,
    is_exact_duplicate,
    longest_spans,
    novel_counts,
    novelty,
)

texts = st.lists(st.text("abc ", max_size=14), max_size=4)
PROVERBS = (
    "A bird in the hand is worth two in the bush.",
    "Too many cooks spoil the broth, and too few let it burn.",
    "The early bird catches the worm; the second mouse gets the cheese.",
)


def match(contents, pieces):
    return CopyCheck(contents).match(pieces)


def slow_novelty(contents, pieces, order):
    grams = [p[i : i + order] for p in pieces for i in range(len(p) - order + 1)]
    return [not any(gram in content for content in contents) for gram in grams]


def slow_covered(contents, piece, shortest):
    """Mark the characters of every stretch that stands in some document."""
    covered = [False] * len(piece)
    for start in range(len(piece)):
        for stop in range(start + shortest, len(piece) + 1):
            if any(piece[start:stop] in content for content in contents):
                covered[start:stop] = [True] * (stop - start)
    return covered


@given(texts, texts)
def test_novelty_is_the_share_of_new_grams_of_each_length(contents, pieces):
    copies = match(contents, pieces)
    for order, share in zip((1, 2, 3, 5), novelty(copies, (1, 2, 3, 5)), strict=True):
        new = slow_novelty(contents, pieces, order)
        assert share == pytest.approx(np.mean(new)) if new else np.isnan(share)


@given(texts, texts)
def test_the_counts_of_single_pieces_add_up_to_the_novelty(contents, pieces):
    absent, grams = novel_counts(match(contents, pieces), (2, 3))
    assert absent.shape == grams.shape == (len(pieces), 2)
    for i, piece in enumerate(pieces):
        for k, order in enumerate((2, 3)):
            new = slow_novelty(contents, [piece], order)
            assert (absent[i, k], grams[i, k]) == (sum(new), len(new))


@given(texts, texts, st.integers(1, 4))
def test_what_is_copied_lies_in_a_stretch_that_some_document_holds(contents, pieces, shortest):
    marks = [slow_covered(contents, piece, shortest) for piece in pieces]
    shares = [np.mean(piece) if piece else 0.0 for piece in marks]
    assert copied_share(match(contents, pieces), shortest) == pytest.approx(shares)


@given(texts, texts)
def test_spans_are_apart_real_and_leave_no_longer_stretch_out(contents, pieces):
    check = CopyCheck(contents)
    copies = check.match(pieces)
    spans = longest_spans(copies, n=None, shortest=2)
    lengths = [span.stop - span.start for span in spans]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[:1] == [n for n in [int(copies.lengths.max(initial=0))] if n >= 2]
    left = [list(piece) for piece in pieces]
    for span in spans:
        document, offset = check.locate(span.place)
        copied = pieces[span.piece][span.start : span.stop]
        assert contents[document][offset : offset + len(copied)] == copied
        assert left[span.piece][span.start : span.stop] == list(copied)  # not taken before
        left[span.piece][span.start : span.stop] = [None] * len(copied)
    assert longest_spans(copies, n=1, shortest=2) == spans[:1]


def test_a_place_is_named_by_document_and_character():
    check = CopyCheck(PROVERBS)
    pieces = ["", "He said: the early bird", "many cooks spoil the bro-", ""]
    spans = longest_spans(check.match(pieces), shortest=10)
    assert [(s.piece, pieces[s.piece][s.start : s.stop]) for s in spans] == [
        (2, "many cooks spoil the bro"),
        (1, "he early bird"),
    ]
    assert [check.locate(span.place) for span in spans] == [(1, 4), (2, 1)]


def test_what_a_longer_stretch_leaves_of_another_one_counts_by_itself():
    copies = match(["abcdefgh", "ghijklmnop"], ["abcdefghijklmnop"])
    assert longest_spans(copies, shortest=4) == [
        Span(piece=0, start=6, stop=16, place=9),
        Span(piece=0, start=0, stop=6, place=0),
    ]
    assert len(longest_spans(copies, shortest=7)) == 1
    copies = match(["abcdefghij", "ghijklmn"], ["abcdefghijklmn"])
    assert longest_spans(copies, shortest=4) == [
        Span(piece=0, start=0, stop=10, place=0),
        Span(piece=0, start=10, stop=14, place=15),
    ]


def test_nothing_is_copied_where_there_is_nothing():
    for contents, pieces in (([], ["abc", ""]), (["abc"], []), (["abc"], ["", ""])):
        check = CopyCheck(contents)
        copies = check.match(pieces)
        assert len(copies.n_characters) == len(pieces)
        assert not copied_share(copies, 1).any()
        assert longest_spans(copies, shortest=1) == []
        assert not check.is_near_duplicate(pieces, copies).any()
        assert not is_contained(pieces, copies).any()
    assert np.isnan(novelty(match(["abc"], []))).all()
    assert novelty(match([], ["abc"]), (1, 4)).tolist() == pytest.approx([1, np.nan], nan_ok=True)


def test_a_copy_of_everything_has_no_novelty_at_any_length():
    long = ["".join(np.random.default_rng(0).choice(list("abcdef "), 300).tolist())]
    copies = match(long, long)
    assert novelty(copies).tolist() == [0.0] * len(ORDERS)
    assert copied_share(copies, 100).tolist() == [1.0]


def test_a_near_duplicate_is_one_passage_with_little_changed():
    a, b, c = PROVERBS
    pieces = [
        a,
        a.replace("worth", "like"),
        b.replace("spoil", "ruin").replace("burn", "boil"),
        f"  {b[:40]}",
        a[:22] + b[-22:],  # half of each
        b[:28] + c[-30:],
        "bird",
        "People who live in glass houses should not throw stones.",
    ]
    check = CopyCheck(PROVERBS)
    near = check.is_near_duplicate(pieces, check.match(pieces))
    assert near.tolist() == [True, True, True, True, False, False, False, False]


def test_a_near_duplicate_never_reaches_into_the_next_document():
    documents = ["the first half of a line ", "and the second half of it"]
    check = CopyCheck(documents)
    apart = "".join(documents)
    assert not check.is_near_duplicate([apart], check.match([apart])).any()
    whole = CopyCheck([apart])
    assert whole.is_near_duplicate([apart], whole.match([apart])).all()


def test_a_duplicate_is_a_whole_document_and_a_contained_piece_some_part_of_one():
    contents = [" Anna \n", "Annabel", "\n"]
    pieces = ["Anna", "Annabel\n", "\tabel ", " ", "", "Ann b"]
    assert is_exact_duplicate(pieces, contents).tolist() == [True, True] + [False] * 4
    found = is_contained(pieces, match(contents, pieces))
    assert found.tolist() == [True, True, True, False, False, False]
