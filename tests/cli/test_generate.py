import io
import json
from dataclasses import fields
from types import SimpleNamespace

import pytest

from serinette.artifact import folder, runs
from serinette.cli.generate_options import GenerateOptions
from serinette.cli.main import main
from serinette.cli.wishes import FIELDS
from serinette.constraints.config import RulesConfig
from serinette.kinds.poem.wishes import PoemWishes
from serinette.kinds.table import find_kind
from serinette.recipes import generate as recipe
from serinette.recipes.generate import Piece, Sample

MASS = {0: 0.25, 1: 0.64}
"""Share that the rules left of each row."""


@pytest.fixture
def artifact():
    """The model that is loaded; a test may change its kind."""
    return SimpleNamespace(warnings=("odd card",), kind="text")


@pytest.fixture
def asked(workplace, monkeypatch, artifact):
    """Requests that reached the recipe, which writes `ab` for every row."""
    requests = []

    def generate(artifact, request, opened=None):
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
                    mask_mass=None if request.wishes is None else MASS.get(row, 0.9),
                )
                row += 1

    monkeypatch.setattr(recipe, "generate", generate)
    monkeypatch.setattr(runs, "find_model", lambda name, folder: folder / name)
    monkeypatch.setattr(folder, "load", lambda path: artifact)
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
    argv = [
        "--temperature",
        "0.5",
        "--temperature-in-words",
        "1:0.5/9",
        "--top-k",
        "3",
        "--top-p",
        "0.9",
        "--min-p",
        "0.1",
    ]
    argv += ["--typical-p", "0.8", "--repetition-penalty", "1.5", "--presence-penalty", "0.25"]
    argv += ["--frequency-penalty", "0.5", "--penalty-window", "9", "--logit-bias", "==-5"]
    argv += ["--logit-bias", "x=1e1", "--stop", r"\n\\n", "--stop", "end", "--length", "40"]
    argv += ["--label", "Austen", "--batch-size", "3", "--first-row", "2", "-n", "5", "--greedy"]
    assert main(["generate", "notes", *argv, "--prefix", "x", "--prefix", "y"]) == 0
    (request,) = asked
    decoding = request.decoding
    assert (decoding.temperature, decoding.top_k, decoding.top_p) == (0.5, 3, 0.9)
    assert decoding.temperature_in_words == "1:0.5/9"
    assert (decoding.min_p, decoding.typical_p, decoding.repetition_penalty) == (0.1, 0.8, 1.5)
    assert (decoding.presence_penalty, decoding.frequency_penalty) == (0.25, 0.5)
    assert (decoding.penalty_window, dict(decoding.logit_bias)) == (9, {"=": -5.0, "x": 10.0})
    assert (decoding.stop, decoding.max_steps, decoding.greedy) == (("\n\\n", "end"), 40, True)
    assert (request.n, request.first_row, request.batch_size) == (5, 2, 3)
    assert (dict(request.labels), request.prefixes) == ({"label": "Austen"}, ("x", "y"))


def test_every_rule_of_texts_reaches_the_recipe(asked):
    argv = ["--acrostic", "ab", "--acrostic-at", "last", "--lines", "2-3", "--require", "x=y"]
    argv += ["--require", r"\n", "--ban", "q", "--fixed", "20=a=b", "--fixed", "1=c"]
    argv += ["--regex", "a|b", "--line-length", "3-", "--text-length", "9", "--characters", "a-z"]
    argv += ["--balanced", "python", "--depth", "3", "--no-repeat", "4", "--no-copy", "50"]
    argv += ["--avoid", "very=3", "--avoid", "==0.5", "--best-of", "5"]
    assert main(["generate", "notes", *argv]) == 0
    (request,) = asked
    assert request.wishes == RulesConfig(
        acrostic="ab",
        acrostic_at="last",
        lines="2-3",
        require=("x=y", "\n"),
        ban=("q",),
        fixed={"20": "a=b", "1": "c"},
        regex="a|b",
        line_length="3-",
        length="9",
        characters="a-z",
        balanced="python",
        depth=3,
        no_repeat=4,
        no_copy=50,
        avoid={"very": 3.0, "=": 0.5},
    )
    assert (request.best_of, request.beam) == (5, None)


