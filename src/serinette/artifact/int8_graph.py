"""The step graph in whole numbers: one step of the network, 1.3 to 4 times as fast as in fp32.

What recurs is multiplied as bytes and added up exactly. The scales are constants of the graph: the
output of an LSTM lies in (-1, 1), so that 1/127 fits it whatever is read, and each gate of each
unit has a scale for its weights. Nothing is measured while it runs, so that no row depends on the
rows beside it and no step on those after it, as in fp32. Weights have seven bits: processors
without an instruction for it add neighbouring products in 16 bits, which 63 fits and 127 does not.

inputs and outputs are those of `step_graph`, but for one step: T is 1. The embedding stays fp32,
multiplied by the input weights beforehand where that table is small; so does the read-out.

Reference: Jacob et al. 2018, arXiv:1712.05877 (integer arithmetic in networks).

Shape letters: `B` rows, `E` embedding, `H` hidden, `L` layers, `V` symbols, `I` inputs of a layer.
"""

import numpy as np
from jaxtyping import Float32, Int8

from serinette.artifact.step_graph import Draft, Weights, embed, finished, join, read_out
from serinette.core.schema import Schema
from serinette.nets.config import ModelConfig

FEWEST_UNITS = 192
"""Narrower networks run as fast in fp32 (measured)."""
ALIGNED = 16
"""Numbers that a processor takes at once: where rows end between two such groups, the last numbers
of a batch are rounded otherwise than the same numbers within it."""
_LEVELS = 63
_UNIT, _ZERO = np.array(1 / 127, dtype=np.float32), np.array(128, dtype=np.uint8)
_MOST_FOLDED = 4_000_000
"""Numbers of the tables of input times weights; larger ones are not worth their bytes."""


def has_int8_graph(model: ModelConfig) -> bool:
    """Say whether a network of these sizes gets a graph in whole numbers."""
    return (
        model.hidden_size >= FEWEST_UNITS
        and model.hidden_size % ALIGNED == 0
        and not model.layer_norm  # its outputs have no bound
    )


def build_int8_graph(model: ModelConfig, schema: Schema, weights: Weights) -> bytes:
    """Write one step of the network as an ONNX graph whose recurrence is in whole numbers.

    Args:
        model: Sizes; `has_int8_graph` must allow them.
        schema: Fields and context; exactly one predicted symbol field.
        weights: As `nets.config.expected_shapes` lists them, torch's gate order (i, f, g, o).

    Raises:
        MissingExtraError: If onnx is not installed.
    """
    draft = Draft(weights)
    draft.constant("time_axis", np.array([0], dtype=np.int64))
    draft.constant("unit", _UNIT)
    draft.constant("zero", _ZERO)
    outputs = _run_layers(draft, model, _first_gates(draft, model, schema))
    read_out(draft, model, join(draft, model, outputs))
    return finished(draft, model, schema, n_steps=1)


def _first_gates(draft: Draft, model: ModelConfig, schema: Schema) -> str:
    """Return what the first layer's gates get from its input, with their biases."""
    read = _gates(draft.weights["layers.0.weight_ih_l0"])  # [4H, E]
    bias = _biases(draft.weights, 0)
    tables = [n for n in draft.weights if n == "embedding.weight" or n.startswith("contexts.")]
    n_folded = sum(len(draft.weights[name]) for name in tables) * len(read)
    if model.tied or n_folded > _MOST_FOLDED:
        x = draft.node("Squeeze", [embed(draft, schema), "time_axis"], "input")
        x = draft.node("MatMul", [x, draft.constant("layers.0.read", read.T)], "read.0")
        return draft.node("Add", [x, draft.constant("layers.0.bias", bias)], "gates_in.0")
    raw, folded = draft.weights, dict(draft.weights)
    for name in tables:
        folded[name] = (raw[name] @ read.T).astype(np.float32)  # [n, 4H]
    folded["embedding.weight"] += bias
    draft.weights = folded
    x = draft.node("Squeeze", [embed(draft, schema), "time_axis"], "gates_in.0")
    draft.weights = raw
    return x


