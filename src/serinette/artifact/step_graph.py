"""The step graph: the network as an ONNX file that stands alone, written by us node by node.

inputs   symbols int64 [T, B] · context int64 [B, C] (only where the schema has context) ·
         h, c float32 [L, B, H]
outputs  logits float32 [T, B, V] · h_out, c_out float32 [L, B, H]

T and B are free. One call over T steps equals T calls over one step. `h` and `c` hold all layers,
so that a state is two arrays whatever the depth; an input of its own for every layer saved 2 % of
a step at H = 256 and nothing at 512 (measured), and would put the depth into every caller.

Opset 17 and IR 9: read by every ONNX Runtime since 1.13. No exporter: those freeze the time axis
of an LSTM in ways that change from version to version.

Shape letters: `T` steps, `B` rows, `C` context fields, `E` embedding, `H` hidden, `L` layers,
`D` read-out input, `V` symbols.
"""

import importlib.util
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from serinette.core.errors import MissingExtraError
from serinette.core.schema import Schema, context_tables
from serinette.nets.config import ModelConfig, predicted_symbols

OPSET, IR_VERSION = 17, 9
LAYER_NORM_EPSILON = 1e-5
Weights = Mapping[str, np.ndarray]


def build_step_graph(model: ModelConfig, schema: Schema, weights: Weights) -> bytes:
    """Write the network as an ONNX graph.

    The same weights give the same bytes.

    Args:
        model: Sizes.
        schema: Fields and context; exactly one predicted symbol field.
        weights: As `nets.config.expected_shapes` lists them, torch's gate order (i, f, g, o).

    Raises:
        MissingExtraError: If onnx is not installed.
    """
    draft = Draft(weights)
    outputs = _run_layers(draft, model, embed(draft, schema))
    read_out(draft, model, join(draft, model, outputs))
    return finished(draft, model, schema)


