"""What is said of the adversarial stage, in a log and in the picture."""

import math

from serinette.cli import progress
from serinette.cli.live import _rows
from serinette.training.events import Evaluated, Finished, Game, Planned, Progress

LN2 = math.log(2)
GAME = Game(measure="Fréchet distance", start=0.836, spread=0.054, line=0.728)
BEGUN = Planned(summary=(), total_updates=1200, budget_seconds=None, game=GAME)
LIKELIHOOD = Evaluated(
    update=1000,
    seconds=47.0,
    metrics={"train_nats": 2 * LN2, "validation_nats": 1.4 * LN2},
    is_best=True,
    baseline_nats=1.5 * LN2,
    verdicts=("under-fitting: wait",),
)
FIGURES = {
    "critic_real_accuracy": 0.81,
    "critic_fake_accuracy": 0.77,
    "generator_gradient_norm": 0.42,
    "critic_gradient_norm": 1.3,
    "distinct_2_ratio": 0.98,
    "duplicate_share": 0.004,
}


def measured(criterion, is_best, **told):
    metrics = {"train_nats": 2 * LN2, "validation_nats": 1.3 * LN2, "criterion": criterion}
    return Evaluated(
        update=1100,
        seconds=61.0,
        metrics=metrics | FIGURES,
        is_best=is_best,
        baseline_nats=1.5 * LN2,
        **told,
    )


MOVED = Progress(
    update=1050,
    total_updates=1200,
    seconds=60.0,
    remaining_seconds=20.0,
    symbols_per_second=900.0,
    train_nats=2 * LN2,
    learning_rate=3e-4,
)


def log(*events):
    plain = progress.PlainLines()
    return [line for event in events for line in plain.lines(event)]


def test_a_log_of_a_game_speaks_of_the_criterion():
    lines = log(
        LIKELIHOOD,
        BEGUN,
        MOVED,
        measured(0.8, is_best=False, events=("both learning rates halved", "plan changed to 9")),
        measured(0.7, is_best=True, sample="a cow", verdicts=("collapse: of pairs",)),
        measured(0.71, is_best=False),
        Finished(update=1200, seconds=80.0, reason="plan done"),
    )
    assert lines[2:] == [
        "game: update 1,050 of 1,200 · 20 s left · 900 symbols/s · train 2.000 bits/char",
        "update 1,100 · 1 min 1 s · game · Fréchet distance 0.8 (the likelihood model's 0.836 ± "
        "0.054; below 0.728 would beat it)",
        _FIGURES,
        "  note: both learning rates halved",
        "update 1,100 · 1 min 1 s · game · Fréchet distance 0.7 (best so far, below the "
        "likelihood model's 0.836 ± 0.054 beyond chance)",
        _FIGURES,
        "  sample: a cow",
        "  collapse: of pairs",
        "update 1,100 · 1 min 1 s · game · Fréchet distance 0.71 (not the best so far; below the "
        "likelihood model's 0.836 ± 0.054)",
        _FIGURES,
        "plan done after 1,200 updates and 1 min 20 s; the kept model's validation 1.300 bits/char",
    ]


_FIGURES = (
    "  critic right on 81% of real and 77% of written rows · gradients: generator 0.42, rival 1.3 "
    "· different pairs 0.98 of real text's, 0.4% of rows written twice"
)


def test_a_likelihood_model_that_is_not_beaten_stays_the_kept_one():
    lines = log(
        LIKELIHOOD, BEGUN, measured(0.8, is_best=False),
        Finished(update=1200, seconds=80.0, reason="plan done"),
    )  # fmt: skip
    assert lines[-1].endswith("the kept model's validation 1.400 bits/char")


def test_the_picture_of_a_game_shows_its_phase_the_rival_and_the_variety():
    view = progress.View()
    for event in (LIKELIHOOD, BEGUN, MOVED):
        view = view.after(event)
    rows = dict(row[:2] for row in _rows(view, 100))
    assert rows["game"] == "Fréchet distance not measured (the likelihood model's 0.836 ± 0.054)"
    assert "rival" not in rows
    assert "verdict" not in rows
    view = view.after(measured(0.7, is_best=True))
    rows = dict(row[:2] for row in _rows(view.after(measured(0.9, is_best=False)), 100))
    assert rows["game"].endswith("below 0.728 would beat it)   best 0.7")
    rows = dict(row[:2] for row in _rows(view, 100))
    assert rows["game"].startswith("Fréchet distance 0.7 (best so far")
    assert rows["rival"].startswith("critic right on 81% of real")
    assert rows["variety"].startswith("different pairs 0.98")
    assert "kept model 1.300" in rows["bits/char"]
