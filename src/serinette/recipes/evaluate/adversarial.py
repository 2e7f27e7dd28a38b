"""What the report says of a game: how it went, and whether it moved the model off its curve."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from serinette.artifact.folder import Artifact, load
from serinette.core.chart import Axis, Chart, Line, Role
from serinette.core.errors import SerinetteError
from serinette.evaluation.curve_gap import Place, gap_words, gaps
from serinette.evaluation.report.content import Section
from serinette.recipes.evaluate.sections import OTHER, CurvePoint
from serinette.recipes.game_words import MEASURES, kept_words

KEY = "adversarial"
START = "its likelihood start"
"""What the model is called that a game began with."""
_FOLDER = "../likelihood"
_INTRO = (
    "After the likelihood stage the model played against a critic or a mediator. A game is worth "
    "something only where it moves the model off the curve that its likelihood start has over the "
    "temperatures."
)


def game_of(artifact: Artifact) -> Mapping[str, Any] | None:
    """Return what a model tells of its game; None: it was trained by likelihood alone."""
    game = artifact.training.get("adversarial")
    return game if isinstance(game, Mapping) and "is_better" in game else None


def start_of(artifact: Artifact) -> Artifact | None:
    """Return the likelihood model that a game began with.

    None: there was no game, what was kept is the likelihood model and nothing else, or the start no
    longer lies beside it.
    """
    game = game_of(artifact)
    if game is None or game.get("likelihood_start") != _FOLDER or not _is_other(artifact, game):
        return None
    try:
        return load(artifact.folder.resolve().parent / "likelihood")
    except SerinetteError:
        return None


def game_section(
    artifact: Artifact, points: Sequence[CurvePoint], start: Sequence[CurvePoint]
) -> Section | None:
    """Tell how a game went.

    Args:
        artifact: The model.
        points: Its settings.
        start: Those of its likelihood start; empty: it was not measured.
    """
    game = game_of(artifact)
    if game is None:
        return None
    lines = [line for line in artifact.history if line.get("phase") == "adversarial"]
    notes = [_sentence(kept_words(game))]
    notes += _guide_words(game, n_candidates(artifact))
    if _is_other(artifact, game):
        notes.append(_curve_words(points, start))
    notes += [
        f"Update {line['update']:,}: {event}"
        for line in lines
        for event in line.get("events", ())
        if not event.startswith("plan changed")
    ]
    charts = [_criterion(lines, game), _accuracy(lines)]
    return Section(
        key=KEY,
        title="Adversarial training",
        intro=_INTRO,
        charts=tuple(chart for chart in charts if chart is not None),
        notes=tuple(notes),
    )


def with_start_named(charts: Sequence[Chart]) -> list[Chart]:
    """Call the other model of curves what it is: the likelihood start."""
    return [
        replace(
            chart,
            lines=tuple(replace(x, name=x.name.replace(OTHER, START)) for x in chart.lines),
        )
        for chart in charts
    ]


def n_candidates(artifact: Artifact) -> int:
    """Return among how many candidates a critic chooses at generation; 1: none does."""
    facts = artifact.guide_facts
    return 1 if facts is None else int(facts["candidates"])


def _is_other(artifact: Artifact, game: Mapping[str, Any]) -> bool:
    """Say whether what is written differs from what the likelihood start writes."""
    return bool(game["is_better"]) or n_candidates(artifact) > 1


def _curve_words(points: Sequence[CurvePoint], start: Sequence[CurvePoint]) -> str:
    if not start:
        return (
            "Its likelihood start no longer lies beside it, or another model was asked for with "
            "--against: whether it leaves the curve is not known."
        )
    return gap_words(gaps(_places(points), _places(start)), "nats of the reverse LM score")


def _places(points: Sequence[CurvePoint]) -> list[Place]:
    found = []
    for point in points:
        if point.curve != "temperature":
            continue
        low, high = point.metrics["rlm"].interval or (0.0, 0.0)
        found.append(
            Place(
                name=point.name,
                x=point.metrics["lm"].value,
                y=point.metrics["rlm"].value,
                half=(high - low) / 2,
            )
        )
    return found


def _guide_words(game: Mapping[str, Any], n: int) -> list[str]:
    guide = game.get("guide", {})
    if "guided_criterion" not in guide:
        return []
    measure = MEASURES[game.get("criterion", "frechet")]
    change = f"{guide['plain_criterion']:.3g} to {guide['guided_criterion']:.3g}"
    if n == 1:
        return [
            f"A critic was trained to choose among candidates at generation, but does not: the "
            f"{measure} on held-out text would go from {change}."
        ]
    return [
        f"A critic chooses among {n} candidates at generation, in this report too: on held-out "
        f"text it brought the {measure} from {change}."
    ]


def _criterion(lines: Sequence[Mapping[str, Any]], game: Mapping[str, Any]) -> Chart | None:
    points = _along(lines, "criterion")
    start = game.get("start")
    if not points or start is None:
        return None
    measure = MEASURES[game.get("criterion", "frechet")]
    level, spread = start["criterion"], 2 * start["criterion_spread"]
    ends = (points[0][0], points[-1][0])
    return Chart(
        title=f"The game, judged by the {measure}",
        x=Axis(label="update"),
        y=Axis(label=f"{measure} of written and held-out rows (lower is better)"),
        lines=(
            Line(name="the game's model", points=points),
            Line(
                name=START,
                points=tuple((x, level) for x in ends),
                role="other",
                band=tuple((level - spread, level + spread) for _ in ends),
            ),
        ),
        note="The band is what chance alone does to the likelihood model's figure; a model of the "
        "game is kept only if it comes below it.",
    )


def _accuracy(lines: Sequence[Mapping[str, Any]]) -> Chart | None:
    sides: tuple[tuple[str, str, Role], ...] = (
        ("real rows", "critic_real_accuracy", "model"),
        ("written rows", "critic_fake_accuracy", "other"),
    )
    found = [
        Line(name=name, points=_along(lines, key), role=role)
        for name, key, role in sides
        if _along(lines, key)
    ]
    if not found:
        return None
    return Chart(
        title="How often the critic was right",
        x=Axis(label="update"),
        y=Axis(label="share told right", low=0.0, high=1.0),
        lines=tuple(found),
        note="Near 1 on both, the critic has won and teaches little; near 0.5, it cannot tell.",
    )


def _along(lines: Sequence[Mapping[str, Any]], key: str) -> tuple[tuple[float, float], ...]:
    return tuple(
        (float(line["update"]), float(line["metrics"][key]))
        for line in lines
        if key in line["metrics"]
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
