import json

import numpy as np
import onnxruntime
import pytest
import text_models

import serinette
from serinette.core.errors import ArtifactError, ConfigError
from serinette.recipes.export import export, form_of
from serinette.recipes.model import Model


@pytest.fixture
def artifact(tmp_path):
    return text_models.save_model(tmp_path / "wolken", labels=("x",))


def test_a_zip_is_the_same_for_the_same_model_and_writes_the_same_text(artifact, tmp_path):
    model = Model(artifact)
    one, other = (model.export(tmp_path / name) for name in ("a.zip", "b.ZIP"))
    assert one.path.read_bytes() == other.path.read_bytes()
    assert (one.form, one.n_bytes) == ("zip", len(one.path.read_bytes()))
    packed = serinette.load(tmp_path / "a.zip")
    texts = [m.generate(2, seed=3, max_steps=40)[1].text for m in (model, packed)]
    assert texts[0] == texts[1]
    packed.save(tmp_path / "again")
    assert serinette.load(tmp_path / "again").artifact.files == artifact.files
    packed.export(tmp_path / "c.zip")
    assert (tmp_path / "c.zip").read_bytes() == one.path.read_bytes()


def test_a_graph_tells_all_that_is_needed_to_run_it(artifact, tmp_path):
    export(artifact, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    meta = session.get_modelmeta()
    facts = {name: json.loads(text) for name, text in meta.custom_metadata_map.items()}
    assert facts["serinette.symbols"][:3] == ["", "\ufffd", " "]
    assert len(facts["serinette.symbols"]) == artifact.schema.fields[0].size
    assert facts["serinette.model"]["hidden_size"] == 7
    assert facts["serinette.codec"]["labels"] == ["x"]
    assert (facts["serinette.end"], facts["serinette.name"]) == (0, "wolken")
    assert "`context` int64 [B, 1]: label" in meta.description
    assert "symbol 1 stands for what is not known" in meta.description


def test_the_symbols_of_a_byte_model_are_left_to_the_reader(tmp_path):
    artifact = text_models.save_model(tmp_path / "m", "byte")
    export(artifact, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts["serinette.symbols"]) is None
    assert json.loads(facts["serinette.codec"])["codec"] == "byte"


def test_the_better_the_weights_the_less_is_lost(artifact, tmp_path):
    losses = {
        precision: export(artifact, tmp_path / f"{precision}.html", weights=precision).loss_nats
        for precision in ("int8", "fp16", "fp32")
    }
    assert losses["int8"] > losses["fp16"] > losses["fp32"] == 0
    sizes = [(tmp_path / f"{name}.html").stat().st_size for name in losses]
    assert sizes == sorted(sizes)


def test_the_loss_is_the_fall_of_the_log_likelihood_of_what_the_model_writes(tmp_path):
    """KL(p, q) is E[log p - log q] over samples of p: checked by drawing."""
    from serinette.artifact.step_graph import build_step_graph
    from serinette.decoding.onnx_stepper import OnnxStepper
    from serinette.decoding.reading import sequence_nats
    from serinette.recipes.page_contents import page_contents

    artifact = text_models.save_model(tmp_path / "m")
    coarse, loss = page_contents(artifact, "int8")
    texts = [s.text for s in Model(artifact).generate(60, seed=1, max_steps=400)]
    codec = text_models.codec_of("character")
    rows = [np.r_[0, codec.encode(text)[:, 0]].astype(np.int64) for text in texts]
    nats = []
    for weights in (artifact.weights(), coarse.weights.read):
        graph = build_step_graph(artifact.model_config, artifact.schema, weights)
        stepper = OnnxStepper(graph, artifact.schema)
        contexts = np.zeros((len(rows), 0), dtype=np.int64)
        nats.append(np.concatenate(list(sequence_nats(stepper, rows, contexts))))
    difference = nats[1] - nats[0]
    spread = difference.std() / len(difference) ** 0.5
    assert abs(difference.mean() - loss) < 4 * spread


@pytest.mark.parametrize(
    ("form", "path", "message"),
    [
        ("pdf", "m.pdf", "export: unknown form 'pdf' (known: onnx, zip, html)"),
        ("htm", "m", "export: unknown form 'htm' (did you mean 'html'?)"),
        (None, "m.bin", "'m.bin' does not tell its form; end the file in .onnx .zip .html, or"),
        (None, None, "export: a form is missing; end the file in .onnx .zip .html, or name a form"),
        ("zip", "m.html", "export: form zip in a file 'm.html'; they must agree"),
    ],
)
def test_a_form_that_is_none_is_refused(form, path, message):
    from pathlib import Path

    with pytest.raises(ConfigError) as caught:
        form_of(form, None if path is None else Path(path))
    assert message in str(caught.value)


def test_a_name_without_an_ending_does_where_the_form_is_given(artifact, tmp_path):
    assert export(artifact, tmp_path / "model.bin", "zip").form == "zip"


def test_a_file_that_is_there_stays(artifact, tmp_path):
    (tmp_path / "m.zip").write_bytes(b"mine")
    with pytest.raises(ConfigError, match=r"m\.zip exists already; choose another name or remove"):
        export(artifact, tmp_path / "m.zip")
    assert (tmp_path / "m.zip").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("m.html", "int4", "export: unknown weights 'int4' (did you mean 'int8'?)"),
        ("m.zip", "fp16", "export: weights fp16 are for html; zip keeps them as they are"),
    ],
)
def test_weights_that_mean_nothing_are_refused(artifact, tmp_path, name, weights, message):
    with pytest.raises(ConfigError) as caught:
        Model(artifact).export(tmp_path / name, weights=weights)
    assert str(caught.value) == message


def test_a_packed_model_takes_no_report_and_says_so(artifact, tmp_path):
    from serinette.recipes.evaluate.publish import check_place

    check_place(artifact)
    Model(artifact).export(tmp_path / "m.zip")
    packed = serinette.load(tmp_path / "m.zip").artifact
    with pytest.raises(ConfigError, match=r"m\.zip: no report fits into a zip; give -o report"):
        check_place(packed)


def test_a_damaged_zip_is_not_loaded(artifact, tmp_path):
    Model(artifact).export(tmp_path / "m.zip")
    content = bytearray((tmp_path / "m.zip").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "m.zip").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"m\.zip"):
        serinette.load(tmp_path / "m.zip")
