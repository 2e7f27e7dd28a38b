import math

import pytest

from serinette.cli import progress
from serinette.cli.live import _rows, picture, watching
from serinette.training.events import Evaluated, Finished, Note, Planned, Progress

LN2 = math.log(2)

PLANNED = Planned(
    summary=("2 layers of 256",), total_updates=4000, budget_seconds=300.0, baseline_nats=2.4 * LN2
)


def moved(update=1240, seconds=62.0):
    return Progress(
        update=update,
        total_updates=4000,
        seconds=seconds,
        remaining_seconds=200.0,
        symbols_per_second=48_120.0,
        train_nats=2.31 * LN2,
        learning_rate=0.0041,
    )


def evaluated(bits=2.3, is_best=True, **kwargs):
    metrics = {"train_nats": 2.31 * LN2, "validation_nats": bits * LN2}
    return Evaluated(update=1200, seconds=60.0, metrics=metrics, is_best=is_best, **kwargs)


def log(*events):
    plain = progress.PlainLines()
    return [line for event in events for line in plain.lines(event)]


def test_a_log_tells_the_whole_training():
    lines = log(
        Note(text="17 files, UTF-8"),
        Note(text="odd bytes", is_warning=True),
        PLANNED,
        moved(seconds=4.0),
        moved(seconds=12.0),
        moved(seconds=13.0),
        evaluated(sample="ROMEO:\nAy\x1b me", verdicts=("over-fitting: stop",)),
        evaluated(bits=2.5, is_best=False, verdicts=("over-fitting: stop",)),
        Finished(update=4000, seconds=301.0, reason="plan done"),
    )
    assert lines == [
        "17 files, UTF-8",
        "warning: odd bytes",
        "2 layers of 256",
        "line to beat: 2.400 bits/char (count model on the same split)",
        "update 1,240 of 4,000 · 3 min 20 s left · 48,120 symbols/s · train 2.310 bits/char",
        "update 1,200 · 1 min · train 2.310 · validation 2.300 bits/char "
        "(best so far, below the count model's 2.400)",
        "  sample: ROMEO: ⏎ Ay␛ me",
        "  over-fitting: stop",
        "update 1,200 · 1 min · train 2.310 · validation 2.500 bits/char "
        "(above the count model's 2.400)",
        "plan done after 4,000 updates and 5 min 1 s; best validation 2.300 bits/char",
    ]


def test_a_training_without_validation_is_told_too():
    event = Evaluated(update=7, seconds=1.0, metrics={"train_nats": LN2}, is_best=False)
    assert log(event) == ["update 7 · 1 s · train 1.000 bits/char"]


@pytest.mark.parametrize(("share", "drawn"), [(-1, "────"), (0.5, "━━──"), (2, "━━━━")])
def test_a_bar_stays_within_its_width(share, drawn):
    assert progress.bar(float(share), 4) == drawn


def test_a_long_sample_is_cut():
    assert progress.snippet("abcdefgh", 5) == "abcd…"


def test_the_picture_shows_the_line_to_beat_until_it_is_beaten():
    view = progress.View()
    assert _rows(view, 100) == []
    for event in (PLANNED, moved()):
        view = view.after(event)
    assert "count model 2.400 (to beat)" in dict(r[:2] for r in _rows(view, 100))["bits/char"]
    view = view.after(evaluated(sample="ROMEO", verdicts=("under-fitting: wait",)))
    rows = dict(r[:2] for r in _rows(view, 100))
    assert rows["bits/char"] == (
        "train 2.310   validation 2.300   best 2.300   count model 2.400 (beaten)"
    )
    assert rows["updates"].endswith(" 31%  1,240 of 4,000  3 min 20 s left")
    assert (rows["sample"], rows["verdict"]) == ("ROMEO", "under-fitting: wait")
    assert picture(view, 100).row_count == 5


def test_outside_a_terminal_a_training_is_a_log_on_standard_error(capsys):
    with watching() as listener:
        listener(PLANNED)
        listener(moved())
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[0] == "2 layers of 256"


def test_on_a_terminal_lasting_lines_stay_above_the_picture(terminal, monkeypatch):
    monkeypatch.setattr("sys.stderr", terminal)
    with watching() as listener:
        for event in (Note(text="careful", is_warning=True), PLANNED, moved(), evaluated()):
            listener(event)
    assert "warning: careful" in terminal.text
    assert "below the count model's 2.400" in terminal.text
