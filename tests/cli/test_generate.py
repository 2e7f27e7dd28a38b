import io
import json
from types import SimpleNamespace

import pytest

from serinette.artifact import folder, runs
from serinette.cli.main import main
from serinette.recipes import generate as recipe
from serinette.recipes.generate import Piece, Sample


@pytest.fixture
def asked(workplace, monkeypatch):
    """Requests that reached the recipe, which writes `ab` for every row."""
    requests = []

    def generate(artifact, request):
        requests.append(request)
        row = request.first_row
        for prefix in request.prefixes:
            for _ in range(request.n):
                yield Piece(row=row, text="a")
                yield Piece(row=row, text="b")
                yield Sample(
                    row=row,
                    prefix=prefix,
                    text="ab",
                    labels={},
                    n_unknown=0,
                    log_prob_nats=-3.5,
                    sampling_log_prob_nats=-2.5,
                    n_steps=2,
                    seed=request.seed,
                    finish_reason="end",
                )
                row += 1

    monkeypatch.setattr(recipe, "generate", generate)
    monkeypatch.setattr(runs, "find_model", lambda name, folder: folder / name)
    monkeypatch.setattr(folder, "load", lambda path: SimpleNamespace(warnings=("odd card",)))
    return requests


def test_one_sample_is_printed_with_its_prefix(asked, capsys):
    assert main(["generate", "notes", "--prefix", "x", "--seed", "7"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("xab\n", "warning: odd card\n")


def test_without_a_seed_one_is_drawn_and_told(asked, capsys):
    assert main(["generate", "notes"]) == 0
    seed = asked[0].seed
    assert f"seed {seed}; the same again: --seed {seed}" in capsys.readouterr().err


def test_every_option_reaches_the_recipe(asked):
    argv = ["--temperature", "0.5", "--top-k", "3", "--top-p", "0.9", "--min-p", "0.1"]
    argv += ["--typical-p", "0.8", "--repetition-penalty", "1.5", "--presence-penalty", "0.25"]
    argv += ["--frequency-penalty", "0.5", "--penalty-window", "9", "--logit-bias", "==-5"]
    argv += ["--logit-bias", "x=1e1", "--stop", r"\n\\n", "--stop", "end", "--length", "40"]
    argv += ["--label", "Austen", "--batch-size", "3", "--first-row", "2", "-n", "5", "--greedy"]
    assert main(["generate", "notes", *argv, "--prefix", "x", "--prefix", "y"]) == 0
    (request,) = asked
    decoding = request.decoding
    assert (decoding.temperature, decoding.top_k, decoding.top_p) == (0.5, 3, 0.9)
    assert (decoding.min_p, decoding.typical_p, decoding.repetition_penalty) == (0.1, 0.8, 1.5)
    assert (decoding.presence_penalty, decoding.frequency_penalty) == (0.25, 0.5)
    assert (decoding.penalty_window, dict(decoding.logit_bias)) == (9, {"=": -5.0, "x": 10.0})
    assert (decoding.stop, decoding.max_steps, decoding.greedy) == (("\n\\n", "end"), 40, True)
    assert (request.n, request.first_row, request.batch_size) == (5, 2, 3)
    assert (dict(request.labels), request.prefixes) == ({"label": "Austen"}, ("x", "y"))


def test_a_file_gets_all_samples(asked, workplace, capsys):
    assert main(["generate", "notes", "-n", "3", "-o", "out.txt", "--seed", "7"]) == 0
    assert (workplace / "out.txt").read_text(encoding="utf-8") == "ab\nab\nab\n"
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("samples written to out.txt: 3\n")


def test_json_is_one_object_a_sample(asked, capsys):
    argv = ["generate", "notes", "-n", "2", "--first-row", "4", "--seed", "7", "--json"]
    assert main(argv) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["row"] for line in lines] == [4, 5]
    for key in ("text", "prefix", "seed", "log_prob_nats", "sampling_log_prob_nats", "n_steps"):
        assert key in lines[0]
    assert (lines[0]["schema_version"], lines[0]["finish_reason"]) == (1, "end")


def test_a_prefix_can_be_a_file_or_standard_input(asked, workplace, monkeypatch):
    (workplace / "start.txt").write_bytes("\ufeff春\n花\r\n".encode())
    assert main(["generate", "notes", "--prefix-file", "start.txt"]) == 0
    stdin = SimpleNamespace(buffer=io.BytesIO(b"from a pipe\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["generate", "notes", "--prefix-file", "-"]) == 0
    assert [request.prefixes for request in asked] == [("春\n花",), ("from a pipe",)]


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["--top-p", "1.5"], 2, "--top-p: decoding.top_p must be"),
        (["--temperature", "-1"], 2, "--temperature: decoding.temperature must be"),
        (["--logit-bias", "x"], 2, "--logit-bias: 'x' is not SYMBOL=BIAS; write it like e=-5"),
        (["--logit-bias", "x=y"], 2, "--logit-bias: logit_bias must be a number, got 'y'"),
        (["--prefix-file", "no.txt"], 3, "no.txt: cannot be read (No such file or directory)"),
        (["--prefix-file", "bad.txt"], 3, "bad.txt: not UTF-8 at byte 1; save it as UTF-8"),
    ],
)
def test_a_mistake_is_one_line(asked, workplace, capsys, argv, code, message):
    (workplace / "bad.txt").write_bytes(b"a\xff")
    assert main(["generate", "notes", *argv]) == code
    err = capsys.readouterr().err
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
    assert asked == []


def test_a_model_that_is_not_there_is_exit_code_4(workplace, capsys):
    assert main(["generate", "notes"]) == 4
    assert capsys.readouterr().err == (
        "error: no model or run 'notes' in runs; there are none yet: "
        "serinette train FILE makes one\n"
    )
