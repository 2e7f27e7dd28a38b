"""Tables of characters that come with the kind poem; `README.md` names their sources."""

import json
from importlib.resources import files
from typing import Any, Literal


def read_table(name: Literal["pingshui", "simplified", "variants"]) -> dict[str, Any]:
    """Read one table, with its title, source and licence."""
    table: dict[str, Any] = json.loads(
        (files(__name__) / f"{name}.json").read_text(encoding="utf-8")
    )
    return table
