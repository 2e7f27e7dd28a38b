"""`serinette evaluate --turing`: a blind test in the terminal, or a sheet to hand out."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serinette.cli.output import print_json, say, show

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.evaluation.turing import Answers, Sheet
    from serinette.recipes.evaluate.request import EvaluateRequest

N_PAIRS = 20
_DEFAULT_SHEET = Path("turing.html")


def run_test(
    artifact: "Artifact",
    request: "EvaluateRequest",
    data: Sequence[Path],
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Ask the person at the terminal, or write a sheet and its key.

    Samples are drawn at the middle one of the settings.
    """
    from serinette.recipes.evaluate.turing import sheet_of

    setting = request.settings[len(request.settings) // 2]
    say(f"drawing pieces at {setting.name}")
    sheet = sheet_of(artifact, setting, n_pairs=N_PAIRS, seed=request.seed, data=data)
    if out is None and sys.stdin.isatty() and sys.stdout.isatty():
        from serinette.cli.turing_quiz import quiz

        answers = quiz(sheet, read_line=input, write=show)
        _tell(sheet, [answers], as_json=as_json)
        return
    _write_sheet(sheet, out or _DEFAULT_SHEET)


def score_sheets(paths: Sequence[Path], key: Path | None, *, as_json: bool) -> None:
    """Score what people answered.

    Raises:
        DataError: If a file is no answer, or belongs to another sheet.
    """
    from serinette.core.disk import read_bytes
    from serinette.core.errors import ConfigError
    from serinette.evaluation.turing import read_answers, read_key

    if key is None:
        raise ConfigError("--answers needs --key, the file that was written with the sheet")
    sheet = read_key(read_bytes(key), str(key))
    answers = [answer for path in paths for answer in read_answers(read_bytes(path), str(path))]
    _tell(sheet, answers, as_json=as_json)


def _write_sheet(sheet: "Sheet", path: Path) -> None:
    from serinette.core.durable import write_file
    from serinette.evaluation.turing import key_file
    from serinette.evaluation.turing_page import sheet_html

    key = path.with_suffix(".key.json")
    write_file(path, sheet_html(sheet, "Real or generated?").encode())
    write_file(key, key_file(sheet))
    show(str(path))
    say(
        f"key: {key} (keep it to yourself); when the answers are back: "
        f"serinette evaluate --answers FILE --key {key}"
    )


def _tell(sheet: "Sheet", answers: Sequence["Answers"], *, as_json: bool) -> None:
    from serinette.evaluation.turing import score_answers

    score = score_answers(sheet, answers)
    if as_json:
        plain: dict[str, Any] = vars(score)
        print_json(plain)
    else:
        show(score.verdict)
