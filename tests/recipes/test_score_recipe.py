import math

import numpy as np
import pytest
from tiny_models import FixedStepper, LetterCodec

from serinette.core.errors import DataError, QualityError
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.recipes.score import score_with

CODEC = LetterCodec()
V = CODEC.schema.fields[0].size
UNIFORM = FixedStepper(CODEC.schema)
UNKNOWN_NATS = math.log(1_112_064 - V)


def corpus(*texts):
    return Corpus(
        sequences=tuple(
            RawSequence(content=text, place=f"line {n}") for n, text in enumerate(texts)
        )
    )


class UniformCounts:
    n_given = 1

    def nats(self, sequence):
        return np.full(len(sequence) - 1, math.log(2))


def test_a_uniform_model_needs_log_v_for_every_character_and_end():
    score = score_with(CODEC, UNIFORM, corpus("abc", "de"), baseline=UniformCounts())
    assert score.n_characters == score.n_bytes == score.n_steps == 7
    assert score.nats == pytest.approx(7 * math.log(V))
    assert score.bits_per_character == pytest.approx(math.log2(V))
    assert score.perplexity == pytest.approx(V)
    assert score.perplexity_per_step == pytest.approx(V)
    assert score.baseline_nats == pytest.approx(7 * math.log(2))
    assert score.metrics[0].baseline == pytest.approx(1.0)


def test_an_unknown_character_costs_its_name_too_for_model_and_baseline():
    score = score_with(CODEC, UNIFORM, corpus("aé"), baseline=UniformCounts())
    assert (score.n_unknown, score.n_bytes) == (1, 4)
    np.testing.assert_allclose(
        score.per_sequence[0].surprisal, [math.log(V), math.log(V) + UNKNOWN_NATS]
    )
    assert score.baseline_nats == pytest.approx(3 * math.log(2) + UNKNOWN_NATS)


def test_the_parts_add_up_to_the_whole():
    score = score_with(CODEC, UNIFORM, corpus("abc", "", "hgfé"))
    assert sum(one.nats for one in score.per_sequence) == pytest.approx(score.nats)
    assert [len(one.surprisal) for one in score.per_sequence] == [3, 0, 4]
    assert score.to_json()["n_sequences"] == 3


def test_nothing_to_score_is_said():
    with pytest.raises(DataError, match="there is no text to score"):
        score_with(CODEC, UNIFORM, corpus())


def test_a_network_that_looks_ahead_is_not_scored():
    class Peeking(FixedStepper):
        def field(self, k, hidden, drawn):
            return np.eye(V, dtype=np.float32)[np.roll(hidden[:, :, 0], -1, axis=1)]

    with pytest.raises(QualityError, match="the network looks ahead"):
        score_with(CODEC, Peeking(CODEC.schema), corpus("abc"))
