"""A critic of sequences of symbols: vectors of its own, and a critic of vectors.

Shape letters: `B` rows, `T` steps, `V` symbols, `E` width of a vector.
"""

import numpy as np
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn

from serinette.nets.critic_config import CriticConfig
from serinette.nets.critics import SequenceCritic, Verdict


class SymbolCritic(nn.Module):
    """Gives real rows high numbers and written ones low numbers.

    Args:
        vectors: What the vectors begin as: those of the likelihood model, standardised.
        config: Of the network behind them.
        seed: Where its initial weights come from.
    """

    def __init__(self, vectors: Float[Tensor, "V E"], config: CriticConfig, *, seed: int) -> None:
        super().__init__()
        centred = vectors.detach().float() - vectors.detach().float().mean(0)
        self.vectors = nn.Parameter(centred / centred.std().clamp(min=1e-6))
        self.critic = SequenceCritic(config, vectors.shape[1], seed=seed)

    def embed(self, symbols: Int[Tensor, "B T"]) -> Float[Tensor, "B T E"]:
        """Return the vectors of symbols."""
        return F.embedding(symbols, self.vectors)

    def embed_softly(self, rows: Float[Tensor, "B T V"]) -> Float[Tensor, "B T E"]:
        """Return the vectors of mixtures of symbols; their slope is that of the mixture."""
        return rows @ self.vectors

    def judge(
        self,
        vectors: Float[Tensor, "B T E"],
        mask: Bool[Tensor, "B T"],
        noise: Generator | None = None,
    ) -> Verdict:
        """Judge rows of vectors; `noise` is for dropout while training."""
        return self.critic.judge(vectors, mask, noise)

    def exported(self) -> dict[str, np.ndarray]:
        """Return the weights for `decoding.row_critic`, bounded as they are when it judges."""
        found: dict[str, Tensor] = dict(self.named_parameters())
        singular = self.critic.singular
        if singular is not None:
            is_training = singular.training
            normed = singular.eval().normed(self.critic)
            singular.train(is_training)
            found |= {f"critic.{name}": weight for name, weight in normed.items()}
        return {n: w.detach().cpu().float().numpy().copy() for n, w in found.items()}
