"""What the adversarial stage of a training says to people, as sentences. Pure."""

from collections.abc import Mapping, Sequence

from serinette.core.config import format_duration
from serinette.training.events import Evaluated, Game

_SILENT = "plan changed"
"""Events of the history that tell people nothing."""


def game_lines(event: Evaluated, game: Game) -> list[str]:
    """Say what an evaluation of a game measured, beside the likelihood model."""
    head = f"update {event.update:,} · {format_duration(event.seconds)} · game"
    lines = [f"{head} · {criterion_words(event.metrics, game, is_best=event.is_best)}"]
    parts = [critic_words(event.metrics), variety_words(event.metrics)]
    told = " · ".join(part for part in parts if part)
    lines += [f"  {told}"] if told else []
    return lines + [f"  note: {text}" for text in shown_events(event.events)]


def shown_events(events: Sequence[str]) -> list[str]:
    """Leave out the events that tell people nothing."""
    return [text for text in events if not text.startswith(_SILENT)]


def criterion_words(metrics: Mapping[str, float], game: Game, *, is_best: bool) -> str:
    """Say the criterion, and whether the likelihood model is beaten."""
    begun = f"the likelihood model's {game.start:.3g} ± {game.spread:.2g}"
    found = metrics.get("criterion")
    if found is None:
        return f"{game.measure} not measured ({begun})"
    if is_best:
        remark = f"best so far, below {begun} beyond chance"
    elif found < game.line:
        remark = f"not the best so far; below {begun}"
    else:
        remark = f"{begun}; below {game.line:.3g} would beat it"
    return f"{game.measure} {found:.3g} ({remark})"


def critic_words(metrics: Mapping[str, float]) -> str:
    """Say how often the critic is right, and how long the gradients are."""
    words = []
    if "critic_real_accuracy" in metrics and "critic_fake_accuracy" in metrics:
        real, fake = metrics["critic_real_accuracy"], metrics["critic_fake_accuracy"]
        words.append(f"critic right on {real:.0%} of real and {fake:.0%} of written rows")
    elif "critic_loss" in metrics:
        words.append(f"mediator's loss {metrics['critic_loss']:.3g}")
    norms = [
        f"{player} {metrics[name]:.2g}"
        for player, name in (
            ("generator", "generator_gradient_norm"),
            ("rival", "critic_gradient_norm"),
        )
        if name in metrics
    ]
    if norms:
        words.append(f"gradients: {', '.join(norms)}")
    return " · ".join(words)


def variety_words(metrics: Mapping[str, float]) -> str:
    """Say how varied written rows are beside real ones."""
    words = []
    if "distinct_2_ratio" in metrics:
        words.append(f"different pairs {metrics['distinct_2_ratio']:.2f} of real text's")
    if "duplicate_share" in metrics:
        words.append(f"{metrics['duplicate_share']:.1%} of rows written twice")
    return ", ".join(words)


def history_rows(history: Sequence[Mapping[str, object]], measure: str) -> list[tuple[str, ...]]:
    """Return the lines of a game as rows of a table, under a head.

    Args:
        history: Lines of the adversarial phase.
        measure: What the criterion is called.
    """
    head = ("update", "time", measure, "critic on real", "on written", "pairs", "twice")
    rows: list[tuple[str, ...]] = [head]
    for line in history:
        metrics = line.get("metrics")
        found = metrics if isinstance(metrics, Mapping) else {}
        rows.append(
            (
                f"{line.get('update', 0):,}",
                format_duration(float(str(line.get("seconds", 0.0)))),
                _cell(found, "criterion", ".4g"),
                _cell(found, "critic_real_accuracy", ".0%"),
                _cell(found, "critic_fake_accuracy", ".0%"),
                _cell(found, "distinct_2_ratio", ".2f"),
                _cell(found, "duplicate_share", ".1%"),
            )
        )
    return rows


def _cell(metrics: Mapping[str, float], name: str, form: str) -> str:
    return format(metrics[name], form) if name in metrics else ""
