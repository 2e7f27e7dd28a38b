import json
import math
from pathlib import Path

import pytest

from serinette.cli.main import main
from serinette.core.config import read_toml, resolve
from serinette.core.errors import DataError
from serinette.recipes import train as recipe
from serinette.recipes.requests import GROUPS, DryRun, TrainedRun
from serinette.training.events import Evaluated, Note

LN2 = math.log(2)


@pytest.fixture
def asked(workplace, monkeypatch):
    """Requests that reached the recipe, which trains nothing."""
    requests = []

    def train(request, listener):
        requests.append(request)
        listener(Note(text="1 file, UTF-8"))
        metrics = {"validation_nats": 2.5 * LN2}
        listener(Evaluated(update=7, seconds=3.0, metrics=metrics, is_best=True))
        reason = "interrupted" if request.seed == 130 else "plan done"
        return TrainedRun(
            run=Path("runs/notes-2"),
            model=Path("runs/notes-2/model"),
            metrics=metrics,
            reason=reason,
            exit_code=130 if request.seed == 130 else 0,
        )

    monkeypatch.setattr(recipe, "train", train)
    for name in ("SERINETTE_MODEL__HIDDEN_SIZE", "SERINETTE_MODEL__TIED"):
        monkeypatch.delenv(name, raising=False)
    return requests


def test_updates_that_are_set_anywhere_stand_in_for_a_budget(asked, workplace, capsys):
    (workplace / "own.toml").write_text("[training]\nupdates = 20\n")
    assert main(["train", "notes.txt", "--training.updates", "5"]) == 0
    assert main(["train", "notes.txt", "--config", "own.toml"]) == 0
    assert "no --budget given" not in capsys.readouterr().err
    assert [request.budget_seconds for request in asked] == [None, None]


