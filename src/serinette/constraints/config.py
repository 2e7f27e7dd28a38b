"""Which rules every generated text keeps, as a person asks for them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from serinette.constraints.charset import parse_set
from serinette.constraints.regex import parse_pattern
from serinette.constraints.rules import MOST_REQUIRED
from serinette.core.errors import ConfigError

_SPAN = re.compile(r"([0-9]{1,7})(?:(-)([0-9]{1,7})?)?")
_DEEPEST = 10
_OF_THE_WHOLE = (
    *("regex", "acrostic", "lines", "line_length", "length", "require", "ending", "fixed"),
    "balanced",
)
"""Rules that hold at the end of a text and not everywhere before it."""


@dataclass(frozen=True, kw_only=True)
class RulesConfig:
    """Which rules every generated text keeps, its prefix included."""

    regex: str | None = None
    """The whole text matches this regular expression."""
    acrostic: str | None = None
    """The text has as many lines as this has characters, and line i shows the i-th of them."""
    acrostic_at: str = "first"
    """Where a line shows it: first, last, or the place in the line counted from 1."""
    lines: str | None = None
    """How many lines the text has: 4, 2-5 or 2- (at least 2)."""
    line_length: str | None = None
    """How many characters every line has: 7, 5-7 or 5-."""
    length: str | None = None
    """How many characters the text has: 100, 50-100 or 50-."""
    characters: str | None = None
    r"""The only characters that the text has: a-zA-Z ,. with the escapes \- \\ \n \t \w \d \s."""
    ban: tuple[str, ...] = ()
    """Texts that never stand in it."""
    require: tuple[str, ...] = ()
    """Texts that all stand in it, at most 12."""
    ending: str | None = None
    """The text ends with this."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Texts at given positions, counted from 1 in characters: {"1": "Once", "20": "."}."""
    balanced: Literal["plain", "python"] | None = None
    """Brackets nest and quotes close; python knows its strings and comments."""
    depth: int = 6
    """Most brackets that are open at once where they are balanced, in [1, 10]."""
    no_repeat: int | None = None
    """No stretch of so many characters comes twice; at least 1."""
    no_copy: int | None = None
    """No stretch of more characters than this is copied from the training text; at least 1."""
    avoid: Mapping[str, float] = field(default_factory=dict)
    """Texts that are made less likely, and by how many nats: {"very": 3}."""

    def __post_init__(self) -> None:
        problems = [
            *_span_problems(self),
            *_number_problems(self),
            *_text_problems(self),
            *_table_problems(self),
        ]
        if problems:
            raise ConfigError("; ".join(problems))
        if self.regex is not None:
            parse_pattern(self.regex, place="rules.regex")
        if self.characters is not None:
            parse_set(self.characters, place="rules.characters")

    @property
    def broken_by_a_cut(self) -> tuple[str, ...]:
        """Names of the rules asked for that a text may break when it is cut off."""
        return tuple(filter(self.asks_for, _OF_THE_WHOLE))

    def asks_for(self, name: str) -> bool:
        """Say whether a rule is asked for, by the name of its field."""
        return getattr(self, name) not in (None, (), {})

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        plain = RulesConfig(acrostic_at=self.acrostic_at, depth=self.depth)
        return self == plain


def span_of(text: str) -> tuple[int, int | None]:
    """Return what `4`, `2-5` or `2-` means: least and most, None for no most.

    Raises:
        ConfigError: If it is none of them.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ConfigError(f"must be a number, a span 2-5 or a least 2-; got {text!r}")
    least = int(match[1])
    if match[2] is None:
        return least, least
    most = None if match[3] is None else int(match[3])
    if most is not None and most < least:
        raise ConfigError(f"must not run backwards; got {text!r}, write {most}-{least}")
    return least, most


def _span_problems(config: RulesConfig) -> Iterator[str]:
    for name in ("lines", "line_length", "length"):
        text = getattr(config, name)
        if text is None:
            continue
        try:
            _, most = span_of(text)
        except ConfigError as error:
            yield f"rules.{name} {error}"
        else:
            if name == "lines" and most == 0:
                yield "rules.lines must allow at least 1 line; got '0'"


def _number_problems(config: RulesConfig) -> Iterator[str]:
    if not 1 <= config.depth <= _DEEPEST:
        yield f"rules.depth must be in [1, {_DEEPEST}]; got {config.depth}"
    for name in ("no_repeat", "no_copy"):
        value = getattr(config, name)
        if value is not None and value < 1:
            yield f"rules.{name} must be at least 1; got {value}"
    at = config.acrostic_at
    if at not in ("first", "last") and not re.fullmatch("[1-9][0-9]{0,3}", at):
        yield f"rules.acrostic_at must be first, last or a place from 1 to 9999; got {at!r}"


def _text_problems(config: RulesConfig) -> Iterator[str]:
    if config.acrostic is not None and (config.acrostic == "" or "\n" in config.acrostic):
        yield (
            "rules.acrostic must have at least one character and no line break; "
            f"got {config.acrostic!r}"
        )
    if config.ending == "":
        yield "rules.ending must not be empty; leave it out"
    for name in ("ban", "require"):
        if "" in getattr(config, name):
            yield f"rules.{name} must not hold an empty text; leave it out"
    if len(config.require) > MOST_REQUIRED:
        yield f"rules.require must have at most {MOST_REQUIRED} texts; got {len(config.require)}"


def _table_problems(config: RulesConfig) -> Iterator[str]:
    for position, text in config.fixed.items():
        if not re.fullmatch("[1-9][0-9]{0,5}", position):
            yield f"rules.fixed: a position is a number from 1 to 999999; got {position!r}"
        if text == "":
            yield f"rules.fixed must not hold an empty text; leave position {position!r} out"
    for text, nats in config.avoid.items():
        if text == "":
            yield "rules.avoid must not hold an empty text; leave it out"
        if not 0 < nats < float("inf"):
            yield f"rules.avoid for {text!r} must be above 0 and finite, in nats; got {nats}"
