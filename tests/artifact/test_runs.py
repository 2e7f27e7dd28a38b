import json

import pytest

from serinette.artifact import folder as artifact
from serinette.artifact.checkpoints import save_checkpoint
from serinette.artifact.runs import (
    compare_runs,
    create_run,
    find_model,
    find_run,
    list_runs,
    remove_run,
    trim_history,
)
from serinette.core.errors import ArtifactError, ConfigError, LockedError, NotFoundError
from serinette.core.lines import append_line, read_json_lines
from serinette.core.locking import lock


@pytest.fixture
def runs(tmp_path, contents, monkeypatch):
    """Four runs: trained, unfinished, empty and damaged; and nothing else in sight."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    folder = tmp_path / "runs"
    for name in ("notes", "poems", "blank", "broken"):
        create_run(folder, name)
    artifact.save(folder / "notes" / "model", contents)
    for update, nats in ((10, 2.5), (20, 1.5), (30, 1.75)):
        record = {"update": update, "seconds": update / 2, "metrics": {"validation_nats": nats}}
        append_line(folder / "notes" / "history.jsonl", json.dumps(record))
    write_settings(folder / "notes", {"model": {"hidden_size": 64}, "training": {"seed": 0}})
    save_checkpoint(folder / "poems", 10, {}, {})
    write_settings(folder / "poems", {"model": {"hidden_size": 96}, "training": {"seed": 0}})
    (folder / "broken" / "history.jsonl").write_text("{\n{}\n{}\n")
    return folder


def write_settings(run, settings):
    (run / "config.json").write_text(json.dumps(settings))


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    made = [create_run(tmp_path / "runs", "notes").name for _ in range(3)]
    assert made == ["notes", "notes-2", "notes-3"]
    with pytest.raises(ConfigError, match=r"'\.\./x' cannot be the name of a run"):
        create_run(tmp_path / "runs", "../x")


def test_a_model_is_found_by_the_name_of_its_run_and_by_path(runs):
    model = runs / "notes" / "model"
    assert find_model("notes", runs) == model
    assert find_model(str(model), runs) == model
    assert find_model(str(runs / "notes"), runs) == model


def test_a_path_that_is_a_model_goes_before_a_run(runs, contents):
    from pathlib import Path

    artifact.save(Path("notes").absolute(), contents)
    assert find_model("notes", runs) == Path("notes")


def test_a_folder_that_happens_to_have_the_name_does_not_hide_the_run(runs, tmp_path):
    (tmp_path / "elsewhere" / "notes").mkdir()
    assert find_model("notes", runs) == runs / "notes" / "model"
    assert find_run("notes", runs) == runs / "notes"


def test_a_model_is_found_though_a_crash_came_between_the_renames(runs):
    (runs / "notes" / "model").rename(runs / "notes" / ".old-model-2147483646-0123abcd")
    assert find_model("notes", runs) == runs / "notes" / "model"


def test_an_unfinished_run_says_how_to_finish_it(runs):
    message = "run 'poems' has no model yet; finish it: serinette train --resume poems"
    with pytest.raises(NotFoundError, match=message):
        find_model("poems", runs)
    assert find_run("poems", runs) == runs / "poems"


def test_an_unknown_name_is_answered_with_the_nearest(runs, tmp_path):
    with pytest.raises(
        NotFoundError, match=r"no model or run 'nots' in .*; did you mean 'notes'\?"
    ):
        find_model("nots", runs)
    with pytest.raises(NotFoundError, match=r"no run 'zzz' in .*; there are: blank, broken, notes"):
        find_run("zzz", runs)
    with pytest.raises(NotFoundError, match="there are none yet: serinette train FILE makes one"):
        find_model("notes", tmp_path / "no-runs")


@pytest.mark.parametrize("name", ["a\x00b", "../../etc", "x" * 5000, "", "春/秋"])
def test_a_name_that_is_none_is_not_found(runs, name):
    with pytest.raises((NotFoundError, ArtifactError)):
        find_model(name, runs)
    with pytest.raises(NotFoundError):
        find_run(name or "?", runs)


def test_what_is_no_model_is_said_so(runs, tmp_path):
    (tmp_path / "elsewhere" / "photos").mkdir()
    (tmp_path / "elsewhere" / "notes.txt").write_text("a")
    with pytest.raises(ArtifactError, match=r"photos is not a saved model: it has no manifest"):
        find_model("photos", runs)
    with pytest.raises(ArtifactError, match=r"notes\.txt is a file, not a model; train on it"):
        find_model("notes.txt", runs)


def test_the_list_says_how_every_run_stands(runs):
    found = {run.name: run for run in list_runs(runs)}
    assert {name: run.state for name, run in found.items()} == {
        "notes": "trained",
        "poems": "unfinished",
        "blank": "empty",
        "broken": "damaged",
    }
    notes = found["notes"]
    assert (notes.update, notes.seconds, notes.validation_nats) == (30, 15.0, 1.5)
    assert notes.n_bytes > 1000
    assert found["poems"].validation_nats is None
    with lock(runs / "notes"):
        assert {run.name: run.state for run in list_runs(runs)}["notes"] == "running"
    assert list_runs(runs / "none") == []


@pytest.mark.parametrize("record", [{"update": "x"}, {"metrics": 7}, {"seconds": None}])
def test_a_history_of_another_form_is_damage_not_a_crash(runs, record):
    append_line(runs / "notes" / "history.jsonl", json.dumps(record))
    assert {run.name: run.state for run in list_runs(runs)}["notes"] == "damaged"


def test_runs_are_compared_by_the_settings_that_differ(runs):
    comparison = compare_runs(runs, ["notes", "poems"])
    assert [run.name for run in comparison.runs] == ["notes", "poems"]
    assert comparison.differences == {"model.hidden_size": (64, 96)}
    plan = {"settings": {"model": {"hidden_size": 64}, "training": {"seed": 5}}}
    (runs / "blank" / "plan.json").write_text(json.dumps(plan))
    assert compare_runs(runs, ["notes", "blank"]).differences == {"training.seed": (0, 5)}
    (runs / "blank" / "plan.json").write_text("[]")
    with pytest.raises(ArtifactError, match=r"plan\.json is not a JSON object; train again"):
        compare_runs(runs, ["notes", "blank"])
    (runs / "poems" / "config.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"config\.json is not JSON"):
        compare_runs(runs, ["notes", "poems"])
    with pytest.raises(NotFoundError, match=r"no run 'noted' in .*; did you mean 'notes'\?"):
        compare_runs(runs, ["notes", "noted"])


def test_a_run_is_removed_unless_it_is_at_work(runs):
    with (
        lock(runs / "notes"),
        pytest.raises(LockedError, match=r"notes is in use by process \d+; wait for it"),
    ):
        remove_run(runs, "notes")
    remove_run(runs, "notes")
    assert sorted(path.name for path in runs.iterdir()) == ["blank", "broken", "poems"]
    with pytest.raises(NotFoundError, match="no run 'notes' in"):
        remove_run(runs, "notes")
    with pytest.raises(ConfigError, match="cannot be the name of a run"):
        remove_run(runs, "../elsewhere")


def test_history_after_a_checkpoint_is_dropped(runs):
    trim_history(runs / "notes", 20)
    path = runs / "notes" / "history.jsonl"
    assert [record["update"] for record in read_json_lines(path)] == [10, 20]
    before = path.stat().st_mtime_ns
    trim_history(runs / "notes", 20)
    assert path.stat().st_mtime_ns == before
