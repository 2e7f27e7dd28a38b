"""`generate` on a model of poems that was never trained."""

import json
import re

import pytest
from poem_models import save_untrained_poet, write_poems

from serinette.cli.main import main


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with poems.json, and a poet in runs."""
    place = tmp_path_factory.mktemp("place")
    save_untrained_poet(place / "runs" / "poet" / "model", write_poems(place / "poems.json"))
    return place


@pytest.fixture
def generate(place, workplace, capsys):
    """Run `generate poet` and return the code and what it wrote."""

    def run(*argv):
        code = main(["generate", "poet", "--runs", str(place / "runs"), "--seed", "7", *argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_an_acrostic_begins_the_lines(generate):
    code, out, err = generate("--acrostic", "春花秋月", "-n", "2")
    assert code == 0
    poems = out.split("---\n")
    assert [re.findall(r"(\w)\w+", poem) for poem in poems] == [list("春花秋月")] * 2
    assert re.fullmatch(
        r"rules left \d+(\.\d+)? % of the model's probability a step \(geometric mean\)\n", err
    )


def test_verse_without_a_form_has_no_rules_to_tell_of(generate):
    assert generate("--form", "自由")[2] == ""


def test_json_tells_what_the_rules_left_and_the_attempts(generate):
    _, out, _ = generate("--form", "五绝", "--json", "--no-repeat-characters")
    found = json.loads(out)
    assert 0 < found["mask_mass"] < 1
    assert found["n_attempts"] >= 1
    hanzi = re.findall(r"\w", found["text"])
    assert len(set(hanzi)) == len(hanzi) == 20


def test_a_sheet_is_written(generate, workplace):
    argv = ["--acrostic", "春花秋月", "--title", "山水", "-n", "2", "-o", "poems.svg"]
    code, out, err = generate(*argv, "--paper", "night", "--page", "phone", "--seal", "石")
    assert (code, out) == (0, "")
    assert err.startswith("samples written to poems.svg: 2\n")
    svg = (workplace / "poems.svg").read_text(encoding="utf-8")
    assert re.findall(r'<text[^>]* class="head"[^>]*>(.)', svg) == list("春花秋月") * 2
    assert 'width="1080" height="1920"' in svg
    assert "石" in svg
    assert "山水" in svg


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--acrostic", "春花秋月春"], "藏头 '春花秋月春': 5 characters, but 七绝 has 4 lines"),
        (["--form", "八绝"], "form '八绝' is not known"),
        (["--author", "李白"], "unknown author '李白'"),
    ],
)
def test_what_cannot_be_is_one_line(generate, workplace, argv, message):
    code, out, err = generate(*argv)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1
    assert list(workplace.iterdir()) == []


def test_inspect_reads_data_as_the_kind_that_is_named(place, capsys):
    path = str(place / "poems.json")
    assert main(["inspect", path, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_documents"] > 1
    assert main(["inspect", path, "--kind", "text", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_documents"] == 1
    assert main(["inspect", path, "--kind", "song"]) == 2
    assert "--kind: must be one of 'text', 'poem'" in capsys.readouterr().err


def test_the_settings_of_poems_are_listed(capsys):
    assert main(["train", "--kind", "poem", "--list-settings"]) == 0
    assert "title_characters = 6" in capsys.readouterr().out
    assert main(["train", "--list-settings"]) == 0
    assert "title_characters" not in capsys.readouterr().out
