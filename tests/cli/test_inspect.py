import json

import pytest

from serinette.cli.main import main


@pytest.fixture
def notes(workplace):
    lines = [f"line {k} of the 春 notes, with some words in it\n" for k in range(40)]
    (workplace / "notes.txt").write_text("".join(lines) + "Ω" + "x" * 90, encoding="utf-8")
    return workplace


def test_data_are_described_with_what_training_would_decide(notes, capsys):
    assert main(["inspect", "notes.txt"]) == 0
    out = capsys.readouterr().out
    assert "notes.txt" in out
    assert "utf-8" in out.lower()
    rows = [line.split() for line in out.splitlines()]
    assert ["longest", "line", "91"] in rows
    assert "training would decide:" in out
    assert "--documents file|blank-line|line" in out


def test_data_are_described_in_json_too(notes, capsys):
    assert main(["inspect", "notes.txt", "--documents", "line", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema_version"], found["kind"]) == (1, "data")
    assert found["n_documents"] == 41
    assert found["longest_line"] == found["longest_document"] == 91
    assert [part["name"] for part in found["parts"]] == ["train", "validation", "test"]
    assert sum(part["n_documents"] for part in found["parts"]) == 41
    assert found["files"][0]["n_bytes"] == (notes / "notes.txt").stat().st_size
    assert found["origins"]["data.documents"] == "--documents"


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["nots"], 4, "no model or run 'nots' in runs; "),
        (
            ["notes.txt", "nots"],
            2,
            "inspect: 'nots' does not exist; give one model, or data files that exist",
        ),
        (["notes.txt", "--codec", "morse"], 2, "--codec: codec must be one of 'character'"),
    ],
)
def test_a_mistake_is_one_line(notes, capsys, argv, code, message):
    assert main(["inspect", *argv]) == code
    err = capsys.readouterr().err
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
