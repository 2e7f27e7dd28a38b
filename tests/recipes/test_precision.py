"""Models of many cells write and score in whole numbers, and say what that costs."""

import json

import pytest
from invented_text import sentences

import serinette
from serinette.artifact.folder import INT8_GRAPH, load
from serinette.cli.main import main
from serinette.recipes.fit import finish

pytestmark = pytest.mark.slow

LINES = "\n".join(sentences(120, 1))


def train(folder, **settings):
    sizes = {"hidden_size": 192, "n_layers": 1, "embedding_size": 8} | settings
    return serinette.train(
        [LINES], updates=3, runs=folder, name="m", training__n_rows=4, training__window=16,
        **{f"model__{name}": value for name, value in sizes.items()},
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    train(place)
    return place / "m" / "model"


def metric(model):
    (found,) = (
        m for m in model.artifact.evaluation["metrics"] if m["name"] == "lost by whole numbers"
    )
    return found


def test_training_says_what_whole_numbers_lose(folder):
    model = serinette.load(folder)
    assert INT8_GRAPH in model.artifact.files
    assert abs(metric(model)["value"]) < 0.005
    assert "lost by whole numbers" in model.artifact.card


def test_what_loses_too_much_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(finish, "MOST_LOST", -1.0)
    model = train(tmp_path)
    assert INT8_GRAPH not in model.artifact.files
    assert metric(model)["value"] > -1


@pytest.mark.parametrize("settings", [{"hidden_size": 64}, {"layer_norm": True}])
def test_where_it_would_not_pay_nothing_is_said(tmp_path, settings):
    model = train(tmp_path, **settings)
    assert INT8_GRAPH not in model.artifact.files
    assert len(model.artifact.evaluation["metrics"]) == 2


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_what_is_generated_costs_what_is_scored(folder, precision):
    model = serinette.load(folder, precision=precision)
    drawn = [
        s
        for s in model.generate(60, seed=2, max_steps=120)
        if s.finish_reason == "end" and s.text.strip()
    ]
    assert len(drawn) > 5
    for sample in drawn:
        assert model.score([sample.text]).nats == pytest.approx(-sample.log_prob_nats, rel=1e-6)


def test_the_precision_is_asked_for_at_the_command_line(folder, capsys):
    texts, bits = {}, {}
    for precision in ("auto", "int8", "fp32"):
        asked = ("--precision", precision, "--json")
        draw = ("generate", str(folder), "-n", "4", "--seed", "1", "--max-steps", "60", *asked)
        assert main(draw) == 0
        lines = capsys.readouterr().out.splitlines()
        texts[precision] = [json.loads(line)["log_prob_nats"] for line in lines]
        data = folder.parents[1] / "lines.txt"
        data.write_text(LINES[:2000])
        assert main(("score", str(folder), str(data), "--no-baseline", *asked)) == 0
        found = json.loads(capsys.readouterr().out)
        bits[precision] = found["score"]["bits_per_character"]
    assert texts["auto"] == texts["int8"] != texts["fp32"]
    assert bits["auto"] == bits["int8"] != bits["fp32"]
    assert bits["int8"] == pytest.approx(bits["fp32"], abs=0.005)


def test_a_model_without_whole_numbers_refuses_them_in_one_line(tmp_path, capsys):
    train(tmp_path, hidden_size=16)
    model = str(tmp_path / "m" / "model")
    assert main(("generate", model, "--precision", "int8")) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "precision int8: m has no graph in whole numbers" in line
    assert main(("generate", model, "--max-steps", "5", "--seed", "1")) == 0


def test_what_follows_a_text_runs_in_fp32(folder):
    model = serinette.load(folder)
    adapted = model.adapted([LINES[:3000]])
    assert INT8_GRAPH not in adapted.artifact.files
    before, after = (m.generate(1, seed=1, max_steps=20)[0].log_prob_nats for m in (model, adapted))
    assert before != after


def test_the_folder_holds_it_in_a_zip_too(folder, tmp_path):
    serinette.load(folder).export(tmp_path / "m.zip")
    assert load(tmp_path / "m.zip").files[INT8_GRAPH] == load(folder).files[INT8_GRAPH]
