"""Which engine learns a table, as a setting. No torch here."""

from dataclasses import dataclass
from typing import Final, Literal

AUTOREGRESSIVE: Final = "autoregressive"
LATENT: Final = "latent"
LSTM_GAN: Final = "lstm-gan"
TIMEGAN: Final = "timegan"
EngineName = Literal["auto", "autoregressive", "latent", "lstm-gan", "timegan"]
Objective = Literal["likelihood", "adversarial"]
ADVERSARIAL_DEFAULT: Final = LATENT
"""What `--objective adversarial` trains where no engine is named."""
SECTIONS: Final = {LATENT: "latent", LSTM_GAN: "lstm_gan", TIMEGAN: "timegan"}
"""Engines that write whole windows, and the section of each one's settings."""


@dataclass(frozen=True, kw_only=True)
class EngineConfig:
    """Which engine learns a table."""

    name: EngineName = "auto"
    """`autoregressive` draws row after row and knows likelihoods; `latent` writes whole windows
    from latents that an adversary has judged; `auto` tries the second where a judge tells what the
    first writes from held-out rows, and keeps the one that is told apart less. `lstm-gan` and
    `timegan` are published adversarial set-ups, to be compared with (see `--preset`)."""
    objective: Objective | None = None
    """`likelihood` allows the autoregressive engine alone, `adversarial` the others; the default of
    each is taken where `name` is `auto`. Not set: both are allowed."""
