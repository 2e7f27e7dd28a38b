import itertools
import re

import numpy as np
import pytest
from tiny_models import LetterCodec, config, weights

from serinette.artifact.step_graph import build_step_graph
from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.recipes.generate import GenerateRequest, Piece, Sample, generate_with, threads_for
from serinette.recipes.score import score_with


def stepper_of(codec):
    graph = build_step_graph(config(), codec.schema, weights(config(), codec.schema))
    return OnnxStepper(graph, codec.schema)


CODEC = LetterCodec()


@pytest.fixture(scope="module")
def stepper():
    return stepper_of(CODEC)


def samples(stepper, codec=CODEC, **request):
    made = generate_with(codec, [stepper], GenerateRequest(**request))
    return [one for one in made if isinstance(one, Sample)]


@pytest.mark.parametrize("stop", [(), ("ab", "c")])
def test_pieces_and_samples_come_in_order_and_are_the_same_for_any_batch(stepper, stop):
    decoding = DecodingConfig(max_steps=100, stop=stop, logit_bias={"<end>": -1.0})
    request = {"n": 7, "prefixes": ("", "abba"), "seed": 3, "decoding": decoding}
    streams = [
        list(generate_with(CODEC, [stepper], GenerateRequest(**request, batch_size=size)))
        for size in (1, 4, 64)
    ]
    for stream in streams:
        assert [one for one in stream if isinstance(one, Sample)] == samples(stepper, **request)
        rows = [one.row for one in stream]
        assert rows == sorted(rows)
        for row, parts in itertools.groupby(stream, lambda one: one.row):
            *pieces, sample = parts
            assert isinstance(sample, Sample)
            assert all(isinstance(piece, Piece) and piece.text for piece in pieces)
            assert "".join(piece.text for piece in pieces) == sample.text, row


@pytest.mark.parametrize("stop", [(), ("ab", "c")])
def test_threads_never_change_what_is_generated(stop):
    decoding = DecodingConfig(max_steps=150, stop=stop, logit_bias={"<end>": -1.0})
    request = GenerateRequest(n=11, prefixes=("", "abba"), seed=3, decoding=decoding, batch_size=6)
    alone = list(generate_with(CODEC, [stepper_of(CODEC)], request))
    for n_threads in (2, 3):
        steppers = [stepper_of(CODEC) for _ in range(n_threads)]
        shared = list(generate_with(CODEC, steppers, request))
        assert [x for x in shared if isinstance(x, Sample)] == [
            x for x in alone if isinstance(x, Sample)
        ]
        assert joined(shared) == joined(alone)


def joined(stream):
    """What somebody writes who writes pieces as they come."""
    return "".join(x.text if isinstance(x, Piece) else "\n" for x in stream)


@pytest.mark.parametrize(
    ("request_", "n_threads"),
    [
        ({"n": 1}, 1),
        ({"n": 64, "n_threads": 2}, 2),
        ({"n": 64, "n_threads": 2, "batch_size": 8}, 1),
        ({"n": 9, "n_threads": 2, "prefixes": ("a", "b")}, 2),
    ],
)
def test_threads_are_used_where_there_are_rows_for_them(request_, n_threads):
    assert threads_for(GenerateRequest(**request_)) == n_threads


def test_sample_k_of_a_seed_can_be_had_alone(stepper):
    many = samples(stepper, n=9, seed=5)
    assert samples(stepper, n=1, seed=5, first_row=6) == [many[6]]
    assert samples(stepper, n=9, seed=6) != many


def test_a_stop_text_ends_the_sample_before_it(stepper):
    free = samples(stepper, n=20, seed=1)
    stopped = samples(stepper, n=20, seed=1, decoding=DecodingConfig(stop=("d",)))
    assert {one.finish_reason for one in stopped} == {"end", "stop"}
    for with_stop, without in zip(stopped, free, strict=True):
        assert with_stop.text == without.text.partition("d")[0]
        assert with_stop.n_steps == len(with_stop.text) + 1  # the end, or the stop text


