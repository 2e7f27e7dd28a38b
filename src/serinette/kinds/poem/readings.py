"""What is known of one way to read a character."""

from typing import Literal, NamedTuple

Tone = Literal["平", "仄"]


class Reading(NamedTuple):
    """One reading of one character."""

    tone: Tone
    """Level (平) or oblique (仄)."""
    rhyme: str
    """The name of its rhyme: `一東`, or `十一庚` in the modern book."""
