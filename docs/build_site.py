"""Put the pages of the documentation site together; `make docs` then hands them to Sphinx.

python docs/build_site.py build/site-source

Pages keep their places in the repository, so that their links lead where they lead there; a file
that a page links to comes along. Two pages are written from the code: the help of every command,
and the public docstrings.
"""

import contextlib
import importlib
import inspect
import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer

import serinette
from serinette import primer
from serinette.cli.main import COMMANDS
from serinette.cli.main import main as run_command

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = ("*.md", "docs/**/*.md", "benchmarks/results/*.md")
WIDTH: Final = 92
_LINK: Final = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
_FRONT: Final = """# Serinette

```{toctree}
:maxdepth: 1

At a glance <README>
简体中文 <README.zh-CN>
What to read <docs/index>
CHANGELOG
```

```{toctree}
:caption: A course
:glob:
:maxdepth: 1

docs/course/*
docs/ideas
```

```{toctree}
:caption: How to
:glob:
:maxdepth: 1

docs/howto/*
```

```{toctree}
:caption: Reference
:glob:
:maxdepth: 1

docs/reference/*
docs/limits
docs/architecture
```

```{toctree}
:caption: Why
:glob:
:maxdepth: 1

docs/why/*
benchmarks/results/*
```
"""


def pages() -> list[Path]:
    """Return the pages that are written by hand."""
    return sorted(path for pattern in PAGES for path in ROOT.glob(pattern))


def titled(page: Path) -> str:
    """Return the text of a page, with a title where it has none (results of benchmarks)."""
    text = page.read_text(encoding="utf-8")
    is_titled = any(line.startswith("# ") for line in text.splitlines())
    return text if is_titled else f"# {page.stem.replace('-', ' ').capitalize()}\n\n{text}"


def linked(page: Path) -> Iterator[Path]:
    """Yield the files in the repository, other than pages, that a page links to."""
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve()
        if path.is_file() and path.suffix != ".md" and path.is_relative_to(ROOT):
            yield path


def commands() -> str:
    """Return a page with the help of every command."""
    os.environ["COLUMNS"] = str(WIDTH)
    parts = ["# Commands", "", "What `--help` says of each."]
    for words in ((), *leaves()):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = run_command([*words, "--help"])
        if code:
            raise SystemExit(f"serinette {' '.join(words)} --help: exit code {code}")
        parts += [f"\n## serinette {' '.join(words)}".rstrip(), "", *fenced(printed.getvalue())]
    return "\n".join(parts) + "\n"


def leaves() -> Iterator[tuple[str, ...]]:
    """Yield every command and every command within one."""
    for name in COMMANDS:
        yield (name,)
        command = typer.main.get_command(importlib.import_module(f"serinette.cli.{name}").app)
        for within in getattr(command, "commands", {}):
            yield (name, within)


def python() -> str:
    """Return a page with the public docstrings."""
    parts = ["# Python", ""]
    for module in (serinette, primer):
        parts += [f"## {module.__name__}", "", *fenced(inspect.getdoc(module) or "")]
        for name in module.__all__:
            if not name.startswith("_"):
                parts += described(name, getattr(module, name), "###")
    return "\n".join(parts) + "\n"


def described(name: str, thing: object, level: str) -> list[str]:
    """Return the heading, the call and the docstring of a thing, and those of its methods."""
    call = name
    with contextlib.suppress(TypeError, ValueError):
        call += str(inspect.signature(thing))  # type: ignore[arg-type]
    parts = ["", f"{level} {name}", "", *fenced(f"{call}\n\n{inspect.getdoc(thing) or ''}")]
    if inspect.isclass(thing):
        for method, function in vars(thing).items():
            if inspect.isfunction(function) and not method.startswith("_"):
                parts += described(f"{name}.{method}", function, f"{level}#")
    return parts


def fenced(text: str) -> list[str]:
    """Return a text as a block."""
    return ["````text", text.strip("\n"), "````"]


def main() -> int:
    """Write the pages into an empty folder; returns the exit code."""
    if len(sys.argv) != len(("script", "folder")):
        print(__doc__)
        return 2
    folder = Path(sys.argv[1]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    found = pages()
    for path in {*found, *(path for page in found for path in linked(page))}:
        there = folder / path.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            there.write_text(titled(path), encoding="utf-8")
        else:
            shutil.copyfile(path, there)
    (folder / "index.md").write_text(_FRONT, encoding="utf-8")
    reference = folder / "docs" / "reference"
    (reference / "commands.md").write_text(commands(), encoding="utf-8")
    (reference / "python.md").write_text(python(), encoding="utf-8")
    shutil.copyfile(ROOT / "docs" / "site" / "conf.py", folder / "conf.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())
