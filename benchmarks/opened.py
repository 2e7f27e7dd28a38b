"""A model opened once, from which many requests are drawn; and lines of Markdown tables.

`serinette generate` opens a model for every call. A benchmark of thousands of small requests keeps
the codec and the steppers open, and asks the same functions that the command asks.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from serinette.artifact.folder import Artifact, load
from serinette.core.cores import available_threads
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.kinds.table import find_kind
from serinette.recipes.generate import (
    GenerateRequest,
    Sample,
    commissions_of,
    generate_with,
    threads_for,
    write,
)


class Opened:
    """A model with its codec and as many steppers as there are threads.

    Args:
        model: Folder of the model.
    """

    def __init__(self, model: Path) -> None:
        self.artifact: Artifact = load(model)
        self.kind = find_kind(self.artifact.kind)
        self.codec: Any = self.kind.codec_from_json(self.artifact.codec)
        graph, schema = self.artifact.graph(), self.artifact.schema
        self.steppers = [OnnxStepper(graph, schema) for _ in range(available_threads())]

    def draw(self, request: GenerateRequest) -> list[Sample]:
        """Draw as `serinette generate` does: with the rules of the request's wishes."""
        commissions = commissions_of(self.codec, self.kind.wishes_type, request, str)
        steppers = self.steppers[: threads_for(request)]
        return samples_of(write(self.codec, steppers, request, commissions))

    def draw_free(self, request: GenerateRequest) -> list[Sample]:
        """Draw without rules; only what the request's labels say is told."""
        steppers = self.steppers[: threads_for(request)]
        return samples_of(generate_with(self.codec, steppers, request))

    @property
    def name(self) -> str:
        """What the model is called in a table."""
        folder = self.artifact.folder
        return folder.parent.name if folder.name == "model" else folder.name


def samples_of(drawn: Any) -> list[Sample]:
    """Keep what is finished of what `generate` yields."""
    return [each for each in drawn if isinstance(each, Sample)]


def network_of(settings: Mapping[str, Any]) -> str:
    """Describe a network in a few words.

    Args:
        settings: The section `model` of a configuration.
    """
    sizes = f"{settings['n_layers']}x{settings['hidden_size']}"
    return f"{sizes}, embedding {settings['embedding_size']}"


def heading(*cells: str) -> list[str]:
    """Return the first two lines of a table."""
    return [row(*cells), "|" + "---|" * len(cells)]


def row(*cells: str) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


def percent(n: int, of: int) -> str:
    """Return a share in percent; nothing where there is nothing to share."""
    return f"{100 * n / of:.2f}" if of else ""
