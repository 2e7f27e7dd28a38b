"""The blind test on a terminal: one piece at a time, one key each."""

from collections.abc import Callable

from serinette.cli.output import pictured
from serinette.evaluation.turing import Answers, Sheet

_PROMPT = "(r)eal, (g)enerated, (k)nown to me, (s)kip, (q)uit? "
_MARKS = {"r": "r", "g": "g", "s": "-"}
_KNOWN = {"r": "R", "g": "G"}
_KNOWN_PROMPT = "(r)eal or (g)enerated? It will not count. "


def quiz(
    sheet: Sheet, *, read_line: Callable[[str], str], write: Callable[[str], object]
) -> Answers:
    """Ask about one piece after the other.

    Args:
        sheet: The pieces; its key is not looked at.
        read_line: Shows a prompt and returns what was typed: `input`. The end of the input and an
            interrupt end the test as `q` does.
        write: Shows some text and ends the line: `print`.

    Returns:
        What was answered until the end, the rest unanswered.
    """
    n = len(sheet.items)
    marks: list[str] = []
    try:
        for number, item in enumerate(sheet.items, 1):
            write(f"\n── {number} of {n} ──\n\n{pictured(item.text)}\n")
            mark = _mark(read_line, write)
            if mark is None:
                break
            marks.append(mark)
    except (EOFError, KeyboardInterrupt):
        write("")
    return Answers(sheet=sheet.digest, marks="".join(marks).ljust(n, "-"))


def _mark(read_line: Callable[[str], str], write: Callable[[str], object]) -> str | None:
    """Ask until there is an answer; None to end the test."""
    prompt, marks = _PROMPT, _MARKS
    while True:
        key = read_line(prompt).strip().lower()[:1]
        if key == "q":
            return None
        if key == "k":
            prompt, marks = _KNOWN_PROMPT, _KNOWN
        elif key in marks:
            return marks[key]
        else:
            write("One letter, then Enter.")
