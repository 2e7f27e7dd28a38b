"""Look into a model while it reads: the recipe that every kind shares."""

from serinette.artifact.folder import Artifact
from serinette.explaining.explanation import Explanation
from serinette.kinds.table import SERIES
from serinette.recipes.explain.request import ExplainRequest


def explain(
    artifact: Artifact, text: str | None = None, request: ExplainRequest | None = None
) -> Explanation:
    """Look into a model while it reads a text or a table.

    Args:
        artifact: The model.
        text: A file, `-` for standard input, or the text itself; None: what was held out of the
            training.
        request: What is wanted.

    Raises:
        ConfigError: If a cell is asked for that there is not.
        NotFoundError: If there is nothing to read.
        DataError: If it cannot be read.
    """
    request = request or ExplainRequest()
    if artifact.kind == SERIES:
        from serinette.recipes.explain.series import explain_series

        return explain_series(artifact, text, request)
    from serinette.recipes.explain.symbols import explain_symbols

    return explain_symbols(artifact, text, request)
