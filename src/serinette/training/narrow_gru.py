"""A GRU of a few units, many of them side by side: the loop over time with its own gradient.

Networks of three units spend their time in calls, not in sums. Rows lie innermost, so that each
call reads numbers that lie together, and what a step needs stays in the fastest cache.

Shape letters: `T` steps, `J` networks, `D` columns, `H` units, `G` three gates of each unit (reset,
keep, fresh), `B` rows.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class GruWeights(NamedTuple):
    """Of all networks."""

    read: Float[Tensor, "J G D"]
    read_bias: Float[Tensor, "J G 1"]
    recur: Float[Tensor, "J G H"]
    """The reset gate acts after this product."""
    recur_bias: Float[Tensor, "J G 1"]


def run_gru(columns: Float[Tensor, "T J D B"], weights: GruWeights) -> Float[Tensor, "T J H B"]:
    """Run the networks over their steps, from a state of zeros.

    Args:
        columns: What each network reads; it gets no gradient.
        weights: Of the networks.
    """
    found: Tensor = _Gru.apply(columns, *weights)  # type: ignore[no-untyped-call]
    return found


class _Gru(torch.autograd.Function):
    """`run_gru` with its gradient."""

    @staticmethod
    def forward(
        ctx: Any, columns: Tensor, read: Tensor, read_bias: Tensor, recur: Tensor, bias: Tensor
    ) -> Tensor:
        """Keep the gates, and the recurrent product that the reset gate acts on."""
        n_steps, n_networks, _, n_rows = columns.shape
        n_units = recur.shape[2]
        hidden = columns.new_zeros(n_steps + 1, n_networks, n_units, n_rows)
        gates = columns.new_empty(n_steps, n_networks, 3 * n_units, n_rows)
        again, product = torch.empty_like(hidden[1:]), torch.empty_like(gates[0])
        (two, third), (bias_two, bias_third) = _open_and_fresh(product), _open_and_fresh(bias)
        places = zip(
            columns.unbind(0), hidden[:-1].unbind(0), hidden[1:].unbind(0), gates.unbind(0),
            _each_step(gates), again.unbind(0), strict=True,
        )  # fmt: skip
        for given, before, after, both, (opened, fresh), kept in places:
            torch.bmm(read, given, out=both)
            torch.bmm(recur, before, out=product)
            both.add_(read_bias)
            opened.add_(two).add_(bias_two).sigmoid_()
            torch.add(third, bias_third, out=kept)
            fresh.addcmul_(opened[:, :n_units], kept).tanh_()
            torch.lerp(fresh, before, opened[:, n_units:], out=after)
        ctx.save_for_backward(columns, recur, hidden, gates, again)
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> tuple[Tensor | None, ...]:
        """Go back through time; a sigmoid s has the slope s - s^2, a tanh f has 1 - f^2."""
        columns, recur, hidden, gates, again = ctx.saved_tensors
        n_units = recur.shape[2]
        inward, ahead = torch.empty_like(gates[0]), torch.empty_like(gates[0])
        read_total, recur_total = torch.zeros_like(inward), torch.zeros_like(ahead)
        read_slope = recur.new_zeros(len(recur), 3 * n_units, columns.shape[2])
        recur_slope, transposed = torch.zeros_like(recur), recur.transpose(1, 2).contiguous()
        slope, rest = torch.zeros_like(hidden[0]), torch.empty_like(hidden[0])
        (two, third), (ahead_two, ahead_third) = _open_and_fresh(inward), _open_and_fresh(ahead)
        curve = torch.empty_like(two)
        places = zip(
            slopes.unbind(0), columns.transpose(2, 3).unbind(0), hidden[:-1].unbind(0),
            _each_step(gates), again.unbind(0), strict=True,
        )  # fmt: skip
        for given, was_read, before, (opened, fresh), kept in reversed(list(places)):
            slope += given
            reset, keep = opened[:, :n_units], opened[:, n_units:]
            torch.addcmul(slope, slope, keep, value=-1, out=rest)
            torch.mul(fresh, fresh, out=third)
            torch.addcmul(rest, rest, third, value=-1, out=third)
            torch.sub(before, fresh, out=rest)
            torch.mul(rest, slope, out=two[:, n_units:])
            torch.mul(third, kept, out=two[:, :n_units])
            torch.addcmul(opened, opened, opened, value=-1, out=curve)
            two *= curve
            ahead_two.copy_(two)
            torch.mul(third, reset, out=ahead_third)
            slope *= keep
            slope.baddbmm_(transposed, ahead)
            recur_slope.baddbmm_(ahead, before.transpose(1, 2))
            read_slope.baddbmm_(inward, was_read)
            read_total += inward
            recur_total += ahead
        biases = (total.sum(2, keepdim=True) for total in (read_total, recur_total))
        read_bias_slope, recur_bias_slope = biases
        return None, read_slope, read_bias_slope, recur_slope, recur_bias_slope


def _open_and_fresh(gates: Tensor) -> tuple[Tensor, Tensor]:
    """Return views of the two gates that open, [J, 2H, ...], and of the fresh value."""
    n_units = gates.shape[-2] // 3
    return gates.narrow(-2, 0, 2 * n_units), gates.narrow(-2, 2 * n_units, n_units)


def _each_step(gates: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return the same of every step."""
    two, fresh = _open_and_fresh(gates)
    return list(zip(two.unbind(0), fresh.unbind(0), strict=True))
