"""What a history says in words. Pure; no torch.

One function reads the history for the live view, the alarms and the report. The advice is that of
Karpathy's char-rnn notes, turned into rules with numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from serinette.training.game.alarms import PHASE, alarms

HistoryLine = Mapping[str, Any]
"""{update, seconds, phase, metrics, events}; metrics hold nats per character."""

OVER_FITTING_RISE = 0.02
"""Relative rise of the validation loss over its best that is called over-fitting."""
UNDER_FITTING_FALL = 0.02
"""Relative fall of the validation loss over the last third that is called unfinished."""


def watch(history: Sequence[HistoryLine], *, n_characters: int | None = None) -> list[str]:
    """Return what stands out, worst first, one sentence each with its remedy.

    Args:
        history: Evaluations in order, each with `metrics.train_nats`, `metrics.validation_nats`.
        n_characters: Size of the training part, to judge whether it is enough.
    """
    if history and history[-1].get("phase") == PHASE:
        return [alarm.text for alarm in alarms([x for x in history if x.get("phase") == PHASE])]
    measured = [line for line in history if line["metrics"].keys() >= _MEASURED]
    if not measured:
        return []
    verdicts = [_diverging(measured), _over_fitting(measured), _too_little(measured, n_characters)]
    found = [verdict for verdict in verdicts if verdict is not None]
    return found or [v for v in [_under_fitting(measured)] if v is not None]


def _diverging(measured: Sequence[HistoryLine]) -> str | None:
    train = [line["metrics"]["train_nats"] for line in measured]
    if len(train) < _ENOUGH_TO_TELL - 1 or train[-1] < 1.15 * min(train):
        return None
    return (
        f"diverging: the training loss went from {min(train):.3f} up to {train[-1]:.3f} nats; "
        "lower --training.learning_rate"
    )


def _over_fitting(measured: Sequence[HistoryLine]) -> str | None:
    validation = [line["metrics"]["validation_nats"] for line in measured]
    best = min(validation)
    if validation[-1] < best * (1 + OVER_FITTING_RISE):
        return None
    gap = validation[-1] - measured[-1]["metrics"]["train_nats"]
    return (
        f"over-fitting: validation is {validation[-1] - best:.3f} nats above its best while "
        f"training is {gap:.3f} below it; the best model is kept; more text, more dropout or a "
        "smaller --size would help"
    )


def _too_little(measured: Sequence[HistoryLine], n_characters: int | None) -> str | None:
    if n_characters is None or n_characters >= _LITTLE_TEXT or len(measured) < _ENOUGH_TO_TELL:
        return None
    last = measured[-1]["metrics"]
    if last["validation_nats"] < last["train_nats"] * 1.25:
        return None
    return (
        f"too little data: {n_characters:,} characters are learnt by heart before their manner is; "
        "add text of the same kind"
    )


def _under_fitting(measured: Sequence[HistoryLine]) -> str | None:
    if len(measured) < _ENOUGH_TO_TELL:
        return None
    validation = [line["metrics"]["validation_nats"] for line in measured]
    train = measured[-1]["metrics"]["train_nats"]
    before = validation[-max(2, len(validation) // 3)]
    is_falling = validation[-1] < before * (1 - UNDER_FITTING_FALL)
    if is_falling and validation[-1] < train * 1.05:
        return "under-fitting: validation still falls; a longer --budget would help"
    return None


_LITTLE_TEXT = 100_000
_MEASURED = {"train_nats", "validation_nats"}
"""What a line holds, unless it was measured before the first update."""
_ENOUGH_TO_TELL = 4
