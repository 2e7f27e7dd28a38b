"""The network for steps of many fields: one LSTM, and a head for each field.

The fields of a step are drawn in order; each head sees the LSTM's output and what was drawn before
it in the same step. `decoding.fields` is the NumPy face; a parity test holds the two together.

Shape letters: `B` rows, `T` steps, `F` fields, `P` features, `G` given numbers, `S` symbol fields,
`C` context fields, `O` fields of the opening, `H` hidden, `Q` width of what a field tells,
`X` anything.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn

from serinette.core.distributions import BROADEST, SHARPEST
from serinette.core.schema import Field, Schema, SymbolField
from serinette.nets import dropout
from serinette.nets.fields_config import Block, FieldsConfig, input_size, opening_block
from serinette.nets.state import State

_LARGEST_TOLD = 8.0


class Drawn(NamedTuple):
    """What stands in some fields: a symbol or the number of an atom, and a value."""

    choices: Int[Tensor, "*B F"]
    """Of a symbol field the symbol; of a value field the atom, or the number of atoms for a
    value."""
    values: Float[Tensor, "*B F"]
    """0 where there is none."""


class BlockHead(nn.Module):
    """Fields that are drawn one after another, each given those before it.

    Reference: Larochelle and Murray 2011 (NADE) for the sharing of what has been told.
    """

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.fields = block.fields
        self.units = block.units
        n, config = len(block.fields), block.config
        self.read = nn.Linear(block.n_read, n * block.units)
        self.gather = nn.Parameter(torch.zeros(n, config.told_size, config.gathered_size))
        self.spread = nn.Parameter(torch.zeros(n, config.gathered_size, block.units))
        shapes = block.shapes()
        self.tell = nn.ParameterList(torch.zeros(shapes[f"tell.{k}"]) for k in range(n))
        self.out = nn.ModuleList(
            nn.Linear(block.units, shapes[f"out.{k}.bias"][0]) for k in range(n)
        )

    def log_prob(self, read: Float[Tensor, "*B X"], drawn: Drawn) -> Float[Tensor, "*B F"]:
        """Return log p of every field given `read` and the fields before it, in nats."""
        n = len(self.fields)
        told = torch.stack(
            [
                _told(field, self.tell[k], drawn.choices[..., k], drawn.values[..., k])
                for k, field in enumerate(self.fields)
            ],
            dim=-2,
        )  # [*B, F, Q]
        gathered = torch.einsum("...fq,fqr->...fr", told, self.gather)
        before = gathered.cumsum(-2) - gathered  # only what stands before
        active = self.read(read).unflatten(-1, (n, self.units))
        active = F.silu(active + torch.einsum("...fr,fru->...fu", before, self.spread))
        return torch.stack(
            [
                _log_prob(field, self.out[k](active[..., k, :]), drawn.choices[..., k],
                          drawn.values[..., k])
                for k, field in enumerate(self.fields)
            ],
            dim=-1,
        )  # fmt: skip


def _told(field: Field, table: Tensor, choices: Tensor, values: Tensor) -> Float[Tensor, "*B Q"]:
    """Return what later fields learn of this one."""
    if isinstance(field, SymbolField):
        return table[choices]
    clipped = values.clamp(-_LARGEST_TOLD, _LARGEST_TOLD)
    parts = [clipped[..., None], torch.tanh(4 * clipped)[..., None]]
    if field.n_atoms:
        parts.append(F.one_hot(choices, field.n_atoms + 1)[..., :-1].to(values.dtype))
    return torch.cat(parts, dim=-1) @ table


def _log_prob(field: Field, params: Tensor, choices: Tensor, values: Tensor) -> Float[Tensor, "*B"]:
    if isinstance(field, SymbolField):
        return params.log_softmax(-1).gather(-1, choices[..., None])[..., 0]
    n_atoms, n_parts = field.n_atoms, field.parts
    logits, means, raw = torch.split(params, [n_atoms + n_parts, n_parts, n_parts], dim=-1)
    log_weights = logits.log_softmax(-1)
    log_scales = raw.clamp(SHARPEST, BROADEST)
    away = ((values[..., None] - means) * torch.exp(-log_scales)).abs()
    parts = -away - log_scales - 2 * F.softplus(-away)
    dense = torch.logsumexp(log_weights[..., n_atoms:] + parts, dim=-1)
    if not n_atoms:
        return dense
    clipped = choices.clamp(max=n_atoms - 1)[..., None]
    massive = log_weights.gather(-1, clipped)[..., 0]
    return torch.where(choices < n_atoms, massive, dense)


class FieldsModel(nn.Module):
    """Reads steps, predicts the fields of the step after each of them.

    Args:
        config: Sizes and regularisers.
        schema: Fields of a step, of the opening, and how many numbers are read.
        seed: Where the initial weights come from.
    """

    def __init__(self, config: FieldsConfig, schema: Schema, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.schema = schema
        width = config.embedding_size
        symbols = [field for field in schema.fields if isinstance(field, SymbolField)]
        self.symbols = nn.ModuleList(nn.Embedding(field.size, width) for field in symbols)
        self.contexts = nn.ModuleList(nn.Embedding(field.size, width) for field in schema.context)
        sizes = [input_size(config, schema)] + [config.hidden_size] * (config.n_layers - 1)
        self.layers = nn.ModuleList(nn.LSTM(size, config.hidden_size) for size in sizes)
        following = Block(
            fields=schema.fields,
            n_read=config.hidden_size,
            units=config.field_units,
            config=config,
        )
        self.following = BlockHead(following)
        if schema.opening:
            self.opening = BlockHead(opening_block(config, schema))
        initialise_(self, torch.Generator().manual_seed(seed))

    def start(self, n_rows: int) -> State:
        """Return the all-zero state for `n_rows` rows, on the model's device."""
        like = self.following.gather
        shape = (self.config.n_layers, n_rows, self.config.hidden_size)
        return State(like.new_zeros(shape), like.new_zeros(shape))

    def forward(
        self,
        numbers: Float[Tensor, "B T X"],
        symbols: Int[Tensor, "B T S"],
        context: Int[Tensor, "B C"],
        state: State,
        generator: Generator | None = None,
    ) -> tuple[Float[Tensor, "B T H"], State]:
        """Read steps; the output at t depends on nothing after t.

        Args:
            numbers: Features of each step, then what is given of the next.
            symbols: What stood in the symbol fields.
            context: Facts about the sequence of each row.
            state: From `start` or the call before.
            generator: Noise for dropout; None evaluates without any.
        """
        n_steps = numbers.shape[1]
        parts = [numbers]
        parts += [table(symbols[..., k]) for k, table in enumerate(self.symbols)]
        parts += [
            table(context[:, k])[:, None].expand(-1, n_steps, -1)
            for k, table in enumerate(self.contexts)
        ]
        x = torch.cat(parts, dim=-1).transpose(0, 1)  # [T, B, X]
        if x.shape[-1] == 0:
            x = x.new_zeros((*x.shape[:2], 1))
        x = dropout.locked(x, self.config.input_dropout, generator)
        finals = []
        for i, layer in enumerate(self.layers):
            x, final = layer(x, (state.h[i : i + 1], state.c[i : i + 1]))
            finals.append(final)
        x = dropout.locked(x, self.config.output_dropout, generator)
        h, c = (torch.cat(group) for group in zip(*finals, strict=True))
        return x.transpose(0, 1), State(h, c)

    def opening_log_prob(self, given: Float[Tensor, "B G"], drawn: Drawn) -> Float[Tensor, "B F"]:
        """Return log p of the fields that open a sequence, in nats."""
        read = given if given.shape[-1] else given.new_zeros((len(given), 1))
        return self.opening.log_prob(read, drawn)