def finished(draft: "Draft", model: ModelConfig, schema: Schema, n_steps: int | str = "T") -> bytes:
    """Return a drawn graph as the bytes of a file.

    Args:
        draft: All its nodes.
        model: Sizes.
        schema: What it reads and writes.
        n_steps: Steps of a call; a name leaves them open.
    """
    import onnx

    inputs, outputs = _inputs(model, schema, n_steps), _outputs(model, schema, n_steps)
    graph = onnx.helper.make_graph(draft.nodes, "step", inputs, outputs, draft.constants)
    proto = onnx.helper.make_model(
        graph,
        producer_name="serinette",
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.helper.set_model_props(proto, {"serinette.schema": json.dumps(schema.to_json())})
    onnx.checker.check_model(proto)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


class Draft:
    """Nodes and constants of a graph that is being written.

    Raises:
        MissingExtraError: If onnx is not installed.
    """

    def __init__(self, weights: Weights) -> None:
        if importlib.util.find_spec("onnx") is None:
            raise MissingExtraError("writing the step graph needs onnx; install serinette[train]")
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add an array; returns its name."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def weight(self, name: str) -> str:
        """Add a weight as it is; returns its name."""
        return self.constant(name, self.weights[name].astype(np.float32))

    def node(self, operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        """Add a node of one output; returns the output's name."""
        return self.nodes_out(operator, inputs, [output], **attributes)[0]

    def nodes_out(
        self, operator: str, inputs: list[str], outputs: list[str], **attributes: object
    ) -> list[str]:
        """Add a node; returns the names of its outputs."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs


def embed(draft: Draft, schema: Schema) -> str:
    """Add the vectors of what is read; returns the name of their sum, [T, B, E]."""
    x = draft.node("Gather", [draft.weight("embedding.weight"), "symbols"], "embedded")
    for k, fields in enumerate(context_tables(schema.context)):
        vector = _context_vector(draft, k, fields)
        x = draft.node("Add", [x, vector], f"embedded.{k}")  # [T, B, E]
    return x


def _context_vector(draft: Draft, k: int, fields: list[int]) -> str:
    """Return the vector of one table; of several fields that share it, their sum."""
    table = draft.weight(f"contexts.{k}.weight")
    if len(fields) == 1:
        column = draft.constant(f"column.{k}", np.array(fields[0], dtype=np.int64))
        symbol = draft.node("Gather", ["context", column], f"context.{k}", axis=1)  # [B]
        return draft.node("Gather", [table, symbol], f"context_vector.{k}")  # [B, E]
    columns = draft.constant(f"column.{k}", np.array(fields, dtype=np.int64))
    symbols = draft.node("Gather", ["context", columns], f"context.{k}", axis=1)  # [B, n]
    vectors = draft.node("Gather", [table, symbols], f"context_vectors.{k}")  # [B, n, E]
    axis = draft.constant(f"sum_axis.{k}", np.array([1], dtype=np.int64))
    return draft.node("ReduceSum", [vectors, axis], f"context_vector.{k}", keepdims=0)


def _run_layers(draft: Draft, model: ModelConfig, x: str) -> list[str]:
    layers = range(model.n_layers)
    ones = draft.constant("one_each", np.ones(model.n_layers, dtype=np.int64))
    for name in ("h", "c"):
        draft.nodes_out("Split", [name, ones], [f"{name}.{i}" for i in layers], axis=0)
    direction = draft.constant("direction_axis", np.array([1], dtype=np.int64))
    outputs = []
    for i in layers:
        read = [draft.constant(*each) for each in _layer_constants(draft.weights, i).items()]
        inputs = [x, *read, "", f"h.{i}", f"c.{i}"]
        draft.nodes_out(
            "LSTM",
            inputs,
            [f"y.{i}", f"h_out.{i}", f"c_out.{i}"],
            hidden_size=model.hidden_size,
        )
        x = draft.node("Squeeze", [f"y.{i}", direction], f"output.{i}")  # [T, B, H]
        if model.layer_norm:
            scale, bias = draft.weight(f"norms.{i}.weight"), draft.weight(f"norms.{i}.bias")
            x = draft.node(
                "LayerNormalization", [x, scale, bias], f"normed.{i}", epsilon=LAYER_NORM_EPSILON
            )
        outputs.append(x)
    for name in ("h_out", "c_out"):
        draft.node("Concat", [f"{name}.{i}" for i in layers], name, axis=0)
    return outputs


def graph_constants(model: ModelConfig, weights: Weights) -> dict[str, np.ndarray]:
    """Return every constant of a step graph that weights go into, by its name in the graph."""
    found = {
        name: value
        for name, value in weights.items()
        if not name.startswith(("layers.", "projection.", "readout.weight"))
    }
    for layer in range(model.n_layers):
        found |= _layer_constants(weights, layer)
    if model.tied:
        found["projection"] = weights["projection.weight"].T
    else:
        found["readout"] = weights["readout.weight"].T  # [D, V]
    return {name: np.ascontiguousarray(v, dtype=np.float32) for name, v in found.items()}


def _layer_constants(weights: Weights, layer: int) -> dict[str, np.ndarray]:
    prefix = f"layers.{layer}."
    read = {name: weights[prefix + name].astype(np.float32) for name in _LSTM_WEIGHTS}
    bias = np.concatenate([onnx_gates(read["bias_ih_l0"]), onnx_gates(read["bias_hh_l0"])])
    return {
        prefix + "W": onnx_gates(read["weight_ih_l0"])[None],  # [1, 4H, in]
        prefix + "R": onnx_gates(read["weight_hh_l0"])[None],  # [1, 4H, H]
        prefix + "B": bias[None],  # [1, 8H]
    }


_LSTM_WEIGHTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def onnx_gates(weight: Float[np.ndarray, "gates *rest"]) -> Float[np.ndarray, "gates *rest"]:
    """Reorder the four gates from torch's i, f, g, o to ONNX's i, o, f, c (its c is torch's g)."""
    i, f, g, o = np.split(weight, 4)
    return np.concatenate([i, o, f, g])


def join(draft: Draft, model: ModelConfig, outputs: list[str]) -> str:
    """Put the layers' outputs together, as the read-out sees them."""
    if model.readout == "concat":
        return draft.node("Concat", outputs, "hidden", axis=-1)
    if model.readout == "sum":
        return draft.node("Sum", outputs, "hidden")
    return outputs[-1]


def read_out(draft: Draft, model: ModelConfig, hidden: str) -> None:
    """Add the logits."""
    if model.tied:
        projection = draft.constant("projection", draft.weights["projection.weight"].T)
        hidden = draft.node("MatMul", [hidden, projection], "projected")  # [T, B, E]
        # The transpose is folded once, when the graph is loaded; the file holds the table once.
        table = draft.node("Transpose", ["embedding.weight"], "readout", perm=[1, 0])
    else:
        table = draft.constant("readout", draft.weights["readout.weight"].T)  # [D, V]
    scores = draft.node("MatMul", [hidden, table], "scores")
    draft.node("Add", [scores, draft.weight("readout.bias")], "logits")


def _inputs(model: ModelConfig, schema: Schema, n_steps: int | str) -> list[Any]:
    symbols = [_described("symbols", [n_steps, "B"], np.int64)]
    if schema.context:
        symbols.append(_described("context", ["B", len(schema.context)], np.int64))
    state: list[str | int] = [model.n_layers, "B", model.hidden_size]
    return [*symbols, _described("h", state, np.float32), _described("c", state, np.float32)]


def _outputs(model: ModelConfig, schema: Schema, n_steps: int | str) -> list[Any]:
    (field,) = predicted_symbols(schema)
    state: list[str | int] = [model.n_layers, "B", model.hidden_size]
    return [
        _described("logits", [n_steps, "B", field.size], np.float32),
        _described("h_out", state, np.float32),
        _described("c_out", state, np.float32),
    ]


def _described(name: str, shape: list[str | int], number: type[np.generic]) -> Any:
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(number))
    return helper.make_tensor_value_info(name, kind, shape)
