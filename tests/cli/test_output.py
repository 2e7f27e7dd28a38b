import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.cli import output
from serinette.cli.tables import columns_of, table


def test_a_terminal_never_gets_control_sequences(terminal):
    assert output.safe("a\x1b[2J\x07\x7f\x9b\t\nb", terminal) == "a␛[2J␇␡<9B>\t\nb"


def test_files_and_pipes_get_the_text_as_it_is():
    assert output.safe("a\x1b[2J", io.StringIO()) == "a\x1b[2J"


@given(st.text())
def test_pictures_leave_no_control_character(text):
    shown = output.pictured(text)
    assert not [c for c in shown if (ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160]


@given(st.text())
def test_a_json_line_is_one_line_of_utf_8(text):
    line = output.json_line({"text": text})
    assert line.count("\n") == 1
    line.encode("utf-8")
    assert list(json.loads(line)) == ["schema_version", "text"]


@pytest.mark.parametrize(
    ("variable", "value", "is_coloured"),
    [("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False)],
)
def test_colour_is_for_terminals_that_want_it(terminal, monkeypatch, variable, value, is_coloured):
    monkeypatch.setenv(variable, value)
    assert output.has_colour(terminal) == is_coloured
    assert output.dim("x", terminal) == ("\x1b[2mx\x1b[0m" if is_coloured else "x")
    assert not output.has_colour(io.StringIO())


def test_tables_line_up_with_wide_characters():
    assert table([("run", "n"), ("春花", "7"), ("e\u0301", "1,234")]) == (
        "run       n\n春花      7\ne\u0301     1,234"
    )
    assert columns_of("春花e\u0301") == 5


def test_what_turns_a_line_around_is_shown_on_a_terminal(terminal):
    assert output.safe("a\u202eb\u2067c", terminal) == "a<202E>b<2067>c"
    assert output.safe("a\u202eb", io.StringIO()) == "a\u202eb"


def test_right_to_left_text_is_kept_apart_from_what_stands_beside_it(terminal):
    assert output.isolated("שלום", terminal) == "\u2068שלום\u2069"
    assert output.isolated("plain 春", terminal) == "plain 春"
    assert output.isolated("שלום", io.StringIO()) == "שלום"
    assert output.safe(output.isolated("שלום", terminal), terminal) == "\u2068שלום\u2069"
    assert columns_of("\u2068שלום\u2069") == 4
