import io
import json
import math

import pytest

from serinette.cli.main import main

LN2 = math.log(2)


@pytest.fixture
def runs(workplace):
    for name, hidden, best in (("notes", 64, 2.5), ("notes-2", 128, 2.25)):
        folder = workplace / "runs" / name
        (folder / "checkpoints" / "update-000120").mkdir(parents=True)
        (folder / "checkpoints" / "update-000120" / "manifest.json").write_text("{}")
        (folder / "config.json").write_text(json.dumps({"model": {"hidden_size": hidden}}))
        lines = [
            {
                "update": update,
                "seconds": update / 2,
                "phase": "train",
                "metrics": {"train_nats": nats * LN2, "validation_nats": nats * LN2},
                "events": [],
            }
            for update, nats in ((60, 3.0), (120, best))
        ]
        (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return workplace / "runs"


def answer(capsys, *argv):
    assert main(["runs", *argv]) == 0
    return capsys.readouterr().out


def test_list_shows_every_run_with_its_best_figure(runs, capsys):
    lines = answer(capsys, "list").splitlines()
    assert lines[0].split() == ["run", "state", "updates", "time", "validation", "size"]
    assert [line.split()[:3] for line in lines[1:]] == [
        ["notes", "unfinished", "120"],
        ["notes-2", "unfinished", "120"],
    ]
    assert "2.250 bits/char" in lines[2]
    found = json.loads(answer(capsys, "list", "--json"))
    assert found["schema_version"] == 1
    assert [run["name"] for run in found["runs"]] == ["notes", "notes-2"]


def test_an_empty_place_says_how_to_begin(workplace, capsys):
    assert main(["runs", "list"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "no runs in runs; serinette train FILE makes one\n")


def test_a_run_of_a_table_is_told_in_nats_a_row(runs, capsys):
    (runs / "notes-2" / "plan.json").write_text('{"kind": "series"}')
    assert f"{2.25 * math.log(2):.3f} nats/row" in answer(capsys, "list")
    assert "train and validation are nats/row" in answer(capsys, "show", "notes-2")


def test_show_tells_the_history_in_bits(runs, capsys):
    out = answer(capsys, "show", "notes")
    assert "    60   30 s  3.000       3.000" in out
    found = json.loads(answer(capsys, "show", "notes", "--json"))
    assert [line["update"] for line in found["history"]] == [60, 120]


def test_compare_shows_the_settings_that_differ(runs, capsys):
    out = answer(capsys, "compare", "notes", "notes-2")
    assert any(line.split() == ["model.hidden_size", "64", "128"] for line in out.splitlines())
    found = json.loads(answer(capsys, "compare", "notes", "notes-2", "--json"))
    assert found["differences"] == {"model.hidden_size": [64, 128]}


def test_rm_removes_when_it_is_told_to(runs, capsys):
    assert json.loads(answer(capsys, "rm", "notes", "--yes", "--json"))["removed"] == ["notes"]
    assert not (runs / "notes").exists()
    assert (runs / "notes-2").exists()


def test_rm_asks_nobody_when_nobody_is_there(runs, capsys):
    assert main(["runs", "rm", "notes"]) == 2
    assert capsys.readouterr().err == (
        "error: rm notes: nobody is here to ask; add --yes to remove\n"
    )
    assert (runs / "notes").exists()


def test_rm_removes_nothing_when_one_name_is_wrong(runs, capsys):
    assert main(["runs", "rm", "notes", "nots-2", "-y"]) == 4
    assert capsys.readouterr().err.startswith("error: no run 'nots-2' in runs; did you mean")
    assert (runs / "notes").exists()


@pytest.mark.parametrize(("reply", "is_gone"), [("y\n", True), ("no\n", False), ("\n", False)])
def test_rm_asks_on_a_terminal(runs, monkeypatch, reply, is_gone):
    class Keyboard(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Keyboard(reply))
    assert main(["runs", "rm", "notes"]) == (0 if is_gone else 130)
    assert (runs / "notes").exists() != is_gone


def test_a_run_that_is_not_there_is_exit_code_4(runs, capsys):
    assert main(["runs", "show", "nots"]) == 4
    assert capsys.readouterr().err.startswith("error: no run 'nots' in runs; did you mean 'notes'")


@pytest.fixture
def played(runs):
    """A run with a game that the likelihood model has won."""
    metrics = {
        "train_nats": 2.0,
        "validation_nats": 1.9,
        "criterion": 0.82,
        "critic_real_accuracy": 0.75,
        "critic_fake_accuracy": 0.5,
        "distinct_2_ratio": 0.97,
        "duplicate_share": 0.015,
    }
    line = {"update": 130, "seconds": 70.0, "phase": "adversarial", "metrics": metrics}
    line["events"] = ["both learning rates halved", "plan changed to 140 updates"]
    with (runs / "notes" / "history.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    start = {"criterion": 0.836, "criterion_spread": 0.054}
    game = {"is_better": False, "criterion": "frechet", "start": start, "best": metrics}
    (runs / "notes" / "model").mkdir()
    config = json.dumps({"training": {"adversarial": game}})
    (runs / "notes" / "model" / "config.json").write_text(config)
    return runs


def test_a_list_with_a_game_says_which_model_was_kept(played, capsys):
    lines = answer(capsys, "list").splitlines()
    assert lines[0].endswith("model kept")
    assert lines[1].endswith("likelihood")
    found = json.loads(answer(capsys, "list", "--json"))
    assert [run["game"] is None for run in found["runs"]] == [False, True]


def test_the_validation_figure_is_the_kept_models(played, capsys):
    assert "2.500 bits/char" in answer(capsys, "list").splitlines()[1]
    place = played / "notes" / "model" / "config.json"
    config = json.loads(place.read_text())
    config["training"]["adversarial"]["is_better"] = True
    place.write_text(json.dumps(config))
    row = answer(capsys, "list").splitlines()[1]
    assert f"{1.9 / LN2:.3f} bits/char" in row
    assert row.endswith("the game's")


def test_show_tells_the_game_apart_from_the_likelihood_stage(played, capsys):
    likelihood, game = answer(capsys, "show", "notes").split("the game:\n")
    assert "130" not in likelihood.split("\n\n")[1]
    rows = [line.split() for line in game.splitlines()]
    assert rows[0][:4] == ["update", "time", "Fréchet", "distance"]
    assert rows[1] == ["130", "1", "min", "10", "s", "0.82", "75%", "50%", "0.97", "1.5%"]
    assert "update 130: both learning rates halved" in game
    assert "plan changed" not in game
    assert "the likelihood model is kept: the game's best Fréchet distance" in game