def test_a_plain_training_has_five_minutes_and_says_so(asked, capsys):
    assert main(["train", "notes.txt", "poems"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "runs/notes-2/model\n"
    assert captured.err.splitlines() == [
        "no --budget given: training for 5 min",
        "1 file, UTF-8",
        "update 7 · 3 s · validation 2.500 bits/char (best so far)",
        "try: serinette generate notes-2 -n 3",
    ]
    (request,) = asked
    assert request.sources == (Path("notes.txt"), Path("poems"))
    assert (request.budget_seconds, request.updates, request.runs) == (300.0, None, Path("runs"))


def test_options_reach_the_recipe(asked):
    argv = [
        "train",
        "a.txt",
        "--updates",
        "7",
        "--size",
        "xs",
        "--name",
        "n",
        "--runs",
        "r",
        "--seed",
        "3",
    ]
    assert main(argv) == 0
    (request,) = asked
    assert (request.budget_seconds, request.updates, request.size) == (None, 7, "xs")
    assert (request.name, request.runs, request.seed) == ("n", Path("r"), 3)


def test_the_kind_reaches_the_recipe(asked, capsys):
    assert main(["train", "a.json", "--updates", "7", "--kind", "poem"]) == 0
    assert main(["train", "a.json", "--updates", "7"]) == 0
    assert [request.kind for request in asked] == ["poem", None]
    assert main(["train", "a.json", "--kind", "song"]) == 2
    assert "--kind: must be one of 'text', 'poem'" in capsys.readouterr().err


def test_file_environment_and_options_win_in_this_order(asked, monkeypatch, workplace):
    (workplace / "train.toml").write_text("[model]\nhidden_size = 5\ntied = true\nn_layers = 3\n")
    monkeypatch.setenv("SERINETTE_MODEL__HIDDEN_SIZE", "6")
    monkeypatch.setenv("SERINETTE_MODEL__TIED", "no")
    argv = ["train", "--model.hidden_size", "7", "a.txt", "--config", "train.toml"]
    assert main([*argv, "--codec", "byte", "--training.learning-rate=1e-3"]) == 0
    settings = resolve(GROUPS, asked[0].layers)
    model = settings.groups["model"]
    assert (model.hidden_size, model.tied, model.n_layers) == (7, False, 3)
    assert settings.groups["data"].codec == "byte"
    assert settings.groups["training"].learning_rate == 1e-3
    assert settings.origins["model.hidden_size"] == "--model.hidden_size"
    assert settings.origins["model.tied"] == "SERINETTE_MODEL__TIED"
    assert settings.origins["model.n_layers"] == "train.toml"
    assert settings.origins["data.codec"] == "--codec"


def test_the_objective_reaches_the_recipe_and_a_game_may_have_a_budget(asked, capsys):
    argv = ["train", "a.txt", "--objective", "adversarial", "--adversarial.share", "0.3"]
    assert main([*argv, "--budget", "2m", "--preset", "seqgan"]) == 0
    settings = resolve(GROUPS, asked[0].layers)
    assert settings.groups["training"].objective == "adversarial"
    assert settings.origins["training.objective"] == "--objective"
    assert settings.groups["adversarial"].share == 0.3
    assert (asked[0].preset, asked[0].budget_seconds) == ("seqgan", 120.0)
    assert main(["train", "a.txt", "--preset", "relgan"]) == 0
    assert asked[1].budget_seconds == 300.0
    assert main(["train", "a.json", "--preset", "tang-lstm128", "--budget", "2m"]) == 2
    assert main(["train", "--resume", "a", "--objective", "adversarial"]) == 2
    assert main(["train", "a.txt", "--objective", "war"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert "--preset tang-lstm128 says how long it trains; leave out --budget 2m" in errors[0]
    assert "goes on with its own settings; leave out --objective adversarial" in errors[1]
    assert "--objective: must be one of 'likelihood', 'adversarial'" in errors[2]


def test_json_prints_one_object_and_the_log_stays_on_standard_error(asked, capsys):
    assert main(["train", "a.txt", "--budget", "90s", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {
        "schema_version": 1,
        "run": "runs/notes-2",
        "model": "runs/notes-2/model",
        "reason": "plan done",
        "metrics": {"validation_nats": 2.5 * LN2},
    }
    assert "validation 2.500 bits/char" in captured.err


def test_an_interrupted_training_says_how_to_go_on(asked, capsys):
    assert main(["train", "a.txt", "--seed", "130"]) == 130
    assert capsys.readouterr().err.endswith("saved; go on with: serinette train --resume notes-2\n")


def test_resume_needs_no_data_and_no_budget(asked, capsys):
    assert main(["train", "--resume", "notes"]) == 0
    assert (asked[0].sources, asked[0].resume, asked[0].budget_seconds) == ((), "notes", None)
    assert "no --budget" not in capsys.readouterr().err


def test_an_error_of_the_recipe_is_one_line(asked, monkeypatch, capsys):
    def refuse(request, listener):
        raise DataError("a.txt: empty; give a file with text in it")

    monkeypatch.setattr(recipe, "train", refuse)
    assert main(["train", "a.txt", "--budget", "5m"]) == 3
    assert capsys.readouterr().err == "error: a.txt: empty; give a file with text in it\n"


def dry_run(request):
    return DryRun(
        parameters=123_456,
        memory_bytes=300 * 2**20,
        seconds=290.0,
        decoded_batches=(("To be,\n", "or not"), ("春花", "秋月"), ("x\x1b", "y")),
        summary=("2 layers of 256 units",),
        resolved=resolve(GROUPS, request.layers),
    )


def test_a_dry_run_shows_what_would_happen(asked, monkeypatch, capsys):
    monkeypatch.setattr(recipe, "plan_only", dry_run)
    assert main(["train", "a.txt", "--dry-run", "--model.hidden_size=7"]) == 0
    out = capsys.readouterr().out
    assert "2 layers of 256 units\n" in out
    assert "123,456 parameters, about 300 MB of memory, about 4 min 50 s of training" in out
    assert "batch 1, decoded, 2 of its rows:\n  'To be,\\n'\n" in out
    assert "'春花'" in out
    assert "hidden_size = 7  # --model.hidden_size\n" in out
    assert asked == []


def test_a_dry_run_is_one_json_object_too(asked, monkeypatch, capsys):
    monkeypatch.setattr(recipe, "plan_only", dry_run)
    assert main(["train", "a.txt", "--dry-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["parameters"] == 123_456
    assert found["decoded_batches"][1] == ["春花", "秋月"]
    assert found["origins"]["model.n_layers"] == "default"


def test_the_listed_settings_are_a_file_that_can_be_read_back(workplace, capsys):
    assert main(["train", "--list-settings"]) == 0
    text = capsys.readouterr().out
    (workplace / "all.toml").write_text(text, encoding="utf-8")
    settings = resolve(GROUPS, [read_toml(workplace / "all.toml")])
    assert settings.groups == resolve(GROUPS, []).groups
    assert "# Width of h and c in every layer, at least 1.\nhidden_size = " in text
