"""What a person asks of a poem, and which characters that pins to which places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from serinette.core.errors import ConstraintError
from serinette.kinds.poem.forms import Form

Strictness = Literal["rescue", "strict", "none"]
Place = tuple[int, int]
"""(line, place), both counted from 1."""


@dataclass(frozen=True, kw_only=True)
class VerseWish:
    """Everything that is asked of one poem."""

    form: Form
    """The form, see `forms.form_named`."""

    heads: str = ""
    """藏头: character i stands in line i of `head_lines`; empty: no acrostic."""

    head_place: Literal["first", "last"] | int = "first"
    """Where in the line the heads stand: `first`, `last` (藏尾) or a place counted from 1."""

    head_lines: tuple[int, ...] = ()
    """The lines that carry the heads; empty: lines 1, 2, 3 and so on."""

    fixed: Mapping[Place, str] = field(default_factory=dict)
    """Characters locked to a (line, place)."""

    first_line: str = ""
    """The whole first line, without its mark; empty: drawn."""

    rhyme: str = "auto"
    """`auto` (the first rhyme word decides), `none`, the name of a rhyme group, or a character
    whose group is meant."""

    tones: Strictness = "rescue"
    """`rescue`: tone templates with the accepted 拗救; `strict`: without; `none`: not checked."""

    strict_polyphonic: bool = False
    """Whether every reading of a character must fit; otherwise one reading suffices."""

    banned: str = ""
    """Characters that must not stand in the poem."""

    distinct_rhymes: bool = True
    """Whether no character may rhyme twice."""

    no_repeat: bool = False
    """Whether no character may stand twice in the poem; drawing may then run into a dead end."""

    @property
    def has_tones(self) -> bool:
        """Whether tones are checked."""
        return self.tones != "none" and self.form.has_tones

    @property
    def has_rhymes(self) -> bool:
        """Whether lines must rhyme."""
        return self.rhyme != "none" and bool(self.form.rhyme_lines)


class Pin(NamedTuple):
    """A character that a place must have, and what asks for it."""

    character: str
    origin: str


def pins_of(wish: VerseWish) -> dict[Place, Pin]:
    """Return the characters that a wish puts to places.

    Raises:
        ConstraintError: If a place is outside the form, or has to hold two characters.
    """
    pins: dict[Place, Pin] = {}
    for place, pin in [*_first_line(wish), *_heads(wish), *_locks(wish)]:
        _check_place(wish.form, place, pin)
        standing = pins.setdefault(place, pin)
        if standing.character != pin.character:
            raise ConstraintError(
                f"{spot(place)} cannot hold both '{standing.character}' ({standing.origin}) and "
                f"'{pin.character}' ({pin.origin}); leave one of them out"
            )
    return pins


def spot(place: Place) -> str:
    """Name a place in a message."""
    return f"line {place[0]}, place {place[1]}"


def _first_line(wish: VerseWish) -> list[tuple[Place, Pin]]:
    length = wish.form.line_length
    text = wish.first_line.rstrip("，。")
    if text and not wish.form.is_free and len(text) != length:
        raise ConstraintError(
            f"first line '{text}': {len(text)} characters, but a line of {wish.form.name} has "
            f"{length}; give {length}"
        )
    return [((1, k), Pin(c, "first line")) for k, c in enumerate(text, 1)]


def _heads(wish: VerseWish) -> list[tuple[Place, Pin]]:
    form, heads, name = wish.form, wish.heads, heads_name(wish)
    lines = wish.head_lines or tuple(range(1, len(heads) + 1))
    if len(heads) > form.n_lines and not form.is_free:
        raise ConstraintError(
            f"{name} '{heads}': {len(heads)} characters, but {form.name} has {form.n_lines} lines; "
            f"give at most {form.n_lines}, or choose a longer form"
        )
    if len(lines) != len(heads) or len(set(lines)) != len(lines):
        raise ConstraintError(
            f"{name} '{heads}': {len(heads)} characters for the lines {list(lines)}; "
            "give one line a character, no line twice"
        )
    place = {"first": 1, "last": form.line_length}.get(str(wish.head_place), wish.head_place)
    return [((n, int(place)), Pin(c, name)) for n, c in zip(lines, heads, strict=True)]


def heads_name(wish: VerseWish) -> str:
    """Return the field's word for the acrostic that is asked for."""
    if wish.head_place in ("first", 1):
        return "藏头"
    is_last = wish.head_place in ("last", wish.form.line_length)
    return "藏尾" if is_last else "藏中"


def _locks(wish: VerseWish) -> list[tuple[Place, Pin]]:
    return [((line, place), Pin(c, "lock")) for (line, place), c in sorted(wish.fixed.items())]


def _check_place(form: Form, place: Place, pin: Pin) -> None:
    if form.is_free:
        raise ConstraintError(
            f"{pin.origin} '{pin.character}': 自由 has no fixed lines to put characters in; "
            "choose another form, such as 七绝"
        )
    if not (1 <= place[0] <= form.n_lines and 1 <= place[1] <= form.line_length):
        raise ConstraintError(
            f"{pin.origin} '{pin.character}': {form.name} has no {spot(place)}; it has "
            f"{form.n_lines} lines of {form.line_length}"
        )
    if len(pin.character) != 1:
        raise ConstraintError(
            f"{pin.origin} '{pin.character}' at {spot(place)}: a place holds one character; "
            "give one"
        )
