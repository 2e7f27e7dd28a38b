"""What people are told of a game: its plan, what cannot be combined, which model is kept and why.

Pure, and no torch: the command line, the model card and the report read this page.
"""

from collections.abc import Mapping
from typing import Any, Final

from serinette.core.config import Resolved, plain
from serinette.core.errors import ConfigError

SECTIONS: Final = ("adversarial", "critic")
"""Sections of settings that mean something to a game alone."""
MEASURES: Final[Mapping[str, str]] = {
    "frechet": "Fréchet distance",
    "classifier": "share told apart",
}
"""What a criterion is called; less is better in each."""
_TEACHERS: Final[Mapping[str, str]] = {
    "mediator": "a mediator, a second model of real and written text (CoT)",
    "reinforce": "a critic by its word on every step (REINFORCE, after ScratchGAN)",
    "rollouts": "a critic by its word on {rollouts} continuations of every prefix (SeqGAN)",
    "weighted": "a critic by weights of written rows (MaliGAN)",
    "gumbel": "a critic through soft symbols (Gumbel, RelGAN)",
}


def check_game(settings: Resolved) -> None:
    """Refuse settings of a game where none is played, and of a critic where there is none.

    Raises:
        ConfigError: Naming the setting as the user wrote it.
    """
    if "adversarial" not in settings.groups:
        return
    if settings.groups["training"].objective == "likelihood":
        for key, place in _changed(settings, SECTIONS):
            raise ConfigError(
                f"{place}: {key} = {_value(settings, key)} means nothing without a game; add "
                "--objective adversarial, or leave it out"
            )
        return
    game = settings.groups["adversarial"]
    if game.estimator == "mediator" and game.guide_updates == 0:
        for key, place in _changed(settings, ("critic",)):
            raise ConfigError(
                f"{place}: {key} = {_value(settings, key)}, but a mediator is no critic, and no "
                "guide is trained; choose another --adversarial.estimator, or leave it out"
            )


def plan_words(settings: Resolved) -> tuple[str, ...]:
    """Say how the time is split and what the game is; nothing of a training without one."""
    if settings.groups["training"].objective == "likelihood":
        return ()
    game = settings.groups["adversarial"]
    is_timed = settings.origins["adversarial.updates"] == "plan"
    split = (
        f"{1 - game.share:.0%} of the time goes to likelihood, {game.share:.0%} to the "
        "adversarial stage"
    )
    words = [f"adversarial: {split}" if is_timed else "adversarial: a game follows likelihood"]
    if game.estimator != "none":
        teacher = _TEACHERS[game.estimator].format(rollouts=game.rollouts)
        about = "about " if is_timed else ""
        steps = "" if game.critic_steps == 1 else f", {game.critic_steps} steps of it for one"
        words += [
            f"game: {about}{game.updates:,} updates against {teacher}{steps}",
            f"the game is measured {game.n_evaluations} times by the {MEASURES[game.criterion]} "
            "of written and held-out rows; the likelihood model is kept unless a later one is "
            "better beyond chance",
        ]
    if game.guide_updates:
        words.append(
            f"guide: a critic of the model that is kept, up to {game.guide_updates:,} updates; it "
            f"chooses among {game.candidates} candidates if that helps"
        )
    return tuple(words)


def kept_words(facts: Mapping[str, Any]) -> str:
    """Say which model is kept and why.

    Args:
        facts: `training["adversarial"]` of an artifact.
    """
    start, best = facts.get("start"), facts.get("best")
    if start is None:
        return "the likelihood model is kept: there was too little held-out text to judge the game"
    measure = MEASURES[facts.get("criterion", "frechet")]
    begun = f"{start['criterion']:.3g} ± {start['criterion_spread']:.2g}"
    if best is None:
        return (
            f"the likelihood model is kept: no model of the game was measured; its {measure} is "
            f"{begun}"
        )
    if facts["is_better"]:
        return (
            f"the game's model is kept: its {measure} on held-out text is "
            f"{best['criterion']:.3g}, the likelihood model's {begun}"
        )
    line = start["criterion"] - 2 * start["criterion_spread"]
    return (
        f"the likelihood model is kept: the game's best {measure} on held-out text is "
        f"{best['criterion']:.3g}, and had to come below {line:.3g} to beat the likelihood "
        f"model's {begun} beyond chance"
    )


def _changed(settings: Resolved, sections: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (setting, place) of what an option names, or another place sets to no default."""
    found = []
    for key, place in settings.origins.items():
        section, _, name = key.partition(".")
        if section not in sections or place in ("default", "plan"):
            continue
        default = plain(type(settings.groups[section])())[name]
        if place.startswith("--") or plain(settings.groups[section])[name] != default:
            found.append((key, place))
    return found


def _value(settings: Resolved, key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(settings.groups[section], name)
