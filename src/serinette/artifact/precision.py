"""Which of a model's two step graphs runs: in whole numbers where there is one, or in fp32."""

from dataclasses import replace
from typing import Literal

from serinette.artifact.folder import INT8_GRAPH, Artifact
from serinette.artifact.int8_graph import ALIGNED, FEWEST_UNITS
from serinette.core.errors import ConfigError

Precision = Literal["auto", "int8", "fp32"]
MOST_LOST = 0.005
"""Bits a character that whole numbers may cost; a model that loses more has no such graph."""


def in_precision(artifact: Artifact, precision: Precision) -> Artifact:
    """Return the model as one that runs with this precision; its folder stays as it is.

    Args:
        artifact: The model.
        precision: `auto` takes whole numbers where the model has a graph for them.

    Raises:
        ConfigError: If whole numbers are asked for and it has none.
    """
    if precision == "int8" and INT8_GRAPH not in artifact.files:
        raise ConfigError(
            f"precision int8: {artifact.name} has no graph in whole numbers: it is of another "
            f"kind than text and poem, narrower than {FEWEST_UNITS} cells or no multiple of "
            f"{ALIGNED}, has layer normalisation, would lose more than {MOST_LOST} bits a "
            "character, or was trained by an earlier version; leave it out"
        )
    if precision != "fp32":
        return artifact
    files = {name: content for name, content in artifact.files.items() if name != INT8_GRAPH}
    return replace(artifact, files=files)
