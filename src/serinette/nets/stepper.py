"""The torch stepper: the network itself behind the decoder's protocol.

Training uses it for live samples, the export to check the ONNX graph against. The decoder's
default is ONNX Runtime, which is several times faster a step.

Shape letters: `B` rows, `T` steps, `C` context fields, `F` fields of a step, `D` read-out input,
`V` symbols.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor

from serinette.core.schema import Schema
from serinette.nets.model import SequenceModel
from serinette.nets.state import State


@dataclass(frozen=True)
class TorchState:
    """State of a `TorchStepper`."""

    state: State
    context: Int[Tensor, "B C"]

    @property
    def n_rows(self) -> int:
        """How many sequences."""
        return len(self.context)

    def select(self, rows: Int[np.ndarray, " R"]) -> "TorchState":
        """Keep `rows`, in that order; a row may repeat."""
        chosen = torch.from_numpy(rows).to(self.context.device)
        return TorchState(self.state.select(chosen), self.context[chosen])

    def join(self, other: "TorchState") -> "TorchState":
        """Put the rows of `other` after these."""
        h = torch.cat([self.state.h, other.state.h], dim=1)
        c = torch.cat([self.state.c, other.state.c], dim=1)
        return TorchState(State(h, c), torch.cat([self.context, other.context]))


class TorchStepper:
    """Runs a `SequenceModel` without dropout; the model is left as it was."""

    def __init__(self, model: SequenceModel) -> None:
        self.schema: Schema = model.schema
        self._model = model

    def start(self, context: Int[np.ndarray, "B C"], noise: None = None) -> TorchState:
        """Return the all-zero state of `len(context)` rows."""
        return TorchState(self._model.start(len(context)), self._tensor(context))

    @torch.inference_mode()
    def advance(
        self, steps: Int[np.ndarray, "B T F"], state: TorchState
    ) -> tuple[Float[Tensor, "B T D"], TorchState]:
        """Read `steps`."""
        hidden, after = self._model(self._tensor(steps[:, :, 0]), state.context, state.state)
        return hidden, TorchState(after, state.context)

    @torch.inference_mode()
    def field(
        self,
        k: int,
        hidden: Float[Tensor, "B T D"],
        drawn: Int[np.ndarray, "B T k"],
    ) -> Float32[np.ndarray, "B T V"]:
        """Return the logits of field `k`; this version's networks have one field."""
        logits: np.ndarray = self._model.readout.project(hidden).float().cpu().numpy()
        return logits

    def _tensor(self, symbols: Int[np.ndarray, "..."]) -> Int[Tensor, "..."]:
        device = self._model.embedding.weight.device
        return torch.from_numpy(symbols.astype(np.int64)).to(device)
