import io
import json

import pytest

from serinette.cli.sample_printer import printing
from serinette.recipes.generate import Piece, Sample


def sample(row, text, prefix="", finish_reason="end"):
    return Sample(
        row=row,
        prefix=prefix,
        text=text,
        labels={},
        n_unknown=0,
        log_prob_nats=-3.5,
        sampling_log_prob_nats=-2.5,
        n_steps=len(text),
        seed=7,
        finish_reason=finish_reason,
    )


def events(*texts, prefix="", finish_reason="end"):
    for row, text in enumerate(texts):
        for character in text:
            yield Piece(row=row, text=character)
        yield sample(row, text, prefix, finish_reason)


def printed(stream, *texts, prefix="", as_json=False, **kwargs):
    with printing(stream, [prefix] * len(texts), as_json=as_json) as printer:
        for event in events(*texts, prefix=prefix, **kwargs):
            printer.take(event)
    return stream.text if hasattr(stream, "text") else stream.getvalue()


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["one"], "one\n"),
        (["one\n"], "one\n"),
        (["Ann", "Bob"], "Ann\nBob\n"),
        (["a\nb", "c"], "a\nb\n---\nc\n"),
        (["a", "b\nc\n", "d"], "a\n---\nb\nc\n---\nd\n"),
        (["", "x"], "\nx\n"),
    ],
)
def test_files_hold_single_lines_or_parted_pages(texts, shown):
    assert printed(io.StringIO(), *texts) == shown


def test_files_hold_the_prefix_too():
    assert printed(io.StringIO(), "b", "c", prefix="a") == "ab\nac\n"
    assert printed(io.StringIO(), "b", prefix="a\x1b") == "a\x1bb\n"


def test_a_terminal_parts_samples_by_rules_and_shows_control_characters(terminal):
    text = printed(terminal, "x\x1b[2Jy", "z", prefix="pre")
    assert text.count("\x1b[2J") == 0
    assert "\x1b[2m── 1 of 2 " in text
    assert "\x1b[1mpre\x1b[0mx␛[2Jy\n" in text


def test_no_color_is_obeyed(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(terminal, "x", "z", prefix="pre")
    assert "\x1b" not in text
    assert text.startswith("── 1 of 2 ─")


def test_a_sample_that_the_length_cut_off_says_so_on_a_terminal(terminal, capsys):
    printed(terminal, "abc", finish_reason="length")
    assert capsys.readouterr().err == "ended after 3 steps; --max-steps N allows more\n"


def test_an_interrupted_sample_ends_its_line(terminal):
    def interrupted():
        with printing(terminal, [""], as_json=False) as printer:
            printer.take(Piece(row=0, text="half"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terminal.text == "half\n"


def test_json_lines_hold_all_of_a_sample():
    lines = printed(io.StringIO(), "a\nb", "c", prefix="p", as_json=True).splitlines()
    first, second = map(json.loads, lines)
    assert first["schema_version"] == 1
    assert (first["text"], first["prefix"], first["row"], first["seed"]) == ("a\nb", "p", 0, 7)
    assert (second["log_prob_nats"], second["sampling_log_prob_nats"]) == (-3.5, -2.5)
    assert (second["n_steps"], second["finish_reason"]) == (1, "end")