def test_every_wish_of_poems_reaches_the_recipe(asked, artifact):
    artifact.kind = "poem"
    argv = ["--acrostic", "春花", "--acrostic-at", "2", "--lines", "12", "--require", "明月"]
    argv += ["--ban", "愁", "--fixed", "2.3=月", "--form", "七古", "--keywords", "山水"]
    argv += [
        "--author",
        "李白",
        "--first-line",
        "白日",
        "--rhyme",
        "none",
        "--rhyme-book",
        "xinyun",
    ]
    argv += ["--tones", "none", "--strict-polyphonic", "--no-repeat-characters"]
    argv += ["--repeat-penalty", "0", "--allow-repeated-rhymes", "--script", "simplified"]
    assert main(["generate", "poems", *argv, "--beam", "4"]) == 0
    (request,) = asked
    assert request.wishes == PoemWishes(
        acrostic="春花",
        acrostic_at="2",
        lines=12,
        require=("明月",),
        ban=("愁",),
        fixed={"2.3": "月"},
        form="七古",
        title="山水",
        author="李白",
        first_line="白日",
        rhyme="none",
        rhyme_book="xinyun",
        tones="none",
        strict_polyphonic=True,
        no_repeat=True,
        repeat_penalty=0.0,
        distinct_rhymes=False,
        script="simplified",
    )
    assert (request.best_of, request.beam) == (1, 4)


@pytest.mark.parametrize(("kind", "wishes_type"), [("text", RulesConfig), ("poem", PoemWishes)])
def test_every_wish_of_a_kind_has_an_option(kind, wishes_type):
    assert find_kind(kind).wishes_type is wishes_type
    assert set(FIELDS[kind].values()) == {field.name for field in fields(wishes_type)}
    options = {field.name for field in fields(GenerateOptions)}
    assert set(FIELDS[kind]) <= options


def test_without_rules_nothing_is_wished_of_a_text(asked, capsys):
    assert main(["generate", "notes", "--seed", "7"]) == 0
    assert asked[0].wishes is None
    assert "rules left" not in capsys.readouterr().err


def test_with_rules_the_share_that_they_left_is_told(asked, capsys):
    assert main(["generate", "notes", "-n", "2", "--seed", "7", "--ban", "x"]) == 0
    assert capsys.readouterr().err.endswith(
        "rules left 40 % of the model's probability a step (geometric mean)\n"
    )


