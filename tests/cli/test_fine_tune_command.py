"""`serinette train NEW --from MODEL`, as a person types it, and what other commands say of it."""

import json

import pytest
from untrained_model import save_untrained

from serinette.cli.main import main
from serinette.recipes import train as recipe

OLD = "".join(f"line {k} of a song that goes on and on\n" for k in range(120))
NEW = "".join(f"Zeile {k}: ein Käfer, der die Brücke überquert!\n" for k in range(60))
SMALL = (
    "--updates", "4", "--training.n_rows", "4", "--training.window", "16",
    "--training.n_evaluations", "2", "--training.precision", "fp32",
)  # fmt: skip


@pytest.fixture
def place(workplace):
    """A working directory with both texts and a model of the old one."""
    (workplace / "old.txt").write_text(OLD, encoding="utf-8")
    (workplace / "new.txt").write_text(NEW, encoding="utf-8")
    save_untrained(workplace / "runs/song/model", [workplace / "old.txt"])
    return workplace


def test_a_person_fine_tunes_and_is_told_what_it_cost(place, capsys):
    assert main(["train", "new.txt", "--from", "song", "--replay", "0.3", *SMALL]) == 0
    captured = capsys.readouterr()
    assert captured.out == "runs/new/model\n"
    said = captured.err.splitlines()
    assert any(line.startswith("before the first update: new text ") for line in said)
    assert any("old text" in line and line.startswith("update 4 ") for line in said)
    assert any(line.startswith("fine-tuned from song (weights sha256 ") for line in said)

    assert main(["runs", "show", "new"]) == 0
    shown = capsys.readouterr().out
    assert "fine-tuned from song (weights sha256 " in shown
    assert "train, validation and old text are bits/char" in shown
    first = [line.split()[0] for line in shown.splitlines() if line.strip()]
    assert [word for word in first if word.isdigit()] == ["0", "2", "4"]
    assert main(["runs", "show", "new", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["base"]["name"] == "song"

    assert main(["inspect", "new"]) == 0
    assert "from song (weights sha256 " in capsys.readouterr().out
    assert main(["train", "new.txt", "--from", "song", "--dry-run", *SMALL]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("fine-tuning: goes on from song (weights sha256 ")


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["--from", "sung"], 4, "no model or run 'sung'"),
        (["--from", "new.txt"], 5, "new.txt is a file, not a model"),
        (["--from", "song", "--size", "m"], 2, "--size m: a network that is gone on with keeps"),
        (["--from", "song", "--codec", "byte"], 2, "--codec: data.codec is byte, but the base"),
        (["--replay", "0.3"], 2, "--replay: replay 0.3 means nothing without a model to go on"),
        (["--from", "song", "--replay", "1"], 2, "--replay: fine_tuning.replay must be in [0, 1)"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(place, capsys, argv, code, message):
    assert main(["train", "new.txt", *argv, *SMALL]) == code
    (line,) = [x for x in capsys.readouterr().err.splitlines() if x.startswith("error: ")]
    assert message in line


def test_text_that_is_known_already_is_refused(place, capsys):
    assert main(["train", "old.txt", "--from", "song", *SMALL]) == 3
    assert "song has learnt from just these data; give other text" in capsys.readouterr().err


@pytest.mark.parametrize(("flag", "value"), [("--from", "song"), ("--replay", "0.3")])
def test_a_resumed_training_keeps_its_own_base(place, capsys, flag, value):
    assert main(["train", "--resume", "new", flag, value]) == 2
    said = f"--resume new goes on with its own settings; leave out {flag} {value}"
    assert said in capsys.readouterr().err


def test_options_reach_the_recipe(place, monkeypatch):
    asked = []

    def plan_only(request):
        asked.append(request)
        raise SystemExit

    monkeypatch.setattr(recipe, "plan_only", plan_only)
    with pytest.raises(SystemExit):
        main(["train", "new.txt", "--from", "song", "--replay", "0.2", "--dry-run"])
    (request,) = asked
    assert request.base_model == "song"
    assert {"fine_tuning.replay": 0.2}.items() <= request.layers[1].values.items()
