"""The script of a page against the code that it follows, function by function and as a whole."""

import base64
import math

import numpy as np
import pytest
import text_models
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import schema

from serinette.core.seeds import stream_key, uniforms
from serinette.decoding.config import DecodingConfig
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.sampler import Sampler
from serinette.decoding.stop import StopMatcher
from serinette.exporting.page import page_facts
from serinette.recipes.generate import GenerateRequest, Opened, Sample, generate
from serinette.recipes.page_contents import page_contents

SHAPES = (
    {},
    {"n_layers": 1, "hidden_size": 17, "readout": "last"},
    {"layer_norm": True, "readout": "sum"},
    {"tied": True, "n_layers": 3, "layer_norm": True},
)
CODECS = ("character", "word", "byte")
PLAIN = {
    "prompt": "", "label": 0, "seed": "0", "temperature": 1.0, "topK": None, "topP": None,
    "stop": "", "length": 200,
}  # fmt: skip


def open_in(script, artifact, precision="fp32"):
    contents, _ = page_contents(artifact, precision)
    return script("open", page_facts(contents), base64.b64encode(contents.weights.content).decode())


@given(
    seed=st.integers(-(2**80), 2**80) | st.integers(-3, 3),
    row=st.integers(0, 2**40),
)
def test_the_page_draws_the_random_numbers_of_generate(script, seed, row):
    keys = np.array([stream_key(seed, row)], dtype=np.uint64)
    expected = uniforms(keys, np.array([0]), 50)[:, 0].tolist()
    assert script("uniforms", str(seed), str(row), 50) == expected


TEXTS = st.text(
    st.sampled_from("ab' ’éÜ7_-\n\t\x1c\x85\u3000\ufeff春\u0e01\U00020001😀.")
    | st.characters(exclude_categories=("Cs", "Cn")),
    max_size=40,
)


@pytest.mark.parametrize("name", CODECS)
def test_text_becomes_the_same_symbols(script, name):
    codec = text_models.codec_of(name)

    @given(TEXTS | st.text(st.sampled_from(text_models.TEXT), max_size=60))
    def check(text):
        assert script("encode", codec.to_json(), text) == codec.encode(text)[:, 0].tolist()

    check()


LOGITS = st.lists(st.integers(-4, 4) | st.floats(-30, 30, width=32), min_size=11, max_size=11)


@given(
    logits=LOGITS,
    u=st.floats(0, 1, exclude_max=True),
    temperature=st.sampled_from([0.0, 0.5, 1.0, 1.7]),
    top_k=st.none() | st.integers(1, 12),
    top_p=st.none() | st.sampled_from([0.05, 0.5, 0.9, 1.0]),
)
def test_one_symbol_is_drawn_as_the_sampler_draws_it(script, logits, u, temperature, top_k, top_p):
    config = DecodingConfig(temperature=temperature, top_k=top_k, top_p=top_p)
    sampler = Sampler(config, schema())
    row, numbers = np.array([logits], dtype=np.float32), np.array([u])
    if sampler.is_plain:
        (expected,) = sampler.draw_plain(row, numbers)
    else:
        shaped = sampler.shape(row, sampler.start(1), np.array([9]))
        (expected,) = sampler.draw_shaped(shaped, numbers)[0]
    settings = {"temperature": temperature, "topK": top_k, "topP": top_p}
    assert script("draw", settings, row[0].tolist(), u) == expected


def test_logits_too_large_for_one_pass_are_drawn_as_well(script):
    settings = {"temperature": 0.001, "topK": None, "topP": None}
    assert script("draw", settings, [5, 99, 7, 90, 1], 0.5) == 3


