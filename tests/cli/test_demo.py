import os
import subprocess

from serinette.cli import demo


def test_every_step_is_shown_before_it_runs_and_the_newest_run_is_used(
    tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    commands = []

    def run(command, *, check):
        commands.append(command[3:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(demo.subprocess, "run", run)
    for age, name in enumerate(("demo-2", "demo", "demolition")):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        history = folder / "history.jsonl"
        history.write_text('{"update": 1}\n' if name != "demolition" else "", encoding="utf-8")
        os.utime(history, (1000 - age, 1000 - age))
    assert demo.main() == 0
    assert [command[0] for command in commands] == ["data", "train", "generate"]
    assert commands[2][1] == "demo-2"
    out = capfd.readouterr().out
    assert "$ serinette data get shakespeare\n" in out
    assert "--prefix $'ROMEO:\\n'" in out
    assert "What to try next" in out


def test_a_step_that_fails_ends_the_demo_with_its_code(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    failed = subprocess.CompletedProcess([], 6)
    monkeypatch.setattr(demo.subprocess, "run", lambda command, *, check: failed)
    assert demo.main() == 6
    assert "What to try next" not in capfd.readouterr().out
