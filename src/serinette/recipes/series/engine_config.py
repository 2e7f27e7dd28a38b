"""Which engine learns a table, as a setting. No torch here."""

from dataclasses import dataclass
from typing import Final, Literal

AUTOREGRESSIVE: Final = "autoregressive"
LATENT: Final = "latent"
EngineName = Literal["auto", "autoregressive", "latent"]


@dataclass(frozen=True, kw_only=True)
class EngineConfig:
    """Which engine learns a table."""

    name: EngineName = "auto"
    """`autoregressive` draws row after row and knows likelihoods; `latent` writes whole windows
    from latents that an adversary has judged; `auto` tries the second where a judge tells what the
    first writes from held-out rows, and keeps the one that is told apart less."""
