"""Opening the model that a command is about; what is odd about its folder is said."""

from pathlib import Path
from typing import TYPE_CHECKING

from serinette.cli.output import say

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.artifact.precision import Precision


def open_model(name: str, runs: Path, precision: "Precision" = "auto") -> "Artifact":
    """Load a model by its folder, its zip or the name of its run.

    Args:
        name: As it was given.
        runs: Folder of the runs.
        precision: Of the step graph.

    Raises:
        NotFoundError: If there is no such model.
        ArtifactError: If it is damaged or of a newer format.
        ConfigError: If it has no graph of this precision.
    """
    from serinette.artifact.folder import load
    from serinette.artifact.runs import find_model

    artifact = load(find_model(name, runs))
    if precision != "auto":
        from serinette.artifact.precision import in_precision

        artifact = in_precision(artifact, precision)
    for warning in artifact.warnings:
        say(f"warning: {warning}")
    return artifact
