r"""Theorems of Metamath's `set.mm` to formulas in LaTeX, by the table that the file itself brings.

`latexdef "->" as " \rightarrow ";` says what a token looks like; `$p |- ( ph -> ph ) $= ... $.` is
a theorem. One that holds a token without a definition is left out.
"""

import re
from collections.abc import Iterator

MOST_CHARACTERS = 200
"""Longer formulas are left out."""
_COMMENT = re.compile(r"\$\(.*?\$\)", re.DOTALL)
_PIECE = r"""(?:"[^"]*"|'[^']*')"""
_DEFINITION = re.compile(
    rf"^\s*latexdef\s+({_PIECE})\s+as\s+({_PIECE}(?:\s*\+\s*{_PIECE})*)\s*;", re.MULTILINE
)
_THEOREM = re.compile(r"\$p\s+\|-\s+(.*?)\s+\$=", re.DOTALL)


def formulas_of(database: str) -> list[str]:
    """Return the formulas of all theorems, each once, in the order of the file."""
    looks = {_text(token): _text(look) for token, look in _DEFINITION.findall(database)}
    theorems = _THEOREM.findall(_COMMENT.sub(" ", database))
    return list(dict.fromkeys(_formulas(theorems, looks)))


def _formulas(theorems: list[str], looks: dict[str, str]) -> Iterator[str]:
    for theorem in theorems:
        found = [looks.get(token) for token in theorem.split()]
        if None in found:
            continue
        formula = " ".join(" ".join(each for each in found if each is not None).split())
        if len(formula) <= MOST_CHARACTERS - 2:
            yield f"${formula}$"


def _text(pieces: str) -> str:
    """Join quoted pieces."""
    return "".join(piece[1:-1] for piece in re.findall(_PIECE, pieces))
