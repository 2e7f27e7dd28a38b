import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest

from serinette.artifact import folder, runs
from serinette.cli.main import main
from serinette.recipes import count_model
from serinette.recipes import score as recipe
from serinette.recipes.count_model import CountModel

LN2 = math.log(2)


def figures(**changes):
    one = SimpleNamespace(
        place="other.txt",
        text="ab\nc\x1b",
        nats=12 * LN2,
        n_bytes=7,
        n_unknown=1,
        surprisal=np.array([0.5, 9, 0, 0, 0]) * LN2,
        end_nats=2.5 * LN2,
    )
    values = {
        "n_sequences": 1,
        "n_characters": 6,
        "n_bytes": 8,
        "n_unknown": 1,
        "bits_per_character": 2.0,
        "bits_per_byte": 1.5,
        "perplexity": 4.0,
        "interval": (1.75, 2.25),
        "baseline_nats": 18 * LN2,
        "per_sequence": (one,),
        "to_json": lambda: {"bits_per_character": 2.0},
    }
    return SimpleNamespace(**{**values, **changes})


@pytest.fixture
def scored(workplace, monkeypatch):
    """A model for which every text has the same figures."""
    kind = SimpleNamespace(
        read=lambda sources, config: SimpleNamespace(notes=("UTF-8",), warnings=("odd",))
    )
    monkeypatch.setattr(runs, "find_model", lambda name, folder: folder / name)
    monkeypatch.setattr(folder, "load", lambda path: SimpleNamespace(warnings=(), kind="text"))
    monkeypatch.setattr(count_model, "reading_settings", lambda artifact, wishes: (kind, wishes))
    monkeypatch.setattr(count_model, "count_model_of", lambda artifact: CountModel(order=5))
    monkeypatch.setattr(recipe, "score", lambda artifact, corpus, *, baseline, stepper: figures())
    return workplace


def test_figures_stand_beside_the_count_model(scored, capsys):
    assert main(["score", "notes", "other.txt"]) == 0
    captured = capsys.readouterr()
    rows = [re.split(r"\s{2,}", line.strip()) for line in captured.out.splitlines()]
    assert rows == [
        ["model", "count model, order 5"],
        ["bits per character", "2.000", "3.000"],
        ["95 % interval", "1.750 to 2.250"],
        ["bits per byte", "1.500", "2.250"],
        ["perplexity of a character", "4.000", "8.000"],
        ["characters", "6"],
        ["documents", "1"],
        ["unknown characters", "1"],
    ]
    assert captured.err == "UTF-8\nwarning: odd\n"


def test_without_a_count_model_it_says_why(scored, monkeypatch, capsys):
    monkeypatch.setattr(
        count_model, "count_model_of", lambda artifact: CountModel(note="no count model: gone")
    )
    without = figures(baseline_nats=None, n_unknown=0)
    monkeypatch.setattr(recipe, "score", lambda artifact, corpus, *, baseline, stepper: without)
    assert main(["score", "notes", "other.txt"]) == 0
    captured = capsys.readouterr()
    assert "count model" not in captured.out
    assert captured.err.endswith("no count model: gone\n")


def test_colour_shows_the_text_with_a_legend(scored, capsys):
    assert main(["score", "notes", "other.txt", "--colour", "--top", "4", "--no-baseline"]) == 0
    out = capsys.readouterr().out
    assert "surprisal in bits" in out
    assert "a\x1b[38;5;16;48;5;203mb\x1b[0m\nc\n" in out
    assert "... 1 more characters; --top N or --all shows more" in out
    assert main(["score", "notes", "other.txt", "--colour", "--all"]) == 0
    assert "\nc␛\n" in capsys.readouterr().out


def test_a_pipe_gets_no_colour(scored, capsys):
    assert main(["score", "notes", "other.txt"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_documents_have_a_line_each(scored, capsys):
    assert main(["score", "notes", "other.txt", "--per-document"]) == 0
    assert "other.txt           6      2.000\n" in capsys.readouterr().out


def test_json_holds_the_figures_and_the_documents(scored, capsys):
    assert main(["score", "notes", "other.txt", "--json", "--per-document"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema_version": 1,
        "score": {"bits_per_character": 2.0, "baseline_order": 5},
        "adapted": None,
        "note": None,
        "documents": [
            {
                "place": "other.txt",
                "nats": 12 * LN2,
                "n_characters": 6,
                "n_bytes": 8,
                "n_unknown": 1,
                "bits_per_character": 2.0,
            }
        ],
    }
