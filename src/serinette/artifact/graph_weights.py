"""Other weights in a step graph, without the onnx package: what adapts to a text writes with them.

Shapes stay, so that only the numbers of the graph's constants are written over.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from safetensors.numpy import save as tensor_bytes

from serinette.artifact.folder import GRAPH, WEIGHTS, Artifact
from serinette.artifact.precision import in_precision
from serinette.artifact.step_graph import graph_constants
from serinette.artifact.wire import fields_of
from serinette.core.errors import ArtifactError
from serinette.core.manifest import REMEDY
from serinette.nets.config import ModelConfig

# ModelProto, GraphProto, TensorProto of onnx.proto
_GRAPH, _INITIALIZER = 7, 5
_NAME, _RAW_DATA = 8, 9


def with_weights_of(artifact: Artifact, weights: Mapping[str, np.ndarray]) -> Artifact:
    """Return a model as it would be with other weights, in fp32; its folder stays as it is.

    Args:
        artifact: A model of symbols.
        weights: By the names of `nets.config.expected_shapes`, float32.
    """
    graph = with_weights(artifact.graph(), artifact.model_config, weights)
    changed = {WEIGHTS: tensor_bytes(dict(weights)), GRAPH: graph}
    exact = in_precision(artifact, "fp32")
    return replace(exact, files={**exact.files, **changed})


def with_weights(graph: bytes, model: ModelConfig, weights: Mapping[str, np.ndarray]) -> bytes:
    """Return a step graph with other weights: what `build_step_graph` would have written.

    Args:
        graph: As `build_step_graph` wrote it for the same sizes.
        model: Sizes.
        weights: By the names of `nets.config.expected_shapes`.

    Raises:
        ArtifactError: If a weight has no place in the graph.
    """
    content = bytearray(graph)
    constants = graph_constants(model, weights)
    for number, part in fields_of(memoryview(content)):
        if number == _GRAPH:
            for kind, tensor in fields_of(part):
                if kind == _INITIALIZER:
                    _write_over(tensor, constants)
    if constants:
        raise ArtifactError(f"the step graph holds no '{min(constants)}'; {REMEDY}")
    return bytes(content)


def _write_over(tensor: memoryview, constants: dict[str, np.ndarray]) -> None:
    """Put a constant's numbers where they belong, and take it out of `constants`."""
    parts = dict(fields_of(tensor))
    name = bytes(parts.get(_NAME, b"")).decode("utf-8", "replace")
    if name not in constants or _RAW_DATA not in parts:
        return
    raw, place = constants[name].tobytes(), parts[_RAW_DATA]
    if len(raw) == len(place):
        place[:] = raw
        del constants[name]
