"""Words made safe for HTML and SVG: escaped, and nothing invisible left invisible."""

import html
import re
import unicodedata

_KEPT = "\t\n\u00ad\u200c\u200d"
"""Breaks that are laid out as such, and what joins or parts letters within words."""
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\U000110bd")
"""Of category Cf like the direction marks, but seen."""
_SUSPECT = re.compile(r"[^ -~\n\t]")


def words(text: str) -> str:
    """Return text for the inside of an element; control characters are shown and set apart."""
    return _SUSPECT.sub(_marked, html.escape(text))


def plain_words(text: str) -> str:
    """Return text for an attribute or for SVG, where nothing can be set apart."""
    return _SUSPECT.sub(lambda found: _shown(found[0]), html.escape(text))


def _marked(found: re.Match[str]) -> str:
    shown = _shown(found[0])
    return shown if shown == found[0] else f'<span class="control">{shown}</span>'


def _shown(character: str) -> str:
    """Return a character, or its number where it cannot be seen."""
    code = ord(character)
    if character in _KEPT or character in _PREPENDED:
        return character
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004
    # Lone surrogates (Cs) have no UTF-8: the page could not be written.
    if is_noncharacter or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return f"U+{code:04X}"
    return character
