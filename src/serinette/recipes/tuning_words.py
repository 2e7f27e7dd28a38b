"""What people are told of a fine-tuning: what it goes on from, what it gained and what it cost.

Pure, and no torch: the command line, the model card and the report read this page.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from serinette.core.config import Resolved
from serinette.core.errors import ConfigError
from serinette.core.metric import Metric

FACTS: Final = "fine_tuning"
"""Section of settings, and key of what a model tells of its fine-tuning."""
_SHOWN_SYMBOLS: Final = 12
_DIGITS: Final = 12


def check_without_base(settings: Resolved) -> None:
    """Refuse settings of a fine-tuning where there is nothing to go on from.

    Raises:
        ConfigError: Naming the setting as the user wrote it.
    """
    tuning = settings.groups.get(FACTS)
    if tuning is not None and tuning.replay > 0:
        raise ConfigError(
            f"{settings.origins[f'{FACTS}.replay']}: replay {tuning.replay:g} means nothing "
            "without a model to go on from; add --from MODEL, or leave it out"
        )


def tuning_facts(artifact_training: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a model tells of its fine-tuning; None: it was trained from scratch."""
    facts = artifact_training.get(FACTS)
    return facts if isinstance(facts, Mapping) and "name" in facts else None


def tuned_words(facts: Mapping[str, Any]) -> str:
    """Say what a model was fine-tuned from, and both texts' figures before and after."""
    parts = [
        f"{text} text {measured['start']:.2f} -> {measured['end']:.2f}"
        for text in ("new", "old")
        if (measured := facts.get(text)) is not None
    ]
    parts = [f"{', '.join(parts)} bits a character"] if parts else []
    if facts.get("old") is None:
        parts.append("the old text could not be read, so what was forgotten is not known")
    return f"fine-tuned from {origin_words(facts)}: {'; '.join(parts)}"


def start_words(metrics: Mapping[str, float]) -> str:
    """Say what a base model was worth before the first update."""
    words = [
        f"{text} text {metrics[key] / math.log(2):.3f}"
        for text, key in (("new", "validation_nats"), ("old", "old_validation_nats"))
        if key in metrics
    ]
    if not words:
        return "before the first update: nothing is held out, so nothing is measured"
    return f"before the first update: {', '.join(words)} bits/char"


def origin_words(record: Mapping[str, Any]) -> str:
    """Name a base model with the beginning of the hash of its weights."""
    return f"{record['name']} (weights sha256 {record['sha256'][:_DIGITS]}…)"


def added_words(added: Sequence[str], n_old: int) -> str:
    """Say which symbols a fine-tuning adds.

    Args:
        added: How each of them is written.
        n_old: How many there were.
    """
    if not added:
        return f"vocabulary: all symbols are among the {n_old:,} that the model knows"
    shown = ", ".join(map(repr, added[:_SHOWN_SYMBOLS]))
    more = "" if len(added) <= _SHOWN_SYMBOLS else ", ..."
    return f"vocabulary: {len(added):,} symbols are added to the {n_old:,} known: {shown}{more}"


def tuning_metrics(facts: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Return the figures of a fine-tuning that stand beside the model's own."""
    found = []
    for name, text, moment in (
        ("before fine-tuning", "new", "start"),
        ("old text", "old", "end"),
        ("old text before fine-tuning", "old", "start"),
    ):
        measured = facts.get(text)
        if measured is not None:
            found.append(
                Metric(
                    name=f"{measured['part']} bits per character, {name}",
                    value=measured[moment],
                    unit="bits",
                    better="lower",
                    n=measured["n"],
                )
            )
    return tuple(found)
