"""Looking into a saved model: from a text to surprisal, cells, gates and contexts."""

import io
import math

import numpy as np
import poem_models
import pytest
import untrained_model

from serinette.core.errors import ConfigError, DataError, NotFoundError
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.table import find_kind
from serinette.recipes.explain import symbols
from serinette.recipes.explain.material import given_text
from serinette.recipes.explain.request import ExplainRequest, cell_of
from serinette.recipes.explain.run import explain
from serinette.recipes.model import Model
from serinette.recipes.score import score

LINES = [f'{"  " * (k % 3)}The "{k}th" (line) is {"long" * (k % 4)}.' for k in range(400)]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    data = untrained_model.write_lines(folder / "lines.txt", LINES)
    return untrained_model.save_untrained(
        folder / "model", [data], split__test_share=0.4, split__validation_share=0.1
    )


@pytest.fixture(scope="module")
def found(artifact):
    return explain(artifact, None, ExplainRequest(shown=500, cells=("0:3",), top=3))


def test_surprisal_is_that_of_scoring(artifact, found):
    codec = find_kind("text").codec_from_json(artifact.codec)
    stepper = OnnxStepper(artifact.graph(), artifact.schema)
    text = 'The "7th" line\n'
    steps = [np.concatenate([[0], codec.encode(text)[:, 0], [0]]).astype(np.int64)]
    (nats,) = sequence_nats(stepper, steps, np.zeros((1, 0), dtype=np.int64))
    short = explain(artifact, text, ExplainRequest(is_quick=True))
    np.testing.assert_allclose(short.nats, nats[:-1], atol=1e-5)
    assert short.bits_per_symbol == pytest.approx(nats.mean() / math.log(2), abs=1e-4)
    assert short.text == text
    assert (short.n_symbols, short.starts) == (len(text) + 1, (0,))
    assert short.findings == ()
    assert short.costs == ()


def test_gates_make_the_states_that_the_step_graph_has(artifact, found):
    (trace,) = [trace for trace in found.cells if trace.is_asked]
    i, f, g, o, c, h = (trace.values[name] for name in "ifgoch")
    assert len(c) == 500
    for gate in (i, f, o):
        assert gate.min() > 0
        assert gate.max() < 1
    np.testing.assert_allclose(c[1:], f[1:] * c[:-1] + i[1:] * g[1:], atol=1e-5)
    np.testing.assert_allclose(h, o * np.tanh(c), atol=1e-5)
    codec = find_kind("text").codec_from_json(artifact.codec)
    stepper = OnnxStepper(artifact.graph(), artifact.schema)
    state = stepper.start(np.zeros((1, 0), dtype=np.int64))
    symbols = np.concatenate([[0], codec.encode(found.text)[:, 0]]).astype(np.int64)
    states = []
    for symbol in symbols:
        _, state = stepper.advance(np.array([[[symbol]]]), state)
        states.append(state.buffers.c[0, 0, 3])
    np.testing.assert_allclose(c, states[1:], atol=1e-4)


def test_the_own_held_out_text_is_read_and_probed(artifact, found):
    assert found.probed.startswith("the model's own held-out text, ")
    assert len(found.pieces) == 500
    assert all(len(row) == 3 for row in found.alternatives)
    assert all(a.probability >= b.probability for row in found.alternatives for a, b in [row[:2]])
    names = [finding.trait for finding in found.findings]
    assert "inside brackets" in names
    assert any(name.startswith("position in the line > ") for name in names)
    assert all(0 <= f.auc <= 1 and f.untrained is not None for f in found.findings)
    assert [f.auc for f in found.findings] == sorted((f.auc for f in found.findings), reverse=True)
    assert [cost.context for cost in found.costs][:3] == [1, 2, 3]
    assert found.reach is not None
    assert sum(found.reach.shares) == pytest.approx(1)


def test_what_is_asked_for_comes_first_and_is_not_chosen_twice(found):
    cells = [str(trace.cell) for trace in found.cells]
    assert cells[0] == "0:3"
    assert len(set(cells)) == len(cells)


def test_a_short_text_is_shown_and_the_held_out_text_probed(artifact):
    short = explain(artifact, "The line")
    assert short.text == "The line"
    assert short.findings
    assert "held-out" in short.probed


def test_without_the_data_a_short_text_says_why_no_cells_are_looked_for(artifact, tmp_path):
    data = untrained_model.write_lines(tmp_path / "gone.txt", LINES)
    lost = untrained_model.save_untrained(tmp_path / "model", [data])
    data.unlink()
    short = explain(lost, "The line")
    assert short.findings == ()
    assert "gone.txt is no longer there" in short.notes[0]
    with pytest.raises(NotFoundError, match=r"gone.txt is no longer there; give a text to explain"):
        explain(lost)


def test_a_long_text_is_probed_itself(artifact, tmp_path, monkeypatch):
    monkeypatch.setattr(symbols, "_FEWEST_TO_PROBE", 1_000)
    path = untrained_model.write_lines(tmp_path / "other.txt", LINES[:60])
    longer = explain(artifact, str(path), ExplainRequest(limit=1_500))
    assert longer.probed == "other.txt, 1,500 symbols"
    assert longer.n_symbols == 1_501