class StepBatch(NamedTuple):
    """Windows of sequences of steps, with all that the loss needs."""

    numbers: Float[Tensor, "B T X"]
    symbols: Int[Tensor, "B T S"]
    context: Int[Tensor, "B C"]
    choices: Int[Tensor, "B T F"]
    """What stands in each field of the step after the one that is read."""
    values: Float[Tensor, "B T F"]
    counts: Bool[Tensor, "B T F"]
    """Which fields count in the loss."""
    opening_given: Float[Tensor, "B G"]
    opening_choices: Int[Tensor, "B O"]
    opening_values: Float[Tensor, "B O"]
    opening_counts: Bool[Tensor, "B O"]
    n_told: Int[Tensor, " B"]
    """Steps of each row that count in a measurement, its first one among them."""

    @property
    def n_steps(self) -> int:
        """How many steps count in the loss."""
        return int(self.n_told.sum())

    @property
    def n_measured(self) -> int:
        """How many of them count in the figure that is reported."""
        return self.n_steps

    def part(self, k: int, n_parts: int) -> "StepBatch":
        """Return the k-th of `n_parts` equal groups of rows."""
        size = len(self.n_told) // n_parts
        return StepBatch(*(column[k * size : (k + 1) * size] for column in self))

    def to(self, device: torch.device) -> "StepBatch":
        """Move to the device that computes."""
        return StepBatch(*(column.to(device) for column in self))


def batch_nats(
    model: FieldsModel, batch: StepBatch, generator: Generator | None = None
) -> Float[Tensor, " B"]:
    """Return -log p of every row: its opening and all that follows, in nats."""
    hidden, _ = model(
        batch.numbers, batch.symbols, batch.context, model.start(len(batch.n_told)), generator
    )
    log_prob = model.following.log_prob(hidden, Drawn(batch.choices, batch.values))
    nats = -(log_prob.float() * batch.counts).sum((1, 2))
    if model.schema.opening:
        opening = Drawn(batch.opening_choices, batch.opening_values)
        opened = model.opening_log_prob(batch.opening_given, opening)
        nats = nats - (opened.float() * batch.opening_counts).sum(1)
    return nats


@torch.no_grad()
def initialise_(model: FieldsModel, generator: Generator) -> None:
    """Fill every weight from `generator`; the global generator is not read.

    Means of the parts start spread over N(0, 1), so that they begin apart.
    """
    for name, weight in model.named_parameters():
        _initialise_one_(name, weight, generator)
    hidden = model.config.hidden_size
    for layer in model.layers:
        layer.get_parameter("bias_ih_l0")[hidden : 2 * hidden] = model.config.forget_bias
    blocks = [model.following] + ([model.opening] if model.schema.opening else [])
    for block in blocks:
        for k, field in enumerate(block.fields):
            if not isinstance(field, SymbolField):
                n, means = field.n_choices, block.out[k].get_parameter("bias")
                means[n : n + field.parts].normal_(0, 1, generator=generator)


def _initialise_one_(name: str, weight: Tensor, generator: Generator) -> None:
    if name.endswith("weight_hh_l0"):
        for gate in weight.chunk(4):
            nn.init.orthogonal_(gate, generator=generator)
    elif name.startswith(("symbols.", "contexts.")):
        weight.normal_(0, 0.5, generator=generator)
    elif weight.dim() > 1:
        weight.normal_(0, 0.8 / math.sqrt(_fan_in(name, weight)), generator=generator)
    else:
        weight.zero_()


def _fan_in(name: str, weight: Tensor) -> int:
    if name.endswith((".gather", ".spread")):
        return weight.shape[1]
    return weight.shape[0] if ".tell." in name else weight.shape[1]
