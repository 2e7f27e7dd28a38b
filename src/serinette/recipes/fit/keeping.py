"""What a training leaves in its run's folder, and how it is gone on with."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serinette.artifact.checkpoints import newest_checkpoint, save_checkpoint
from serinette.artifact.runs import MODEL, trim_history
from serinette.core import plain_json
from serinette.core.lines import append_line, read_json_lines
from serinette.core.metric import Metric
from serinette.nets.model import SequenceModel, weights_of
from serinette.recipes.fit.probe import Prober
from serinette.recipes.requests import TrainedRun
from serinette.recipes.tuning_words import start_words
from serinette.training.events import Finished, Listener, Note
from serinette.training.loop import Outcome, Progressed, Training
from serinette.training.trainer import Snapshot


def go_on(run: Path, training: Training, listener: Listener) -> None:
    """Restore the newest whole checkpoint, if there is one."""
    kept = newest_checkpoint(run)
    if kept is None:
        return
    trim_history(run, kept.update)
    history = read_json_lines(run / "history.jsonl")
    training.resume_(Snapshot(tensors=kept.tensors, facts=kept.facts), history)
    for sentence in kept.skipped:
        listener(Note(text=sentence, is_warning=True))
    listener(Note(text=f"{run.name}: going on after update {kept.update:,}"))


def begun_with(
    run: Path, prober: Prober, model: SequenceModel, event: str, listener: Listener
) -> Progressed:
    """Measure a trained model before the first update: it is the best one until it is beaten.

    The history begins with what was measured.

    Args:
        run: Its folder.
        prober: Measures both texts.
        model: With the weights of the base.
        event: Says in the history which base that is.
        listener: Told the figures.
    """
    metrics = dict(prober.probe(model, False).metrics)
    line = {
        "update": 0,
        "seconds": 0.0,
        "phase": "likelihood",
        "metrics": metrics,
        "events": [event],
    }
    trim_history(run, -1)  # of a training that was stopped before its first checkpoint
    append_line(run / "history.jsonl", plain_json.dump_line(line), sync=False)
    listener(Note(text=start_words(metrics)))
    return Progressed(
        best_nats=metrics.get("validation_nats", math.inf),
        history=[line],
        best_weights=weights_of(model),
    )


def concluded(
    run: Path, update: int, outcome: Outcome, metrics: Sequence[Metric], listener: Listener
) -> TrainedRun:
    """Tell how a training ended, and return it.

    Args:
        run: Its folder, with the artifact in it.
        update: The last one.
        outcome: Of the loop.
        metrics: Held-out figures of the artifact.
        listener: Is told.
    """
    found = {metric.name: metric.value for metric in metrics}
    seconds = outcome.progressed.seconds
    listener(Finished(update=update, seconds=seconds, reason=outcome.reason, metrics=found))
    return TrainedRun(
        run=run,
        model=run / MODEL,
        metrics=found,
        reason=outcome.reason,
        exit_code=outcome.exit_code,
    )


class RunStore:
    """Puts checkpoints and history into the run's folder.

    Args:
        run: The folder.
        keep: How many checkpoints stay.
    """

    def __init__(self, run: Path, keep: int) -> None:
        self._run = run
        self._keep = keep

    def checkpoint(self, snapshot: Snapshot) -> None:
        """Write a checkpoint; older ones go."""
        update = int(snapshot.facts["update"])
        save_checkpoint(self._run, update, snapshot.tensors, snapshot.facts, keep=self._keep)

    def history_line(self, line: Mapping[str, Any]) -> None:
        """Append one evaluation to the history."""
        append_line(self._run / "history.jsonl", plain_json.dump_line(line), sync=False)
