"""The standard library of the running Python as text to learn from: nothing is got, it is here."""

import ast
import sysconfig
from collections.abc import Iterator
from pathlib import Path

_LEFT_OUT = (
    "test", "tests", "idlelib", "lib2to3", "encodings", "site-packages", "dist-packages",
    "turtledemo", "pydoc_data", "ensurepip", "__pycache__",
)  # fmt: skip


def library_folder() -> Path:
    """Return the folder of the standard library."""
    return Path(sysconfig.get_paths()["stdlib"])


def library_modules(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield path and text of every module that parses, in the order of the paths.

    Tests, tables of encodings and what was installed besides are left out.
    """
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder)
        if any(part in _LEFT_OUT for part in name.parts):
            continue
        try:
            text = path.read_text(encoding="utf-8")
            ast.parse(text)
        except (UnicodeDecodeError, SyntaxError, ValueError):
            continue
        if text.strip():
            yield name.as_posix(), text.replace("\r\n", "\n")
