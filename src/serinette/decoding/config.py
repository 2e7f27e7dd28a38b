"""How the next symbol is drawn. No network here: the command line reads this page for `--help`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from serinette.core.errors import ConfigError
from serinette.decoding.temperature import Schedule, schedule_of

DEFAULT_MAX_STEPS = 1_000
"""Where a sample stops when nothing else stops it: most people's screen, half a second's work."""

END_NAME = "<end>"
"""What the end of a sequence is called in `logit_bias`."""


@dataclass(frozen=True, kw_only=True)
class DecodingConfig:
    """How the next symbol is drawn.

    The order is fixed: bias, penalties, constraints, temperature, top-k, typical, top-p, min-p,
    draw. It matters: for .5 .3 .15 .05 at temperature 2, top-p .8 keeps three symbols when the
    temperature comes first and two when it comes last.
    """

    temperature: float | str = 1.0
    """Divides the logits: below 1 safer, above 1 wilder; 0 is greedy. 1.2:0.6 goes from one to the
    other over the longest length, 1.2:0.6/200 over 200 steps, 1.2:0.6/30@line anew in each line."""
    temperature_in_words: float | str | None = None
    """The temperature after a letter: 0.5 makes fewer words up; none: as everywhere."""
    top_k: int | None = None
    """Keep the k likeliest symbols, ties broken by symbol number; at least 1."""
    top_p: float | None = None
    """Keep the smallest set of symbols with at least this share of the probability, in (0, 1]."""
    min_p: float | None = None
    """Keep symbols at least this fraction as likely as the likeliest, in [0, 1]."""
    typical_p: float | None = None
    """Keep the symbols whose surprise is nearest the expected one, up to this share, in (0, 1]."""
    repetition_penalty: float = 1.0
    """Multiplies the log-probability of symbols already there; above 1 avoids them, 1 is off."""
    presence_penalty: float = 0.0
    """Taken, in nats, from the logit of every symbol already there."""
    frequency_penalty: float = 0.0
    """Taken, in nats, from a symbol's logit for each time it is already there."""
    penalty_window: int | None = None
    """How many steps back the penalties look, prefix included; none: all of them."""
    logit_bias: Mapping[str, float] = field(default_factory=dict)
    """Added, in nats, to the logit of a symbol: {"e": -2.0, "<end>": 1.0}."""
    stop: tuple[str, ...] = ()
    """A sample stops before the first of these texts; they are not part of it."""
    max_steps: int | None = None
    """Longest sample in steps (characters, bytes, words or pieces); none: 1000."""
    greedy: bool = False
    """Always take the likeliest symbol, the one of the smaller number on a tie."""

    def __post_init__(self) -> None:
        problems = [*_range_problems(self), *_other_problems(self)]
        if problems:
            raise ConfigError("; ".join(problems))

    @property
    def takes_likeliest(self) -> bool:
        """Whether nothing is left to chance."""
        return self.greedy or self.constant_temperature == 0

    @property
    def schedules(self) -> tuple[Schedule, Schedule | None]:
        """The temperature, and that within words."""
        inside = self.temperature_in_words
        return schedule_of(self.temperature), None if inside is None else schedule_of(inside)

    @property
    def constant_temperature(self) -> float | None:
        """The one temperature of every draw; None if it changes."""
        found = {schedule.constant for schedule in self.schedules if schedule is not None}
        return found.pop() if len(found) == 1 else None

    @property
    def has_penalties(self) -> bool:
        """Whether symbols already there count."""
        return (
            self.repetition_penalty != 1
            or self.presence_penalty != 0
            or self.frequency_penalty != 0
        )

    @property
    def has_filters(self) -> bool:
        """Whether unlikely symbols are removed before the draw."""
        return any(
            value is not None for value in (self.top_k, self.top_p, self.min_p, self.typical_p)
        )

    @property
    def step_limit(self) -> int:
        """Longest sample in steps."""
        return DEFAULT_MAX_STEPS if self.max_steps is None else self.max_steps


_INFINITY = float("inf")
# Setting -> lowest value, whether the lowest itself is allowed, highest value, both in words.
_RANGES: dict[str, tuple[float, bool, float, str]] = {
    "top_k": (1, True, _INFINITY, "at least 1; 1 is greedy"),
    "top_p": (0, False, 1, "in (0, 1]; 1 keeps everything"),
    "min_p": (0, True, 1, "in [0, 1]; 0 keeps everything"),
    "typical_p": (0, False, 1, "in (0, 1]; 1 keeps everything"),
    "repetition_penalty": (0, False, _INFINITY, "above 0 and finite; 1 is off"),
    "presence_penalty": (-_INFINITY, False, _INFINITY, "finite; 0 is off"),
    "frequency_penalty": (-_INFINITY, False, _INFINITY, "finite; 0 is off"),
    "penalty_window": (1, True, _INFINITY, "at least 1; leave it out to look at everything"),
    "max_steps": (1, True, _INFINITY, "at least 1"),
}


def _range_problems(config: DecodingConfig) -> list[str]:
    problems = []
    for name, (lowest, is_allowed, highest, words) in _RANGES.items():
        value = getattr(config, name)
        if value is None:
            continue
        above = value >= lowest if is_allowed else value > lowest
        if not (above and value <= highest and value != _INFINITY):
            problems.append(f"decoding.{name} must be {words}; got {value}")
    return problems


def _other_problems(config: DecodingConfig) -> list[str]:
    problems = list(_temperature_problems(config))
    problems += [
        f"decoding.logit_bias for {text!r} must be finite, got {bias}"
        for text, bias in config.logit_bias.items()
        if not abs(bias) < _INFINITY
    ]
    if "" in config.stop:
        problems.append("decoding.stop must not hold an empty text; leave it out")
    return problems


def _temperature_problems(config: DecodingConfig) -> Iterator[str]:
    for name in ("temperature", "temperature_in_words"):
        value = getattr(config, name)
        try:
            schedule_of(1.0 if value is None else value)
        except ConfigError as error:
            yield f"decoding.{name} {error}"
