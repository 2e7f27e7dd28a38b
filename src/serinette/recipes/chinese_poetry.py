"""The chinese-poetry collection, cleaned: what is left is one JSON list in the same layout.

A poem is written canonically, as the kind poem reads it; one with brackets or damaged characters is
left out, and so is one that agrees with an earlier one in all its hanzi.
"""

import hashlib
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serinette.kinds.poem.layout import (
    canonical,
    hanzi_of,
    paragraphs_of,
    plain_title,
    problem_of,
)

_NUMBER: Final = re.compile(r"\d+")
_SAID: Final = {
    "damaged": "brackets or damaged",
    "duplicate": "duplicates",
    "empty": "empty",
    "fragment": "one line only",
}


@dataclass(frozen=True, kw_only=True)
class PoemFile:
    """A cleaned collection."""

    data: bytes
    """The JSON list, one poem a line."""
    n_characters: int
    """Hanzi and marks of the poems."""
    n_read: int
    n_kept: int
    left_out: dict[str, int]
    """How many, by reason."""

    @property
    def summary(self) -> str:
        """The counts in one sentence."""
        counts = ", ".join(f"{number:,} {reason}" for reason, number in self.left_out.items())
        return f"{self.n_read:,} poems read; left out: {counts}; kept: {self.n_kept:,}"


def clean_poems(tarball: Path, prefix: str) -> PoemFile:
    """Read the poems of a package's tarball and keep the good ones.

    Args:
        tarball: Of the package, read once from front to back; only the files asked for are kept.
        prefix: What the names of the files begin with; they are read in the order of their numbers.
    """
    left_out: Counter[str] = Counter()
    seen: set[bytes] = set()
    lines: list[str] = []
    n_read = n_characters = 0
    for poem in _poems(tarball, prefix):
        n_read += 1
        content = canonical("".join(poem["paragraphs"]))
        digest = hashlib.blake2b(hanzi_of(content).encode(), digest_size=16).digest()
        reason = problem_of(content) or ("duplicate" if digest in seen else None)
        if reason is not None:
            left_out[reason] += 1
            continue
        seen.add(digest)
        n_characters += len(content)
        kept = {
            "title": plain_title(poem["title"]),
            "author": plain_title(poem["author"]),
            "paragraphs": paragraphs_of(content),
        }
        lines.append(json.dumps(kept, ensure_ascii=False))
    return PoemFile(
        data=("[\n" + ",\n".join(lines) + "\n]\n").encode(),
        n_characters=n_characters,
        n_read=n_read,
        n_kept=len(lines),
        left_out={said: left_out[reason] for reason, said in _SAID.items()},
    )


def _poems(tarball: Path, prefix: str) -> Iterator[dict[str, Any]]:
    files: dict[int, bytes] = {}
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            if member.isfile() and member.name.startswith(prefix):
                opened = archive.extractfile(member)
                number = _NUMBER.search(member.name, len(prefix))
                if opened is not None and number is not None:
                    files[int(number[0])] = opened.read()
    for place in sorted(files):
        yield from json.loads(files.pop(place))
