import json
from dataclasses import replace

import poem_models
import pytest
import text_models

import serinette
from serinette.artifact.folder import WEIGHTS
from serinette.cli.main import main
from serinette.core.errors import ConfigError
from serinette.recipes.export import export


@pytest.fixture
def model(workplace):
    return text_models.save_model(workplace / "wolken")


def test_the_three_forms_say_what_was_written(model, workplace, capsys):
    assert main(["export", "wolken", "--format", "zip"]) == 0
    assert main(["export", "wolken", "-o", "w.onnx"]) == 0
    assert main(["export", "wolken", "-o", "w.html"]) == 0
    assert main(["export", "wolken", "-o", "exact.html", "--weights", "fp32"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == "wolken.zip: 0.02 MB"
    assert lines[1].startswith("w.onnx: 0.0")
    assert lines[2].startswith("w.html: 0.0")
    assert " MB, weights int8, which lose " in lines[2]
    assert lines[3].endswith("MB, weights fp32")
    assert captured.err == ""
    assert (workplace / "w.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_json_gives_the_facts(model, workplace, capsys):
    assert main(["export", "wolken", "-o", "w.html", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)["export"]
    assert written.pop("loss_nats") > 0
    assert written == {
        "path": "w.html", "form": "html", "weights": "int8",
        "n_bytes": (workplace / "w.html").stat().st_size,
    }  # fmt: skip


def test_every_command_takes_the_zip(model, capsys):
    main(["generate", "wolken", "--seed", "3", "--max-steps", "30"])
    expected = capsys.readouterr().out
    main(["export", "wolken", "--format", "zip"])
    capsys.readouterr()
    assert main(["generate", "wolken.zip", "--seed", "3", "--max-steps", "30"]) == 0
    assert capsys.readouterr().out == expected
    assert main(["explain", "wolken.zip", "Wolken", "--quick", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["explanation"]["subject"] == "wolken"
    assert main(["inspect", "wolken.zip"]) == 0
    assert "wolken.zip" in capsys.readouterr().out
    assert main(["evaluate", "wolken.zip"]) == 2
    assert "wolken.zip: no report fits into a zip; give -o" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["wolken"], 2, "export: a form is missing; end the file in .onnx .zip .html, or name"),
        (["wolken", "--format", "pdf"], 2, "export: unknown form 'pdf' (known: onnx, zip, html)"),
        (["wolken", "-o", "wolken"], 2, "'wolken' does not tell its form"),
        (["wolken", "--format", "zip", "-o", "wolken"], 2, "wolken exists already"),
        (["wolken", "-o", "w.html", "--weights", "int9"], 2, "unknown weights 'int9'"),
        (["other", "-o", "w.html"], 4, "no model or run 'other'"),
        (["cut.zip", "-o", "w.html"], 5, "cut.zip is not a packed model: it cannot be read"),
    ],
)
def test_errors_are_one_line_with_their_code(model, workplace, capsys, arguments, code, message):
    (workplace / "cut.zip").write_bytes(b"PK\3\4")
    assert main(["export", *arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (workplace / "w.html").exists()


def test_a_damaged_model_is_not_exported(model, workplace, capsys):
    (workplace / "wolken" / "codec.json").write_bytes(b"{}")
    assert main(["export", "wolken", "--format", "zip"]) == 5
    assert "codec.json is damaged" in capsys.readouterr().err
    assert not (workplace / "wolken.zip").exists()


def test_a_model_of_poems_has_a_graph_and_no_page(workplace, capsys):
    data = poem_models.write_poems(workplace / "poems.json")
    poem_models.save_untrained_poet(workplace / "poet", data)
    assert main(["export", "poet", "-o", "poet.html"]) == 2
    assert capsys.readouterr().err == (
        "error: export: html is for models of text; this one is of kind poem; export it as zip\n"
    )
    assert main(["export", "poet", "-o", "poet.onnx"]) == 0
    assert main(["export", "poet", "-o", "poet.zip"]) == 0
    assert serinette.load("poet.zip").artifact.kind == "poem"


@pytest.mark.parametrize(
    ("codec", "lacking"),
    [
        ({"added": ["Birne"]}, "words that fine-tuning added"),
        ({"facts": {"author": ["Austen"]}}, "facts about documents beside a label"),
    ],
)
def test_a_page_is_refused_what_it_could_not_write(model, tmp_path, codec, lacking):
    told = replace(model, codec={**model.codec, **codec})
    with pytest.raises(ConfigError, match=f"export: a page knows no {lacking}; export this model"):
        export(told, tmp_path / "m.html")


def test_a_page_is_refused_symbols_that_it_cannot_cut(model, tmp_path):
    (field,) = model.schema.fields
    schema = replace(model.schema, fields=(replace(field, name="bpe"),))
    with pytest.raises(ConfigError, match="export: a page knows no symbols of kind bpe; export"):
        export(replace(model, schema=schema), tmp_path / "m.html")


def test_a_model_whose_card_was_edited_is_saved_as_it_is(model, workplace):
    (workplace / "wolken" / "README.md").write_text("# My own words\n", encoding="utf-8")
    serinette.load(workplace / "wolken").save(workplace / "copy")
    copy = serinette.load(workplace / "copy").artifact
    assert copy.card == "# My own words\n"
    assert copy.warnings == ()
    assert copy.files[WEIGHTS] == model.files[WEIGHTS]
