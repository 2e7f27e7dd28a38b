"""Plays in Markdown to plain text: a speaker's name on its own line, then the speech.

Headings, stage directions and everything without a speaker are dropped; speeches are parted by
one blank line, plays by two.
"""

import re
from collections.abc import Iterable, Iterator

_SPEAKER = re.compile(r"\*\*(.+?)\*\*\s*\n(.*)", re.DOTALL)
_UNDERLINED = re.compile(r"_[^_]*_", re.DOTALL)
_QUOTE = re.compile(r"^>[ \t]?", re.MULTILINE)


def plain_plays(plays: Iterable[str]) -> str:
    """Join plays, each as `plain_play` writes it; the result ends with one line break."""
    return "\n\n\n".join(map(plain_play, plays)) + "\n"


def plain_play(markdown: str) -> str:
    """Return the speeches of one play."""
    return "\n\n".join(_speeches(markdown.replace("\r\n", "\n")))


def _speeches(markdown: str) -> Iterator[str]:
    # A direction may stand around a blank line, so it goes before the blocks are parted.
    for block in re.split(r"\n[ \t]*\n", markdown):
        spoken = _SPEAKER.match(block.strip())
        if spoken is None:
            continue
        name, speech = spoken.groups()
        lines = (line.strip() for line in _UNDERLINED.sub("", _QUOTE.sub("", speech)).split("\n"))
        text = "\n".join(line for line in lines if line)
        if text:
            yield f"{name.strip()}:\n{text}"
