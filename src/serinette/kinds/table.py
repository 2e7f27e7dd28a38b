"""The closed table of kinds: what is here is all that a config or an artifact can make us use."""

from collections.abc import Mapping
from typing import Final

from serinette.core.errors import ArtifactError
from serinette.kinds.kind import Kind
from serinette.kinds.text.kind import TextKind

KINDS: Final[Mapping[str, Kind]] = {"text": TextKind()}


def find_kind(name: str) -> Kind:
    """Return the kind that an artifact names.

    Raises:
        ArtifactError: If this version has no such kind.
    """
    if name not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise ArtifactError(
            f"kind '{name}' is not known to this version (known: {known}); upgrade serinette"
        )
    return KINDS[name]