def test_a_file_standard_input_and_a_text_are_told_apart(artifact, tmp_path, monkeypatch):
    codec = find_kind("text").codec_from_json(artifact.codec)
    path = untrained_model.write_lines(tmp_path / "a file.txt", ["The line"])
    assert given_text(artifact, str(path), codec, 99).pieces == [list("The line\n")]
    monkeypatch.setattr("sys.stdin", io.StringIO("Th"))
    assert given_text(artifact, "-", codec, 99).pieces == [["T", "h"]]
    assert given_text(artifact, "The line is 3.5", codec, 4).pieces == [list("The ")]
    with pytest.raises(NotFoundError, match=r"hamlet.txt: no such file; check the name"):
        given_text(artifact, "hamlet.txt", codec, 99)
    with pytest.raises(DataError):
        given_text(artifact, "", codec, 99)


def test_an_unknown_character_costs_its_naming_as_in_a_score(artifact):
    found = explain(artifact, "The ☃ line", ExplainRequest(is_quick=True))
    assert found.text == "The ☃ line"
    scored = score(artifact, Corpus(sequences=(RawSequence(content="The ☃ line", place="x"),)))
    np.testing.assert_allclose(found.nats, scored.per_sequence[0].surprisal, atol=1e-5)
    assert found.bits_per_symbol == pytest.approx(scored.bits_per_character, abs=1e-5)


def test_a_text_alone_has_no_label_where_labels_come_from_folders(tmp_path):
    data = [
        untrained_model.write_lines(tmp_path / name / "lines.txt", LINES[:80])
        for name in ("a", "b")
    ]
    artifact = untrained_model.save_untrained(tmp_path / "m", data, data__labels="folder")
    assert explain(artifact, "The line", ExplainRequest(is_quick=True)).text == "The line"
    assert explain(artifact, str(data[0]), ExplainRequest(is_quick=True, limit=9)).n_symbols == 10


@pytest.mark.parametrize("text", ["1-37", "a:b", "1:", "-1:3", "1:2:3"])
def test_a_cell_that_is_written_otherwise_is_refused(text):
    with pytest.raises(ConfigError, match="is not LAYER:NUMBER; write it like 1:37"):
        cell_of(text)


def test_a_cell_that_is_not_there_is_refused(artifact):
    with pytest.raises(ConfigError, match="cell '0:7': there are layers 0 to 0 of cells 0 to 6"):
        explain(artifact, "The", ExplainRequest(cells=("0:7",)))


def test_limits_below_one_are_refused():
    with pytest.raises(ConfigError, match="limit must be at least 1, got 0"):
        ExplainRequest(limit=0)


def test_the_python_api_gives_the_same(artifact):
    model = Model(artifact)
    quick = model.explain("The line", is_quick=True, cells=("0:1",))
    assert (
        quick.to_json()
        == explain(artifact, "The line", ExplainRequest(is_quick=True, cells=("0:1",))).to_json()
    )
    with pytest.raises(ConfigError, match="explain: unknown setting 'celz'"):
        model.explain("The line", celz=())


@pytest.mark.parametrize("codec", ["byte", "word"])
def test_pieces_of_any_codec_are_the_text(tmp_path, codec):
    data = untrained_model.write_lines(tmp_path / "lines.txt", [*LINES[:60], "naïve café 中"])
    artifact = untrained_model.save_untrained(
        tmp_path / "model", [data], data__codec=codec, split__test_share=0.4
    )
    text = 'The "7th" café 中, long\n'
    found = explain(artifact, text, ExplainRequest(is_quick=True, cells=("0:2",)))
    assert found.text == text
    assert found.unit == codec
    assert len(found.pieces) == len(found.nats) == len(found.cells[0].values["c"])


def test_a_poem_has_places_lines_and_tones(tmp_path):
    data = poem_models.write_poems(tmp_path / "poems.json")
    artifact = poem_models.save_untrained_poet(tmp_path / "model", data)
    found = explain(artifact, "白鸟无声过远山\n一舟明月夜中还", ExplainRequest(top=2))
    assert found.text == "白鸟无声过远山，一舟明月夜中还。"
    assert len(found.alternatives[0]) == 2
    if found.findings:
        assert any("line" in finding.trait for finding in found.findings)
    own = explain(artifact)
    assert own.n_symbols > len(own.pieces)
    assert len(own.starts) > 1


def test_a_document_that_is_cut_is_read_on_by_one_symbol_and_no_end(artifact):
    text = "The line is long."
    cut = explain(artifact, text, ExplainRequest(is_quick=True, limit=8))
    whole = explain(artifact, text, ExplainRequest(is_quick=True))
    assert cut.text == text[:8]
    np.testing.assert_allclose(cut.nats, whole.nats[:8], atol=1e-6)
    assert cut.n_symbols == 9
