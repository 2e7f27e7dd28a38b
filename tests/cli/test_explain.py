import json

import pytest
import untrained_model

from serinette.cli.explain_view import view
from serinette.cli.main import main
from serinette.recipes.explain.request import ExplainRequest
from serinette.recipes.explain.run import explain

LINES = [f'{"  " * (k % 3)}The "{k}th" (line) is {"long" * (k % 4)}.' for k in range(150)]


@pytest.fixture
def model(workplace):
    data = untrained_model.write_lines(workplace / "lines.txt", LINES)
    return untrained_model.save_untrained(workplace / "m", [data], split__test_share=0.4)


def test_a_pipe_gets_a_table_of_symbols_without_colour(model, capsys):
    assert main(["explain", "m", "The\tline", "--quick", "--cell", "0:2", "--top", "2"]) == 0
    captured = capsys.readouterr()
    rows = captured.out.splitlines()
    assert rows[0].split() == [
        "character", "bits", *(w for name in "ifgoch" for w in (name, "0:2")), "instead",
    ]  # fmt: skip
    assert rows[4].split()[0] == "⇥"
    assert rows[1].count("%") == 2
    assert "\x1b" not in captured.out
    assert "bits a character, over 9 characters" in captured.out
    assert captured.err == ""


def test_a_terminal_gets_the_text_in_colour_and_the_cells(model, terminal, monkeypatch):
    found = explain(model, None, ExplainRequest())
    text = view(found, terminal)
    assert text.startswith("surprisal in bits")
    assert "\x1b[38;5;16;48;5;" in text
    assert "cells that stand for something: chosen on the first half of the model's own" in text
    assert "what a shorter context costs" in text
    assert "gradient of 32 predictions: half of it on the last" in text
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in view(found, terminal)


def test_control_characters_are_never_obeyed(model, terminal):
    found = explain(model, "a\x1b[31mb", ExplainRequest(is_quick=True))
    terminal_text = view(found, terminal)
    assert "\x1b[31m" not in terminal_text
    assert "␛" in terminal_text


def test_json_and_files(model, workplace, capsys):
    assert main(["explain", "m", "The", "--quick", "--json", "-o", "page.html"]) == 0
    captured = capsys.readouterr()
    plain = json.loads(captured.out)
    assert plain["schema_version"] == 1
    assert plain["explanation"]["pieces"] == ["T", "h", "e"]
    assert captured.err == "written to page.html\n"
    assert (workplace / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert main(["explain", "m", "The", "--quick", "-o", "found.json"]) == 0
    assert json.loads((workplace / "found.json").read_text("utf-8")) == plain["explanation"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["m", "The", "--cell", "9:1"], 2, "cell '9:1': there are layers 0 to 0"),
        (["m", "The", "--cell", "x"], 2, "cell 'x' is not LAYER:NUMBER"),
        (["m", "The", "-o", "a.pdf"], 2, "-o 'a.pdf': write to a file that ends in .html or .json"),
        (["m", "The", "--top", "0"], 2, "--top: must be at least 1, got 0"),
        (["m", "no.txt"], 4, "no.txt: no such file"),
        (["m", ""], 3, "the texts: empty, or only white space"),
        (["n", "The"], 4, "n"),
    ],
)
def test_errors_are_one_line_with_their_code(model, capsys, arguments, code, message):
    assert main(["explain", *arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
