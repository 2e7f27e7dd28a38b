"""Embedding, LSTM stack, read-out: the one network of every kind.

Shape letters: `B` rows, `T` steps, `C` context fields, `E` embedding, `H` hidden, `L` layers,
`D` read-out input, `V` symbols.
"""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from serinette.core.errors import ConfigError
from serinette.core.schema import Schema, context_tables
from serinette.nets import dropout
from serinette.nets.config import ModelConfig, predicted_symbols
from serinette.nets.heads import CategoricalHead
from serinette.nets.state import State


class SequenceModel(nn.Module):
    """Reads symbols, predicts the symbol after each of them.

    Args:
        config: Sizes and regularisers.
        schema: The fields of a step and the context of a sequence.
        seed: Where the initial weights come from.

    Raises:
        ConfigError: If the input is one-hot and its vectors are not as wide as the vocabulary.

    Reference: Hochreiter and Schmidhuber 1997; Gers et al. 2000; Graves 2013, arXiv:1308.0850.
    """

    def __init__(self, config: ModelConfig, schema: Schema, *, seed: int = 0) -> None:
        super().__init__()
        (field,) = predicted_symbols(schema)
        width, hidden = config.embedding_size, config.hidden_size
        self.config = config
        self.schema = schema
        self.embedding = nn.Embedding(field.size, width)
        self._tables = context_tables(schema.context)
        self.contexts = nn.ModuleList(
            nn.Embedding(schema.context[fields[0]].size, width) for fields in self._tables
        )
        sizes = [width] + [hidden] * (config.n_layers - 1)
        self.layers = nn.ModuleList(nn.LSTM(size, hidden) for size in sizes)
        if config.layer_norm:
            self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in sizes)
        if config.tied:
            self.projection = nn.Linear(config.readout_size, width, bias=False)
            self.readout = CategoricalHead(field.size, width, tied=self.embedding)
        else:
            self.readout = CategoricalHead(field.size, config.readout_size)
        initialise_(self, torch.Generator().manual_seed(seed))
        if config.one_hot:
            _make_one_hot_(self.embedding)

    def start(self, n_rows: int) -> State:
        """Return the all-zero state for `n_rows` rows, on the model's device."""
        like = self.embedding.weight
        shape = (self.config.n_layers, n_rows, self.config.hidden_size)
        return State(like.new_zeros(shape), like.new_zeros(shape))

    def forward(
        self,
        symbols: Int[Tensor, "B T"],
        context: Int[Tensor, "B C"],
        state: State,
        generator: Generator | None = None,
    ) -> tuple[Float[Tensor, "B T D"], State]:
        """Read `symbols`; the hidden vector at t depends on nothing after t.

        One call over T steps equals T calls over one step with the state handed on. A row never
        depends on the other rows.

        Args:
            symbols: What was there at every step.
            context: Context symbols of the sequence that each row holds.
            state: From `start` or the call before.
            generator: Noise for dropout; None evaluates without any.
        """
        return self.read(self._embed(symbols, context, generator), state, generator)

    def read(
        self, x: Float[Tensor, "T B E"], state: State, generator: Generator | None = None
    ) -> tuple[Float[Tensor, "B T D"], State]:
        """Read embedded symbols, the context's vectors included: what `forward` does with them."""
        config = self.config
        x = dropout.locked(x, config.input_dropout, generator)
        outputs, finals = [], []
        for i, layer in enumerate(self.layers):
            if i > 0:
                x = dropout.locked(x, config.layer_dropout, generator)
            x, final = self._run_layer(
                layer, x, (state.h[i : i + 1], state.c[i : i + 1]), generator
            )
            if config.layer_norm:
                x = self.norms[i](x)
            outputs.append(x)
            finals.append(final)
        hidden = dropout.locked(self._join(outputs), config.output_dropout, generator)
        if config.tied:
            hidden = self.projection(hidden)
        h, c = (torch.cat(parts) for parts in zip(*finals, strict=True))
        return hidden.transpose(0, 1), State(h, c)

    def advance(self, x: Float[Tensor, "B E"], state: State) -> tuple[Float[Tensor, "B D"], State]:
        """Read one embedded symbol a row; equal to `read` of one step, and faster."""
        outputs, hs, cs = [], [], []
        for i, layer in enumerate(self.layers):
            weights = [layer.get_parameter(name) for name in _CELL]
            h, c = torch.lstm_cell(x, (state.h[i], state.c[i]), *weights)
            x = self.norms[i](h) if self.config.layer_norm else h
            outputs.append(x)
            hs.append(h)
            cs.append(c)
        hidden = self._join(outputs)
        if self.config.tied:
            hidden = self.projection(hidden)
        return hidden, State(torch.stack(hs), torch.stack(cs))

    def context_vector(self, context: Int[Tensor, "B C"]) -> Float[Tensor, "B E"]:
        """Return what the facts about a sequence add to every step's vector."""
        found = self.embedding.weight.new_zeros(len(context), self.config.embedding_size)
        for fields, embedding in zip(self._tables, self.contexts, strict=True):
            found = found + embedding(context[:, fields]).sum(1)
        return found

    def _embed(
        self, symbols: Tensor, context: Tensor, generator: Generator | None
    ) -> Float[Tensor, "T B E"]:
        table = dropout.rows_dropped(
            self.embedding.weight, self.config.embedding_dropout, generator
        )
        x = F.embedding(symbols.t(), table)
        chance = self.config.context_dropout
        context = dropout.withheld(context, self.schema.context, chance, generator)
        for fields, embedding in zip(self._tables, self.contexts, strict=True):
            x = x + embedding(context[:, fields]).sum(1)  # [T, B, E] + [B, E]
        return x

    def _run_layer(
        self,
        layer: nn.Module,
        x: Float[Tensor, "T B X"],
        state: tuple[Tensor, Tensor],
        generator: Generator | None,
    ) -> tuple[Float[Tensor, "T B H"], tuple[Tensor, Tensor]]:
        if generator is None or self.config.weight_drop == 0:
            output, final = layer(x, state)
        else:
            weight = dropout.dropped(
                layer.get_parameter("weight_hh_l0"), self.config.weight_drop, generator
            )
            output, final = torch.func.functional_call(layer, {"weight_hh_l0": weight}, (x, state))
        return output, final

    def _join(self, outputs: list[Tensor]) -> Float[Tensor, "*T B D"]:
        if self.config.readout == "concat":
            return torch.cat(outputs, dim=-1)
        if self.config.readout == "sum":
            return torch.stack(outputs).sum(0)
        return outputs[-1]


