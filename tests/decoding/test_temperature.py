import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import LETTERS, LetterCodec, config, schema, weights

from serinette.artifact.step_graph import build_step_graph
from serinette.core.distributions import categorical_log_probs
from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import read
from serinette.decoding.sampler import Sampler
from serinette.decoding.temperature import Heat, Schedule, schedule_of
from serinette.recipes.generate import GenerateRequest, Sample, generate_with
from serinette.recipes.heating import heat_of

CODEC = LetterCodec()
WAVY = {"temperature": "1.4:0.3/12@line", "temperature_in_words": "0.9:0.2:0.6/30"}


@pytest.fixture(scope="module")
def stepper():
    graph = build_step_graph(config(), CODEC.schema, weights(config(), CODEC.schema))
    return OnnxStepper(graph, CODEC.schema)


def samples(stepper, request=None, **decoding):
    asked = GenerateRequest(
        **{"n": 9, "seed": 3} | (request or {}),
        decoding=DecodingConfig(**{"max_steps": 40, "logit_bias": {"<end>": -2.0}} | decoding),
    )
    return [one for one in generate_with(CODEC, [stepper], asked) if isinstance(one, Sample)]


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        (0.8, Schedule((0.8,))),
        ("0.8", Schedule((0.8,))),
        ("1.2:0.6", Schedule((1.2, 0.6))),
        ("1:.5:2e-1/200", Schedule((1.0, 0.5, 0.2), 200)),
        ("1.2:0/30@line", Schedule((1.2, 0.0), 30, True)),
    ],
)
def test_a_schedule_is_read_as_it_is_documented(text, schedule):
    assert schedule_of(text) == schedule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("warm", "must be a number, FROM:TO, FROM:TO/STEPS or FROM:TO/STEPS@line; got 'warm'"),
        (
            "0.5,1.0",
            "must be a number, FROM:TO, FROM:TO/STEPS or FROM:TO/STEPS@line; got '0.5,1.0'",
        ),
        ("0.8/100", "must be a number, FROM:TO, .* got '0.8/100'"),
        ("1:2@line", "must be a number, FROM:TO, .* got '1:2@line'"),
        ("1:2/0", "must take at least 1 step; got '1:2/0'"),
        ("1:-2", "must be a number, FROM:TO, .* got '1:-2'"),
        ("-1", "must be at least 0 and finite; 0 is greedy; got -1"),
        ("1:1e999", "must be at least 0 and finite; 0 is greedy; got 1:1e999"),
        (float("nan"), "must be at least 0 and finite; 0 is greedy; got nan"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_value(text, message):
    with pytest.raises(ConfigError, match=message):
        schedule_of(text)
    for name in ("temperature", "temperature_in_words"):
        with pytest.raises(ConfigError, match=f"decoding.{name} {message}"):
            DecodingConfig(**{name: text})


def test_the_points_are_met_and_the_last_one_stays():
    steps = np.array([0, 5, 10, 15, 20, 90])
    assert Schedule((1.0, 0.5, 0.9), 20).at(steps, 99).tolist() == [1, 0.75, 0.5, 0.7, 0.9, 0.9]
    assert Schedule((2.0, 1.0)).at(steps, 20).tolist() == [2, 1.75, 1.5, 1.25, 1, 1]


@given(st.floats(0.05, 3), st.integers(1, 400), st.booleans())
def test_a_constant_schedule_is_the_plain_number(value, n_steps, by_line):
    text = f"{value!r}:{value!r}/{n_steps}" + "@line" * by_line
    decoding = DecodingConfig(temperature=text, temperature_in_words=value)
    assert decoding.constant_temperature == value
    assert heat_of(CODEC, decoding, 50) is None


@pytest.mark.parametrize("value", [0.0, 0.7, 1.0])
def test_a_constant_schedule_gives_the_bytes_of_the_plain_number(stepper, value):
    for extra in ({}, {"top_k": 6}, {"presence_penalty": 0.5}):
        plain = samples(stepper, temperature=value, **extra)
        assert samples(stepper, temperature=f"{value}:{value}/9@line", **extra) == plain
        assert (
            samples(stepper, temperature_in_words=str(value), temperature=value, **extra) == plain
        )


def test_a_schedule_draws_the_same_in_any_batch_and_alone(stepper):
    many = samples(stepper, **WAVY)
    for size in (1, 4, 64):
        assert samples(stepper, {"batch_size": size}, **WAVY) == many
    assert samples(stepper, {"n": 1, "first_row": 6}, **WAVY) == [many[6]]
    assert many != samples(stepper)
    assert samples(stepper, {"beam": 3, "n": 2}, **WAVY) == samples(
        stepper, {"beam": 3, "n": 2}, **WAVY
    )


def test_reported_log_probabilities_are_those_of_the_temperature_at_each_place(stepper):
    """By a slow twin: every step is read again, and divided by what the definition says."""
    for one in samples(stepper, {"prefixes": ("ab\na",)}, **WAVY):
        symbols = CODEC.encode(one.full_text)[:, 0].astype(np.int64)
        drawn = [*symbols[4:].tolist(), 0][: one.n_steps]
        own = given_own = 0.0
        for step, symbol in enumerate(drawn):
            before = "ab\na" + one.text[:step]
            in_line = len(before) - before.rfind("\n") - 1
            heat = float(np.interp(in_line, [0, 12], [1.4, 0.3]))
            if before[-1] != "\n":
                heat = float(np.interp(step, [0, 15, 30], [0.9, 0.2, 0.6]))
            read_so_far = np.concatenate([[0], symbols[: 4 + step]]).astype(np.int64)
            logits, _ = read(stepper, read_so_far, np.zeros(0, dtype=np.int64))
            own += categorical_log_probs(logits)[0, symbol]
            biased = logits[0].astype(np.float64)
            biased[0] -= 2.0
            biased[1] = -np.inf
            given_own += categorical_log_probs(biased[None] / heat)[0, symbol]
        assert one.log_prob_nats == pytest.approx(own, rel=1e-5)
        assert one.sampling_log_prob_nats == pytest.approx(given_own, rel=1e-4)


def test_a_schedule_that_falls_to_nothing_is_greedy_from_there_on(stepper):
    """With the same beginning, two seeds go on alike once the temperature is 0."""
    greedy = DecodingConfig(temperature="0.9:0/1")
    heat = heat_of(CODEC, greedy, 9)
    sampler = Sampler(greedy, CODEC.schema, heat=heat)
    logits = np.array([[0.0, 9.0, 1.0, 3.0, 2.9, *[0.0] * 6]], dtype=np.float32)
    for u in (0.001, 0.5, 0.999):
        memory = sampler.remember(sampler.start(1), np.array([2]))
        shaped = sampler.shape(logits, memory, np.array([8]))
        assert sampler.draw_shaped(shaped, np.array([u]))[0].tolist() == [3]
    first = sampler.shape(logits, sampler.start(1), np.array([9]))
    assert sampler.draw_shaped(first, np.array([0.999]))[0].tolist() != [3]


def test_a_word_is_what_is_spelt_in_letters():
    heat = heat_of(CODEC, DecodingConfig(temperature_in_words=0.5), 9)
    assert isinstance(heat, Heat)
    assert heat.is_letter.tolist() == [False, True, *(letter != "\n" for letter in LETTERS)]
    assert heat.is_break.tolist() == [False, False, *(letter == "\n" for letter in LETTERS)]


class HanziCodec(LetterCodec):
    """Its symbols are written without spaces between words, and it has no line break."""

    def decode(self, steps):
        return "".join("\ufffd春花秋月"[s - 1 and 1 + s % 4] for s in steps[:, 0].tolist() if s > 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"temperature_in_words": 0.5},
            "decoding.temperature_in_words 0.5: this model's words are not spelt in letters; leave",
        ),
        (
            {"temperature": "1:0.5/9@line"},
            "decoding.temperature 1:0.5/9@line: this model writes no line breaks; leave out @line",
        ),
    ],
)
def test_places_that_a_model_does_not_know_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        heat_of(HanziCodec(), DecodingConfig(**settings), 9)


def test_a_row_without_steps_stands_at_no_letter():
    heat = heat_of(CODEC, DecodingConfig(temperature_in_words=0.5), 9)
    assert heat.at(heat.start(2), np.array([9, 9])).tolist() == [[1.0], [1.0]]
    after = heat.advance(heat.start(2), np.array([2, 10]))
    assert heat.at(after, np.array([8, 8])).tolist() == [[0.5], [1.0]]
    assert schema(11) == CODEC.schema
