"""Profiles of countries, nested objects of JSON, to Markdown: keys are headings."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

_TAG = re.compile(r"<[^>]*>")
_MOST_LEVELS = 5
_NAMES = ("conventional short form", "conventional long form")


def profile_of(facts: Mapping[str, Any], fallback: str) -> str:
    """Return one profile as Markdown; it ends with one line break.

    Args:
        facts: Sections by name; a leaf is `{"text": ...}`.
        fallback: What the country is called where the facts do not say it.
    """
    return "\n\n".join((f"# {_country(facts) or fallback}", *_blocks(facts, 2))) + "\n"


def _blocks(facts: Mapping[str, Any], level: int) -> Iterator[str]:
    for name, value in facts.items():
        if name == "text":
            text = plain(value)
            if text:
                yield text
        elif isinstance(value, Mapping):
            below = list(_blocks(value, min(level + 1, _MOST_LEVELS)))
            if below:
                yield f"{'#' * level} {plain(name)}"
                yield from below


def plain(text: object) -> str:
    """Return one line without tags."""
    return " ".join(unescape(_TAG.sub(" ", str(text or ""))).split())


def _country(facts: Mapping[str, Any]) -> str:
    found: Any = facts.get("Government", {})
    found = found.get("Country name", {}) if isinstance(found, Mapping) else {}
    for name in _NAMES:
        leaf = found.get(name, {}) if isinstance(found, Mapping) else {}
        text = plain(leaf.get("text", "")) if isinstance(leaf, Mapping) else ""
        if text and text != "none":
            return text.split(" note")[0]
    return ""