@pytest.mark.parametrize(
    ("kind", "argv", "message"),
    [
        ("text", ["--form", "七绝"], "--form is for poem models; this one is of kind text"),
        (
            "text",
            ["--script", "simplified", "--strict-polyphonic"],
            "--strict-polyphonic, --script are for poem models; this one is of kind text",
        ),
        ("poem", ["--suffix", "a"], "--suffix is for text models; this one is of kind poem"),
        ("text", ["--temperature", "1:0/0"], "--temperature: decoding.temperature must take at"),
        ("text", ["--middle", "9"], "--middle 9 needs --suffix TEXT"),
        ("poem", ["--regex", "a"], "--regex is for text models; this one is of kind poem"),
        ("poem", ["--label", "x"], "--label is for text models; this one is of kind poem"),
        ("poem", ["--title", "a", "--keywords", "b"], "--title and --keywords are the same; "),
        ("poem", ["--lines", "2-3"], "--lines: lines must be a whole number or 'none', got '2-3'"),
        ("poem", ["--repeat-penalty=-1"], "--repeat-penalty: repeat_penalty must be at least 0"),
        ("poem", ["--acrostic-at", "end"], "--acrostic-at: acrostic_at must be first, last or"),
        ("poem", ["--fixed", "2.3=明月"], "--fixed: fixed must be LINE.PLACE=CHARACTER such as"),
        ("poem", ["--fixed", "月"], "--fixed: '月' is not PLACE=TEXT; write it like 2.3=月"),
        (
            "poem",
            ["--fixed", "2.3=月", "--fixed", "2.3=日"],
            "--fixed: place 2.3 is given twice, as '月' and '日'; leave one of them out",
        ),
        ("text", ["--avoid", "very"], "--avoid: 'very' is not TEXT=NATS; write it like very=3"),
        ("text", ["--depth", "0"], "--depth: rules.depth must be in [1, 10]; got 0"),
        ("text", ["--depth", "3"], "--depth needs --balanced; give it, or leave both out"),
        ("text", ["--acrostic-at", "last"], "--acrostic-at needs --acrostic; give it, or leave"),
        ("poem", ["--acrostic-at", "2"], "--acrostic-at needs --acrostic; give it, or leave both"),
        ("text", ["--adapt", "x", "--mix", "y=1"], "--adapt and --mix: a mixture follows no"),
        ("text", ["--best-of", "2", "--beam", "3"], "--best-of 2 and --beam 3: give one of them"),
        ("text", ["-o", "x.svg"], "-o x.svg: only poems go on a sheet, and this model is of kind"),
        ("poem", ["-o", "x.svg", "--json"], "-o x.svg is a sheet; leave out --json"),
        ("poem", ["-o", "x.svg", "-n", "9"], "-o x.svg: 9 poems, but 8 fit on a sheet; ask for"),
        ("poem", ["-o", "x.svg", "--paper", "gold"], "paper 'gold': unknown; use xuan, plain,"),
        ("poem", ["-o", "x.svg", "--page", "A0"], "page size 'A0': unknown; use A4, A4-wide,"),
        ("poem", ["--paper", "night"], "--paper is for a sheet; add -o FILE.svg"),
        ("poem", ["-i", "--json"], "--json and --interactive: leave out one; 出 or export"),
        ("poem", ["-i", "-o", "x.txt"], "-o and --interactive: leave out one; 出 or export"),
        ("poem", ["-i", "--prefix", "a", "--prefix", "b"], "--interactive takes one --prefix; "),
    ],
)
def test_a_wish_that_cannot_be_is_one_line(asked, artifact, capsys, kind, argv, message):
    artifact.kind, artifact.warnings = kind, ()
    assert main(["generate", "model", "--seed", "1", *argv]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
    assert asked == []


def test_a_json_file_gets_a_list(asked, workplace):
    assert main(["generate", "notes", "-n", "2", "-o", "out.json", "--seed", "7"]) == 0
    found = json.loads((workplace / "out.json").read_text(encoding="utf-8"))
    assert found["schema_version"] == 1
    assert [sample["row"] for sample in found["samples"]] == [0, 1]
    assert main(["generate", "notes", "-n", "2", "-o", "out.json", "--seed", "7", "--json"]) == 0
    lines = (workplace / "out.json").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == [0, 1]


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
    for key in (
        "text",
        "prefix",
        "seed",
        "log_prob_nats",
        "sampling_log_prob_nats",
        "n_steps",
        "mask_mass",
        "n_attempts",
    ):
        assert key in lines[0]
    assert (lines[0]["schema_version"], lines[0]["finish_reason"]) == (1, "end")


def test_a_prefix_can_be_a_file_or_standard_input(asked, workplace, monkeypatch):
    (workplace / "start.txt").write_bytes("\ufeff春\n花\r\n".encode())
    assert main(["generate", "notes", "--prefix-file", "start.txt"]) == 0
    stdin = SimpleNamespace(buffer=io.BytesIO(b"from\r\na pipe\r\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["generate", "notes", "--prefix-file", "-"]) == 0
    assert [request.prefixes for request in asked] == [("春\n花",), ("from\na pipe",)]


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