def test_the_log_probability_is_the_score_of_the_sample(stepper):
    for one in samples(stepper, n=10, seed=2):
        assert one.finish_reason == "end"
        if one.text:
            corpus = Corpus(sequences=(RawSequence(content=one.text, place="sample"),))
            scored = score_with(CODEC, stepper, corpus)
            assert scored.nats == pytest.approx(-one.log_prob_nats, rel=1e-6)


def test_a_bias_works_on_texts_and_on_the_end(stepper):
    never = DecodingConfig(logit_bias={"<end>": -90.0, "a": -90.0}, max_steps=50)
    (one,) = samples(stepper, decoding=never)
    assert one.finish_reason == "length"
    assert len(one.text) == 50
    assert "a" not in one.text


def test_the_prefix_is_kept_apart_and_its_unknown_letters_are_counted(stepper):
    (one,) = samples(stepper, prefixes=("aZZ",), seed=4)
    assert one.full_text == "aZZ" + one.text
    assert one.n_unknown == 2
    assert one.to_json()["prefix"] == "aZZ"


def test_labels_condition_the_samples():
    codec = LetterCodec(labels=("verse", "prose"))
    stepper = stepper_of(codec)
    verse = samples(stepper, codec, n=4, labels={"label": "verse"})
    prose = samples(stepper, codec, n=4, labels={"label": "prose"})
    assert [one.text for one in verse] != [one.text for one in prose]
    with pytest.raises(ConfigError, match=r"unknown label 'vers' .*verse"):
        samples(stepper, codec, labels={"label": "vers"})
    with pytest.raises(ConfigError, match=r"unknown context 'labl' .*label"):
        samples(stepper, codec, labels={"labl": "verse"})


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"labels": {"label": "x"}}, "label 'x': this model was trained without labels"),
        (
            {"decoding": DecodingConfig(logit_bias={"ab": 1.0})},
            "decoding.logit_bias: 'ab' is 2 symbols of this model; name one",
        ),
        (
            {"decoding": DecodingConfig(logit_bias={"Z": 1.0})},
            "decoding.logit_bias: 'Z' is not among this model's symbols",
        ),
    ],
)
def test_what_the_model_does_not_know_is_refused_at_once(stepper, request_, message):
    with pytest.raises(ConfigError, match=message):
        generate_with(CODEC, [stepper], GenerateRequest(**request_))


def test_counts_out_of_range_are_refused_together():
    with pytest.raises(ConfigError, match="n must be at least 1, got 0; batch_size must be"):
        GenerateRequest(n=0, batch_size=0)
    with pytest.raises(ConfigError, match="prefixes must hold at least one text"):
        GenerateRequest(prefixes=())


def test_a_sample_may_be_empty(stepper):
    ended = DecodingConfig(logit_bias={"<end>": 90.0})
    (one,) = samples(stepper, decoding=ended)
    assert (one.text, one.n_steps, one.finish_reason) == ("", 1, "end")
    assert np.isfinite(one.log_prob_nats)


class AccentCodec(LetterCodec):
    """Its letter g is an accent on the letter before it."""

    @staticmethod
    def text(symbols):
        return LetterCodec.text(symbols).replace("g", "\u0301")

    def streamer(self):
        return AccentStreamer()


class AccentStreamer:
    def push(self, symbol):
        return AccentCodec.text([symbol])

    def flush(self):
        return ""


def test_a_stop_text_is_known_only_when_no_accent_has_followed(stepper):
    codec = AccentCodec()
    free = samples(stepper, codec, n=60, seed=1)
    stopped = samples(stepper, codec, n=60, seed=1, decoding=DecodingConfig(stop=("d",)))
    assert any("d\u0301" in one.text for one in stopped)
    for with_stop, without in zip(stopped, free, strict=True):
        parts = re.split("d(?!\u0301)", without.text, maxsplit=1)
        assert with_stop.text == parts[0]
        assert with_stop.finish_reason == ("stop" if len(parts) > 1 else "end")