@given(stop=st.text("ab", max_size=4), text=st.text("abc", max_size=30))
def test_a_stop_text_is_found_as_generate_finds_it(script, stop, text):
    matcher = StopMatcher((stop,) if stop else ())
    pieces = []
    for character in text:
        if matcher.has_stopped:
            break
        pieces.append(matcher.push(character))
    found = script("stop", stop, text)
    assert found == {
        "pieces": pieces, "held": matcher.flush(), "hasStopped": matcher.has_stopped,
    }  # fmt: skip


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("labels", [(), ("x", "y")], ids=["bare", "labelled"])
def test_the_network_is_the_step_graph(script, tmp_path, sizes, labels):
    artifact = text_models.save_model(tmp_path / "m", labels=labels, **sizes)
    assert open_in(script, artifact)
    symbols = np.arange(40) * 7 % artifact.schema.fields[0].size
    stepper = OnnxStepper(artifact.graph(), artifact.schema)
    for label in range(1 + len(labels)):
        context = np.array([[label]] if labels else np.zeros((1, 0)), dtype=np.int64)
        expected, _ = stepper.advance(symbols[None, :, None], stepper.start(context))
        found = np.array(script("logits", label, symbols.tolist()))
        np.testing.assert_allclose(found, expected[0], atol=2e-5)


def test_the_slow_way_agrees_with_the_fast_one_to_the_bit(script, tmp_path):
    artifact = text_models.save_model(tmp_path / "m", hidden_size=33)
    open_in(script, artifact)
    symbols = list(range(2, 20))
    fast = script("logits", 0, symbols)
    script("slow")
    assert script("logits", 0, symbols) == fast


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_the_page_computes_with_the_weights_that_the_loss_was_measured_on(
    script, tmp_path, precision
):
    artifact = text_models.save_model(tmp_path / "m")
    contents, loss = page_contents(artifact, precision)
    read = contents.weights.read
    changed = text_models.save_model(tmp_path / "changed")
    graph = text_models.build_step_graph(artifact.model_config, artifact.schema, read)
    stepper = OnnxStepper(graph, changed.schema)
    symbols = np.arange(2, 30)
    context = np.zeros((1, 0), dtype=np.int64)
    expected, _ = stepper.advance(symbols[None, :, None], stepper.start(context))
    open_in(script, artifact, precision)
    np.testing.assert_allclose(script("logits", 0, symbols.tolist()), expected[0], atol=2e-5)
    assert 0 < loss < 0.01


REQUESTS = (
    {},
    {"temperature": 0.7, "topP": 0.9},
    {"temperature": 1.3, "topK": 12, "topP": 0.95},
    {"temperature": 0.0, "length": 40},
    {"stop": "e", "temperature": 1.2},
    {"length": 5, "seed": "-12"},
    {"label": 2},
)


@pytest.fixture(scope="module", params=CODECS)
def artifact(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "m"
    return text_models.save_model(folder, request.param, labels=("x", "y"))


@pytest.mark.parametrize("asked", REQUESTS, ids=str)
def test_a_page_of_fp32_writes_what_generate_writes(script, artifact, asked):
    open_in(script, artifact)
    for seed, prompt in enumerate(["", "Über 'den ☃ "], int(asked.get("seed", 5))):
        wanted = PLAIN | asked | {"seed": str(seed), "prompt": prompt}
        found = script("write", wanted)
        expected = written(artifact, wanted)
        assert (found["text"], found["reason"]) == (expected.text, expected.finish_reason)
        assert found["n"] == expected.n_steps
        assert math.isclose(found["nats"], -expected.log_prob_nats, rel_tol=1e-5, abs_tol=1e-4)
        if found["reason"] == "length" and artifact.schema.fields[0].name != "word":
            assert math.isclose(found["shown"], found["nats"], rel_tol=1e-9)


def written(artifact, wanted):
    decoding = DecodingConfig(
        temperature=wanted["temperature"],
        top_k=wanted["topK"],
        top_p=wanted["topP"],
        stop=(wanted["stop"],) if wanted["stop"] else (),
        max_steps=wanted["length"],
    )
    request = GenerateRequest(
        prefixes=(wanted["prompt"],),
        seed=int(wanted["seed"]),
        labels={"label": "xy"[wanted["label"] - 1]} if wanted["label"] else {},
        decoding=decoding,
    )
    drawn = generate(artifact, request, opened=Opened(artifact))
    (sample,) = [one for one in drawn if isinstance(one, Sample)]
    return sample
