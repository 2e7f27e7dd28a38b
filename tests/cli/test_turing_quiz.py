import pytest

from serinette.cli.turing_quiz import quiz
from serinette.evaluation.turing import Item, Sheet

SHEET = Sheet(tuple(Item(f"piece {n}") for n in "abcd"), (True, False, True, False))


def take(*keys, sheet=SHEET):
    """Answer with these keys; what is raised instead of a key ends the input."""
    waiting, shown = iter(keys), []

    def read_line(prompt):
        shown.append(prompt)
        key = next(waiting, EOFError())
        if isinstance(key, BaseException):
            raise key
        return key

    answers = quiz(sheet, read_line=read_line, write=lambda text: shown.append(text + "\n"))
    assert answers.sheet == sheet.digest
    return answers.marks, "".join(shown)


def test_every_piece_is_shown_once_with_its_number_and_answered_with_a_key():
    marks, shown = take("r", "G", " s ", "generated")
    assert marks == "rg-g"
    for number, letter in enumerate("abcd", 1):
        assert f"── {number} of 4 ──\n\npiece {letter}\n" in shown


def test_a_piece_that_is_known_is_marked_as_such():
    marks, shown = take("k", "s", "r", "k", "g", "r", "r")
    assert marks == "RGrr"
    assert "It will not count" in shown


def test_what_is_no_answer_is_asked_again():
    marks, shown = take("", "x", "7", "r", "r", "r", "r")
    assert marks == "rrrr"
    assert shown.count("One letter, then Enter.") == 3


@pytest.mark.parametrize("end", ["q", EOFError(), KeyboardInterrupt()])
def test_the_end_keeps_what_was_answered(end):
    assert take("r", "g", end)[0] == "rg--"
    assert take("r", "k", end)[0] == "r---"


def test_what_a_terminal_would_obey_is_shown_as_a_picture():
    _, shown = take("q", sheet=Sheet((Item("a\x1b[2Jb\x07"),), (True,)))
    assert "a\u241b[2Jb\u2407" in shown


def test_who_wrote_a_piece_is_never_shown():
    other = Sheet(SHEET.items, tuple(not made for made in SHEET.key))
    assert take("r", "r", "r", "r") == take("r", "r", "r", "r", sheet=other)