def _run_layers(draft: Draft, model: ModelConfig, gates_in: str) -> list[str]:
    layers, hidden = range(model.n_layers), model.hidden_size
    ones = draft.constant("one_each", np.ones(model.n_layers, dtype=np.int64))
    draft.constant("gates_and_input", np.array([3 * hidden, hidden], dtype=np.int64))
    draft.constant("three_gates", np.full(3, hidden, dtype=np.int64))
    for name in ("h", "c"):
        draft.nodes_out("Split", [name, ones], [f"{name}.{i}" for i in layers], axis=0)
    outputs, below = [], ""
    for i in layers:
        h, c = (draft.node("Squeeze", [f"{n}.{i}", "time_axis"], f"{n}_row.{i}") for n in "hc")
        read = _whole(draft, h, f"h_whole.{i}")
        weight = _gates(draft.weights[f"layers.{i}.weight_hh_l0"])
        if i > 0:
            read = draft.node("Concat", [below, read], f"read.{i}", axis=1)
            above = _gates(draft.weights[f"layers.{i}.weight_ih_l0"])
            weight = np.concatenate([above, weight], axis=1)
            gates_in = draft.constant(f"layers.{i}.bias", _biases(draft.weights, i))
        gates = draft.node("Add", [_product(draft, i, read, weight), gates_in], f"gates.{i}")
        outputs.append(_cell(draft, i, gates, c))
        if i + 1 < model.n_layers:
            below = _whole(draft, outputs[-1], f"below.{i}")
    for name in ("h", "c"):
        rows = [
            draft.node("Unsqueeze", [f"{name}_new.{i}", "time_axis"], f"{name}_layer.{i}")
            for i in layers
        ]
        draft.node("Concat", rows, f"{name}_out", axis=0)
    return [draft.node("Unsqueeze", [h, "time_axis"], f"output.{i}") for i, h in enumerate(outputs)]


def _whole(draft: Draft, values: str, name: str) -> str:
    return draft.node("QuantizeLinear", [values, "unit", "zero"], name)


def _product(draft: Draft, i: int, read: str, weight: Float32[np.ndarray, "gates I"]) -> str:
    levels, scales = quantised(weight)
    table = draft.constant(f"layers.{i}.levels", levels.T)  # [I, 4H]
    total = draft.node("MatMulInteger", [read, table, "zero"], f"total.{i}")
    number = draft.node("Cast", [total], f"number.{i}", to=_float_type())
    scale = draft.constant(f"layers.{i}.scales", scales * _UNIT)
    return draft.node("Mul", [number, scale], f"product.{i}")  # [B, 4H]


def _cell(draft: Draft, i: int, gates: str, c: str) -> str:
    """Add the gates' nodes; returns the name of the new h."""
    draft.nodes_out("Split", [gates, "gates_and_input"], [f"open.{i}", f"new.{i}"], axis=1)
    sigmoid = draft.node("Sigmoid", [f"open.{i}"], f"opened.{i}")
    three = [f"in.{i}", f"forget.{i}", f"out.{i}"]
    draft.nodes_out("Split", [sigmoid, "three_gates"], three, axis=1)
    new = draft.node("Tanh", [f"new.{i}"], f"new_value.{i}")
    kept = draft.node("Mul", [f"forget.{i}", c], f"kept.{i}")
    added = draft.node("Mul", [f"in.{i}", new], f"added.{i}")
    c_new = draft.node("Add", [kept, added], f"c_new.{i}")
    shown = draft.node("Tanh", [c_new], f"shown.{i}")
    return draft.node("Mul", [f"out.{i}", shown], f"h_new.{i}")


def quantised(
    weight: Float32[np.ndarray, "gates I"],
) -> tuple[Int8[np.ndarray, "gates I"], Float32[np.ndarray, " gates"]]:
    """Return whole numbers within 63 and a scale for each row, whose product is nearly `weight`."""
    scales = np.abs(weight).max(axis=1) / np.float32(_LEVELS)
    levels = np.rint(weight / np.where(scales > 0, scales, 1)[:, None])
    return levels.astype(np.int8), scales.astype(np.float32)


def _gates(weight: np.ndarray) -> np.ndarray:
    """Reorder the four gates from torch's i, f, g, o to i, f, o, g: the sigmoids side by side."""
    i, f, g, o = np.split(weight.astype(np.float32), 4)
    return np.concatenate([i, f, o, g])


def _biases(weights: Weights, layer: int) -> Float32[np.ndarray, " gates"]:
    both = (weights[f"layers.{layer}.{name}"] for name in ("bias_ih_l0", "bias_hh_l0"))
    return sum(_gates(each) for each in both)  # type: ignore[return-value]


def _float_type() -> int:
    from onnx import TensorProto

    return int(TensorProto.FLOAT)
