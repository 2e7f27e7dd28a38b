"""Settings as text: the docstring under each field, and a whole configuration as TOML."""

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Mapping
from typing import Any


def field_help(cls: type) -> dict[str, str]:
    """Return the docstring under each field; empty where the source is not at hand."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError):
        return {}
    statements = [
        part for node in tree.body if isinstance(node, ast.ClassDef) for part in node.body
    ]
    found: dict[str, str] = {}
    for statement, following in itertools.pairwise(statements):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = " ".join(text.split())
    return found


def toml_text(groups: Mapping[str, Mapping[str, Any]], origins: Mapping[str, str]) -> str:
    """Write every setting with its origin behind it, as a file that `read_toml` reads back.

    Args:
        groups: Section -> name -> plain value; None is written as a comment.
        origins: `section.key` -> where the value came from.
    """
    lines: list[str] = []
    for section, settings in groups.items():
        lines.append(f"[{section}]")
        for name, value in settings.items():
            setting = f"# {name} is not set" if value is None else f"{name} = {toml_value(value)}"
            lines.append(f"{setting}  # {origins[f'{section}.{name}']}")
        lines.append("")
    return "\n".join(lines)


def toml_value(value: Any) -> str:
    """Write a plain value as TOML does; None has no such form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(toml_value(part) for part in value)}]"
    if isinstance(value, dict):
        pairs = (f"{toml_value(key)} = {toml_value(part)}" for key, part in value.items())
        return f"{{{', '.join(pairs)}}}"
    return repr(value)