_CELL = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def weights_of(model: nn.Module) -> dict[str, np.ndarray]:
    """Return the weights by name, as fp32 arrays of their own."""
    return {n: w.detach().cpu().float().numpy().copy() for n, w in model.state_dict().items()}


def load_weights_(model: nn.Module, weights: Mapping[str, np.ndarray]) -> None:
    """Put into a network what `weights_of` returned."""
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})


@torch.no_grad()
def initialise_(model: SequenceModel, generator: Generator) -> None:
    """Fill every weight from `generator`; the global generator is not read.

    Embeddings N(0, 1) (N(0, 0.1) when tied), input matrices N(0, 0.8^2 / inputs), recurrent blocks
    orthogonal (Saxe et al. 2014, arXiv:1312.6120), forget-gate bias as configured, read-out
    N(0, 1/D), other biases 0. Measured against PyTorch's default in docs/why/experiments.md.
    """
    for name, weight in model.named_parameters():
        _initialise_one_(name, weight, model.config, generator)
    hidden = model.config.hidden_size
    for layer in model.layers:
        layer.get_parameter("bias_ih_l0")[hidden : 2 * hidden] = model.config.forget_bias


def _make_one_hot_(embedding: nn.Embedding) -> None:
    """Put ones on the diagonal, where no optimiser finds them: a buffer is no parameter."""
    n_symbols, width = embedding.weight.shape
    if width != n_symbols:
        raise ConfigError(
            f"model.embedding_size must be {n_symbols}, the size of the vocabulary, where the "
            f"input is one-hot, got {width}; leave it out"
        )
    del embedding.weight
    embedding.register_buffer("weight", torch.eye(n_symbols))


def _initialise_one_(name: str, weight: Tensor, config: ModelConfig, generator: Generator) -> None:
    if name == "embedding.weight":
        weight.normal_(0, 0.1 if config.tied else 1.0, generator=generator)
    elif name.startswith("contexts."):
        weight.normal_(0, 0.1, generator=generator)
    elif name.endswith("weight_hh_l0"):
        for gate in weight.chunk(4):
            nn.init.orthogonal_(gate, generator=generator)
    elif name.endswith("weight_ih_l0"):
        weight.normal_(0, 0.8 * weight.shape[1] ** -0.5, generator=generator)
    elif name.startswith("norms.") and name.endswith("weight"):
        weight.fill_(1)
    elif weight.dim() > 1:
        weight.normal_(0, weight.shape[1] ** -0.5, generator=generator)
    else:
        weight.zero_()
