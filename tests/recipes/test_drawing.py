import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import FixedStepper, LetterCodec

from serinette.counts.ngram import WittenBell
from serinette.kinds.corpus import RawSequence
from serinette.kinds.text.yardstick import TextYardstick
from serinette.recipes.evaluate.drawing import (
    _allotted,
    draw,
    draw_from_counts,
    stretch_of,
    writer_of,
)
from serinette.recipes.evaluate.request import EvaluateRequest

WHOLE = TextYardstick(is_whole=True)
PASSAGES = TextYardstick(is_whole=False)
(SETTING,) = EvaluateRequest(temperatures=(1.0,)).settings
END, MISSING, FIRST = 0, 1, 2


def sequences(*contents, labels=()):
    contexts = [{"label": label} for label in labels] or [{}] * len(contents)
    return [
        RawSequence(content=content, context=context, place=f"x:{k}")
        for k, (content, context) in enumerate(zip(contents, contexts, strict=True))
    ]


def told(label):
    return (("label", label),)


def stepper(codec, *, end):
    """Predicts every letter alike, and the end with so many nats more."""
    logits = np.zeros(codec.schema.fields[0].size)
    logits[END], logits[MISSING] = end, -50.0
    return FixedStepper(codec.schema, logits)


def writer(*, end=0.0, yardstick=WHOLE, labels=(), training=None, n_steppers=1):
    codec = LetterCodec(labels=tuple(dict.fromkeys(labels)))
    steppers = [stepper(codec, end=end) for _ in range(n_steppers)]
    rows = training or sequences(*["abc"] * (len(labels) or 3), labels=labels)
    return writer_of(codec, steppers, yardstick, rows)


def drawn(a_writer, n_pieces=30, seed=0, told=None):
    tell = [].append if told is None else told.append
    return draw(a_writer, SETTING, n_pieces=n_pieces, seed=seed, on_progress=tell)


def test_samples_are_drawn_until_they_hold_enough_pieces():
    found = drawn(writer(end=1.0))
    n_empty = sum(not text.strip() for text in found.texts)
    assert n_empty > 0  # so more than one round was needed
    assert len(found.texts) - n_empty >= 30
    assert not any(stretch_of(text, WHOLE) for text in found.texts if not text.strip())


def test_a_model_that_ends_at_once_is_given_up_after_six_rounds():
    found = drawn(writer(end=50.0), n_pieces=10)
    assert found.texts == ("",) * 60
    assert found.n_unfinished == 0


def test_what_is_cut_off_counts_as_unfinished():
    a_writer = writer(end=-50.0)
    found = drawn(a_writer, n_pieces=7)
    assert found.n_unfinished == 7
    assert {len(text) for text in found.texts} == {a_writer.n_steps}


def test_progress_is_the_share_of_the_pieces():
    told = []
    drawn(writer(end=-1.0), n_pieces=20, told=told)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_same_seed_draws_the_same_whatever_the_threads():
    one, two, again, other = (
        drawn(writer(n_steppers=n), seed=seed) for n, seed in ((1, 0), (2, 0), (1, 0), (1, 1))
    )
    assert one == two == again
    assert one.texts != other.texts


def test_more_rounds_go_on_with_new_rows():
    few, many = drawn(writer(end=1.0), n_pieces=10).texts, drawn(writer(end=1.0), n_pieces=40).texts
    assert many[: len(few)] == few
    long = [text for text in many if len(text) > 3]
    assert len(set(long)) == len(long)


def test_labels_get_their_shares_of_the_training_part():
    labels = ["ode"] * 6 + ["hymn"] * 3 + ["psalm"]
    a_writer = writer(labels=labels, end=-2.0)
    assert a_writer.shares == pytest.approx(
        {told("ode"): 0.6, told("hymn"): 0.3, told("psalm"): 0.1}
    )
    assert len(drawn(a_writer, n_pieces=20).texts) >= 20


def test_labels_that_a_model_does_not_know_are_not_asked_of_it():
    training = sequences("ab", "cd", "ef", labels=["ode", "ode", "limerick"])
    codec = LetterCodec(labels=("ode",))
    assert writer_of(codec, [], WHOLE, training).shares == {told("ode"): 1.0}
    assert writer_of(LetterCodec(), [], WHOLE, training).shares == {}


@given(weights=st.lists(st.integers(1, 50), min_size=1, max_size=9), n=st.integers(1, 200))
def test_rows_are_dealt_out_to_the_last_one_and_nearly_in_proportion(weights, n):
    shares = {told(str(k)): weight / sum(weights) for k, weight in enumerate(weights)}
    counts = dict(_allotted(shares, n))
    assert sum(counts.values()) == n
    assert all(abs(counts.get(facts, 0) - share * n) < 1 for facts, share in shares.items())
    assert all(count > 0 for count in counts.values())


def test_without_labels_all_rows_have_none():
    assert _allotted({}, 7) == [((), 7)]


def test_a_document_may_become_half_as_long_again_as_the_longest_usual_one():
    assert writer(training=sequences(*["a" * 40] * 9)).n_steps == 60
    assert writer(training=sequences("a", "b")).n_steps == 16


def test_a_stretch_has_room_for_the_passage_that_is_left_out():
    text = "abc de " * 1_000
    a_writer = writer(yardstick=PASSAGES, training=sequences(text))
    passages = PASSAGES.cut(text)[0]
    assert a_writer.n_steps >= len(passages.content) * 9 / 8
    assert a_writer.n_steps < len(passages.content) * 1.3
    assert writer(yardstick=PASSAGES, training=sequences("too short")).n_steps == 1_000


def test_of_a_sample_only_the_first_stretch_is_measured():
    (stretch,) = stretch_of("abc de " * 1_000, PASSAGES)
    assert len(stretch.spans) == PASSAGES.pieces_per_stretch


def test_a_count_model_writes_what_it_counted():
    codec = LetterCodec()
    closed = [np.array([END, FIRST, FIRST + 1, FIRST, END])] * 9
    model = WittenBell.fit(closed, 3, codec.schema.fields[0].size, n_given=1)
    a_writer = writer()
    found = draw_from_counts(a_writer, model, n_pieces=40, seed=0)
    texts = [stretch.content for stretch in found]
    assert len(texts) >= 40
    assert texts.count("aba") > len(texts) / 2
    assert found == draw_from_counts(a_writer, model, n_pieces=40, seed=0)
