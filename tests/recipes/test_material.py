import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import DataError
from serinette.kinds.text.yardstick import TextYardstick
from serinette.kinds.yardstick import Stretch
from serinette.recipes.evaluate.material import (
    at_most,
    cut_all,
    groups_of,
    real_stretches,
    shuffled,
    without_lines,
)


def stretches(name, *sizes):
    """Stretches of so many pieces of two characters each; every piece is told by its number."""
    made = []
    for k, size in enumerate(sizes):
        pieces = [f"{name}{k}.{n}" for n in range(size)]
        starts = np.cumsum([0, *(len(piece) + 1 for piece in pieces)])
        spans = [(int(s), int(s) + len(p)) for s, p in zip(starts, pieces, strict=False)]
        made.append(Stretch(content=" ".join(pieces), spans=tuple(spans)))
    return made


def pieces(part):
    return [piece for stretch in part for piece in stretch.pieces]


some_sizes = st.lists(st.integers(1, 8), min_size=6, max_size=40)


@given(held_out=some_sizes, other=some_sizes, most=st.integers(20, 90), seed=st.integers(0, 9))
def test_the_parts_never_share_a_piece_and_have_the_sizes_promised(held_out, other, most, seed):
    given_parts = stretches("h", *held_out), stretches("o", *other)
    if sum(held_out) < 20 or sum(other) < 40:
        with pytest.raises(DataError, match="too little real text"):
            real_stretches(*given_parts, most=most, seed=seed)
        return
    real = real_stretches(*given_parts, most=most, seed=seed)
    twin, fitted, kept = pieces(real.twin), pieces(real.fitted), pieces(real.held_out)
    first, second = map(pieces, real.halves)
    assert len(twin) == real.n_pieces == min(most, sum(other) // 2)
    assert real.n_pieces - 7 <= len(fitted) <= real.n_pieces
    assert len(kept) == min(most, sum(held_out))
    assert not set(twin) & set(fitted)
    assert set(twin + fitted) <= set(pieces(given_parts[1]))
    assert set(kept) <= set(pieces(given_parts[0]))
    assert len(first) == len(second) >= len(kept) // 2 - 7
    assert not set(first) & set(second)
    assert set(first + second) <= set(kept)
    # The halves come from different stretches: neighbours would be nearer than strangers.
    assert not {p.partition(".")[0] for p in first} & {p.partition(".")[0] for p in second}


def test_the_same_seed_chooses_the_same_and_another_does_not():
    given_parts = stretches("h", *[5] * 30), stretches("o", *[5] * 30)
    chosen = [real_stretches(*given_parts, most=25, seed=seed) for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1]
    assert chosen[0].twin != chosen[2].twin
    assert chosen[0].held_out != chosen[2].held_out


def test_where_all_is_one_text_the_twin_is_the_second_half():
    given_parts = stretches("h", *[1] * 40), stretches("o", *[1] * 80)
    real = real_stretches(*given_parts, most=60, seed=0, is_one_text=True)
    assert real.halves == (real.held_out, real.twin)


def test_too_little_text_is_refused_with_the_numbers():
    message = "19 held-out and 40 other pieces, at least 20 and 40 are needed; give more text"
    with pytest.raises(DataError, match=message):
        real_stretches(stretches("h", *[1] * 19), stretches("o", *[1] * 40), most=60, seed=0)
    real_stretches(stretches("h", *[1] * 20), stretches("o", *[1] * 40), most=60, seed=0)


def test_the_last_stretch_is_shortened_at_the_end_of_a_piece():
    kept = at_most(stretches("s", 3, 4), 5)
    assert pieces(kept) == ["s0.0", "s0.1", "s0.2", "s1.0", "s1.1"]
    assert kept[1].content == "s1.0 s1.1"
    assert at_most(stretches("s", 3), 0) == ()
    assert pieces(at_most(stretches("s", 3), 9)) == ["s0.0", "s0.1", "s0.2"]


def test_pieces_of_one_stretch_share_a_group():
    assert groups_of(stretches("s", 2, 1, 3)).tolist() == [0, 0, 1, 2, 2, 2]
    assert groups_of([]).tolist() == []


def test_what_holds_no_piece_is_left_out():
    short = "a few words"
    long = "word " * 90
    cut = cut_all([short, long, ""], TextYardstick(is_whole=False))
    assert [len(stretch.spans) for stretch in cut] == [2]
    assert [s.content for s in cut_all([short, " ", ""], TextYardstick(is_whole=True))] == [short]


def test_shuffling_keeps_everything():
    numbers = list(range(50))
    assert sorted(shuffled(numbers, 0)) == numbers
    assert shuffled(numbers, 0) == shuffled(numbers, 0) != shuffled(numbers, 1)


@pytest.mark.parametrize("space", ["\n", " ", ""])
def test_lines_that_were_planted_come_out_without_a_trace(space):
    before = ["one", "two", "one", "three."]
    planted = ["a.b c", "x (y"]
    after = ["one", "a.b c", "two", "one", "x (y", "a.b c", "three."]
    assert without_lines([space.join(after)], planted) == [space.join(before)]


def test_where_nothing_was_planted_nothing_is_taken_out():
    assert without_lines(["a\n\nb "], []) == ["a\n\nb "]
    assert without_lines(["x y\n", "x y"], ["x y"]) == ["", ""]
