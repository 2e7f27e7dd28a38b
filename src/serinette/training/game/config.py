"""How the adversarial stage of a training goes. No torch here: the command line reads this page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from serinette.core.errors import ConfigError
from serinette.nets.critic_config import CriticConfig

Estimator = Literal["none", "mediator", "reinforce", "rollouts", "weighted", "gumbel"]
LossName = Literal[
    "bce",
    "least-squares",
    "hinge",
    "wasserstein",
    "relativistic",
    "relativistic-average",
]


@dataclass(frozen=True, kw_only=True)
class AdversarialConfig:
    """Settings of the game that follows the likelihood stage under `--objective adversarial`."""

    share: float = 0.4
    """Share of the training time that the game takes, in (0, 1)."""
    updates: int | None = None
    """Updates of the generator in the game, at least 1; None: what `share` pays for."""
    estimator: Estimator = "reinforce"
    """How the generator learns from symbols, which have no slope. `mediator`: exact divergence from
    a second model of real and written text (CoT). `reinforce`: the critic's word on every step,
    against the other rows' (ScratchGAN). `rollouts`: the critic's word on continuations (SeqGAN).
    `weighted`: rows weigh as much as the critic finds them likelier real than written (MaliGAN).
    `gumbel`: straight-through soft symbols (RelGAN). `none`: the generator stays as it is, and the
    guide alone is trained."""
    divergence: Literal["reverse", "forward", "jensen-shannon"] = "reverse"
    """What the mediator makes small: KL(model | mediator), KL(mediator | model), or the divergence
    from twice the mediator less the model."""
    loss: LossName = "bce"
    """What critic and generator play for; `mediator` has no critic."""
    critic_steps: int = 1
    """Updates of the critic, or of the mediator, for one of the generator, at least 1."""
    critic_start: int = 60
    """Updates of the critic alone before the game; at least 0."""
    learning_rate: float = 1e-4
    """Of the generator (Adam), above 0."""
    critic_rate: float = 1e-3
    """Of the critic or mediator (Adam), above 0."""
    beta1: float = 0.5
    """Adam's decay of the mean gradient in both, in [0, 1)."""
    average_decay: float = 0.99
    """Decay of the moving average of the generator's weights, in [0, 1): the average is what is
    measured and kept; 0 turns it off."""
    anchor: float = 1.0
    """Weight of the likelihood of real rows in the generator's loss, at least 0."""
    anchor_kl: float = 0.0
    """Weight of the divergence from the likelihood model on written rows, at least 0."""
    entropy: float = 0.0
    """Weight of the entropy of the next symbol, which keeps variety up; at least 0."""
    discount: float = 0.9
    """How much a step is credited with the step after it under `reinforce`, in [0, 1]."""
    rollouts: int = 4
    """Continuations of every prefix under `rollouts`, at least 1."""
    sharpness: float = 10.0
    """Last inverse temperature of soft symbols under `gumbel`; it rises to it from 1; at least
    1."""
    label_smoothing: float = 0.0
    """How far below 1 the critic is told that real rows are, under `bce` and `least-squares`, in
    [0, 0.5)."""
    instance_noise: float = 0.0
    """Noise on the vectors of symbols that the critic sees, in their standard deviations; falls to
    0 over the game; at least 0."""
    penalty: Literal["none", "r1", "gradient"] = "none"
    """What keeps the critic smooth: its slope at real rows, or |slope| - 1 between real and
    written."""
    penalty_weight: float = 1.0
    """Weight of the penalty, at least 0."""
    feature_matching: float = 0.0
    """Weight of the distance of the critic's mean features under `gumbel`, at least 0."""
    guide_updates: int | None = None
    """Updates of the guide, a critic that is trained after the game against the model that is kept
    and chooses among its candidates at generation; 0: no guide; None: what the time pays for."""
    guide_share: float = 0.5
    """Share of the game's time that the guide takes, in (0, 1)."""
    guide_rate: float = 1e-3
    """Learning rate of the guide, above 0."""
    guide_noise: float = 0.3
    """Noise on the vectors of symbols that the guide sees while it learns, in their standard
    deviations, at least 0."""
    candidates: int = 4
    """Candidates that the guide chooses from at generation, unless `--resample` says otherwise; at
    least 1."""
    criterion: Literal["frechet", "classifier"] = "frechet"
    """What chooses among the models of the game, on held-out text: the distance of the clouds of
    real and written rows, or how well a classifier tells them apart. Ties go to the likelihood
    model."""
    n_evaluations: int = 10
    """How often the criterion is measured, at least 1."""
    n_samples: int = 1000
    """Sequences that are written for it, at least 20; fewer where less is held out."""
    largest_rise: float = 0.05
    """The game ends when the likelihood loss of held-out text has risen by more than this share of
    the likelihood stage's; above 0."""
    largest_fall: float = 0.1
    """The game ends when the variety of pairs (distinct-2) has fallen by more than this share below
    real text's; above 0."""

    def __post_init__(self) -> None:
        for names, is_fine, range_ in _RANGES:
            for name in names:
                value = getattr(self, name)
                if value is not None and not is_fine(value):
                    raise ConfigError(f"adversarial.{name} must be {range_}, got {value}")
        if self.label_smoothing and self.loss not in _LABELLED:
            raise ConfigError(
                f"adversarial.label_smoothing is {self.label_smoothing}, but loss '{self.loss}' "
                f"has no labels; use 0, or one of {', '.join(_LABELLED)}"
            )

    def check_critic(self, critic: CriticConfig) -> None:
        """Raise where a critic cannot serve the estimator.

        Raises:
            ConfigError: Naming the two settings that do not go together.
        """
        if critic.packing > 1 and self.estimator in ("reinforce", "rollouts"):
            raise ConfigError(
                f"critic.packing is {critic.packing}, but adversarial.estimator "
                f"'{self.estimator}' needs a word on every single row; use packing 1, or "
                "critic.minibatch_spread"
            )


_HALF, _FEWEST_SAMPLES = 0.5, 20
_RANGES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (("share", "guide_share"), lambda x: 0 < x < 1, "in (0, 1)"),
    (
        ("updates", "critic_steps", "rollouts", "n_evaluations", "sharpness", "candidates"),
        lambda x: x >= 1,
        "at least 1",
    ),
    (
        ("learning_rate", "critic_rate", "guide_rate", "largest_rise", "largest_fall"),
        lambda x: x > 0,
        "above 0",
    ),
    (("beta1", "average_decay"), lambda x: 0 <= x < 1, "in [0, 1)"),
    (
        (
            "critic_start",
            "guide_updates",
            "guide_noise",
            "anchor",
            "anchor_kl",
            "entropy",
            "instance_noise",
            "penalty_weight",
            "feature_matching",
        ),
        lambda x: x >= 0,
        "at least 0",
    ),
    (("discount",), lambda x: 0 <= x <= 1, "in [0, 1]"),
    (("label_smoothing",), lambda x: 0 <= x < _HALF, "in [0, 0.5)"),
    (("n_samples",), lambda x: x >= _FEWEST_SAMPLES, "at least 20"),
)
_LABELLED = ("bce", "least-squares")
"""Losses that tell the critic a number to aim at."""
