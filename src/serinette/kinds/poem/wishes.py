"""What a user may ask of generated poems: the options of `generate` for this kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from serinette.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class PoemWishes:
    """What is asked of generated poems; everything holds in every poem, or is refused."""

    form: str | None = None
    """五绝, 七绝, 五律, 七律; 五古, 七古 (with `lines`); 五言联, 七言联 (couplets); 自由 (no form).
    Not set: 七绝, or the form that fits a given first line."""
    lines: int | None = None
    """Lines of a 五古 or 七古: even, from 4 to 32."""
    acrostic: str = ""
    """藏头: the characters that the lines begin with, one a line; 2 to 8 of them."""
    acrostic_at: str = "first"
    """Where in its line each of them stands: `first`, `last` (藏尾) or a place counted from 1."""
    first_line: str = ""
    """The first line, which the poem goes on from."""
    rhyme: str = "auto"
    """`auto` (the first rhyme word decides), `none`, the name of a rhyme group such as 一先, or
    any character of the group that is meant."""
    rhyme_book: Literal["pingshui", "xinyun"] = "pingshui"
    """平水韵, by which the classics rhyme, or 中华新韵, by today's pronunciation."""
    tones: Literal["rescue", "strict", "none"] = "rescue"
    """The tone templates with the accepted 拗救, strictly, or not at all."""
    strict_polyphonic: bool = False
    """Whether every reading of a character must fit its place; else one suffices."""
    title: str = ""
    """Title or keywords that the poem is to be about."""
    author: str = ""
    """Write in the manner of this author of the training data."""
    require: tuple[str, ...] = ()
    """Words that must stand in the poem, each within one line; where, is left to chance."""
    ban: tuple[str, ...] = ()
    """Characters that must not stand in it."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Characters locked to places: {"2.3": "月"} is line 2, place 3."""
    no_repeat: bool = False
    """Whether no character may stand twice in the poem."""
    repeat_penalty: float = 1.0
    """Nats taken from a character for each time that it stands in the poem already, at least 0.
    People repeat some character in nearly half of all poems, so this is no ban."""
    distinct_rhymes: bool = True
    """Whether no character may rhyme twice."""
    script: Literal["as-is", "traditional", "simplified"] = "as-is"
    """Show poems as the model writes them, or in the other characters."""

    def __post_init__(self) -> None:
        if not 0 <= self.repeat_penalty < float("inf"):
            raise ConfigError(f"repeat_penalty must be at least 0, got {self.repeat_penalty}")
        if self.acrostic_at not in ("first", "last") and not self.acrostic_at.isdecimal():
            raise ConfigError(
                f"acrostic_at must be first, last or a place from 1, got '{self.acrostic_at}'"
            )
        for place, character in self.fixed.items():
            line, dot, column = place.partition(".")
            if not (dot and line.isdecimal() and column.isdecimal() and len(character) == 1):
                raise ConfigError(
                    f"fixed must be LINE.PLACE=CHARACTER such as 2.3=月, got '{place}={character}'"
                )
