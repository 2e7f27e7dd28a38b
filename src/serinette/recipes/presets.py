"""Named settings: published set-ups that can be run beside our own on the same data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError
from serinette.kinds.table import SERIES


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Settings that win over the plan and the kind's habits, and yield to the user's own."""

    kind: str
    """The kind of data that it is meant for."""
    summary: str
    """What it is and how it differs from what was published."""
    values: Mapping[str, Any]
    """By `section.key`."""
    also: tuple[str, ...] = ()
    """Other kinds of data that it serves."""

    @property
    def says_how_long(self) -> bool:
        """Whether its number of updates stands in for a budget."""
        return "training.updates" in self.values

    @property
    def needs_budget(self) -> bool:
        """Whether neither it nor the settings of its engine say how long a training lasts."""
        return not self.says_how_long and self.kind != SERIES

    def is_for(self, kind: str) -> bool:
        """Say whether it serves a kind of data."""
        return kind in (self.kind, *self.also)


_FILES: Final = {"data.codec": "character"}
"""Of files or records that are documents each."""
_LINES: Final = {"data.documents": "line", "data.codec": "character"}
"""Of texts of which every line is a document."""

PRESETS: Final[Mapping[str, Preset]] = {
    "tang-lstm128": Preset(
        kind="poem",
        summary="the widely copied notebook of 2021 (aialgorithm/Blog): embedding 128, "
        "2 x 128 cells, Adam, 1,534 updates of 16 poems, characters seen at least 8 times. Unlike "
        "there, padding costs nothing, the form is told, and the best weights are chosen on "
        "validation",
        values={
            "data.min_count": 8,
            "data.authors": 0,
            "data.title_characters": 0,
            "model.embedding_size": 128,
            "model.hidden_size": 128,
            "model.n_layers": 2,
            "model.tied": False,
            "model.readout": "last",
            "model.input_dropout": 0.0,
            "model.layer_dropout": 0.5,
            "model.output_dropout": 0.5,
            "model.context_dropout": 0.0,
            "training.batching": "documents",
            "training.window": 64,
            "training.n_rows": 16,
            "training.updates": 1_534,
            "training.optimiser": "adam",
            "training.learning_rate": 1e-3,
            "training.beta2": 0.999,
            "training.schedule": "constant",
            "training.warm_up": 0.0,
            "training.clip_norm": 0.0,
            "training.sampled_symbols": 0,
            "training.start": "random",
        },
    ),
    "prose": Preset(
        kind="text",
        summary="one author's prose, character by character: a file is a document",
        values=_FILES,
    ),
    "encyclopaedia": Preset(
        kind="text",
        summary="articles with their markup: a file or a record is a document",
        values=_FILES,
    ),
    "latex": Preset(
        kind="text",
        summary="formulas, a line each",
        values=_LINES,
    ),
    "code": Preset(
        kind="text",
        summary="source code: a file or a record is a document",
        values=_FILES,
    ),
    "titles": Preset(
        kind="text",
        summary="titles and headlines, a line each",
        values=_LINES,
    ),
    "names": Preset(
        kind="text",
        summary="names, a line each",
        values=_LINES,
    ),
    "seqgan": Preset(
        kind="text",
        also=("poem",),
        summary="SeqGAN (Yu et al. 2017): a CNN critic's word on continuations of every prefix. "
        "Here 4 continuations instead of 16, by the model itself and not a lagging copy; 3 updates "
        "of the critic, at 1e-3, instead of hundreds at 1e-4; filters up to 8 steps wide without "
        "a highway layer; other rows as a baseline where the paper has none; sizes from the plan",
        values={
            "training.objective": "adversarial",
            "adversarial.guide_updates": 0,
            "adversarial.estimator": "rollouts",
            "adversarial.rollouts": 4,
            "adversarial.loss": "bce",
            "adversarial.critic_steps": 3,
            "adversarial.critic_start": 100,
            "adversarial.critic_rate": 1e-3,
            "adversarial.learning_rate": 1e-3,
            "adversarial.beta1": 0.9,
            "adversarial.anchor": 0.0,
            "critic.network": "cnn",
            "critic.widths": (1, 2, 3, 4, 5, 8),
            "critic.channels": 64,
            "critic.pooling": "max",
            "critic.dropout": 0.25,
        },
    ),
    "relgan": Preset(
        kind="text",
        also=("poem",),
        summary="RelGAN (Nie et al. 2019): soft symbols and a relativistic loss. Here an LSTM, "
        "which the paper's code offers, in the place of a relational memory; one CNN critic of 64 "
        "filters a width instead of 64 views with 300; symbols are hard forward and soft backward; "
        "both rates 3e-4 instead of 1e-4, as there are hundreds of updates, not 5,000",
        values={
            "training.objective": "adversarial",
            "adversarial.guide_updates": 0,
            "adversarial.estimator": "gumbel",
            "adversarial.sharpness": 100.0,
            "adversarial.loss": "relativistic",
            "adversarial.critic_steps": 5,
            "adversarial.critic_start": 0,
            "adversarial.critic_rate": 3e-4,
            "adversarial.learning_rate": 3e-4,
            "adversarial.beta1": 0.9,
            "adversarial.anchor": 0.0,
            "critic.network": "cnn",
            "critic.widths": (2, 3, 4, 5),
            "critic.channels": 64,
            "critic.pooling": "max",
            "critic.dropout": 0.25,
        },
    ),
    "cot": Preset(
        kind="text",
        also=("poem",),
        summary="cooperative training (CoT, Lu et al. 2019): the exact divergence from a mediator. "
        "Here the game starts from the likelihood model where the paper starts from nothing, and "
        "the mediator's rate is the generator's, a third of the paper's",
        values={
            "training.objective": "adversarial",
            "adversarial.guide_updates": 0,
            "adversarial.estimator": "mediator",
            "adversarial.divergence": "reverse",
            "adversarial.critic_steps": 1,
            "adversarial.critic_start": 0,
            "adversarial.critic_rate": 1e-3,
            "adversarial.learning_rate": 1e-3,
            "adversarial.beta1": 0.9,
            "adversarial.anchor": 0.0,
        },
    ),
    "lstm-gan": Preset(
        kind="series",
        summary="a generator of dense layers, a convolution with batch normalisation and a stacked "
        "LSTM against a CNN, cross-entropy, three phases (the GAN-LSTM articles). Unlike there, "
        "noise on what the critic sees and R1 keep the critic from winning, the generator is "
        "averaged, and a judge of held-out windows chooses the weights",
        values={"engine.name": "lstm-gan", "guide.candidates": 1},
    ),
    "timegan": Preset(
        kind="series",
        summary="TimeGAN (Yoon et al. 2019): embedder, recovery, generator, supervisor and critic, "
        "three phases with its losses and weights. Unlike there, LSTMs stand for GRUs, rows are "
        "standardised, and a judge of held-out windows chooses the weights",
        values={"engine.name": "timegan", "guide.candidates": 1},
    ),
}


def find_preset(name: str) -> Preset:
    """Return a preset.

    Raises:
        ConfigError: If there is none of that name.
    """
    if name not in PRESETS:
        raise ConfigError(f"preset '{name}' is not known ({nearest(name, list(PRESETS))})")
    return PRESETS[name]
