"""From what a person asks for to one constraint, refused before drawing if it cannot hold.

All rules that look ahead become one automaton, so that they look ahead together: no draw leads
where one rule holds and another no longer can.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import combinations

from serinette.constraints import rules
from serinette.constraints.bans import CopyBan, NoRepeat
from serinette.constraints.brackets import balanced
from serinette.constraints.charset import CharSet, parse_set
from serinette.constraints.combine import Conjunction, Soft
from serinette.constraints.config import RulesConfig, span_of
from serinette.constraints.lift import lift
from serinette.constraints.protocol import Constraint
from serinette.constraints.regex import regex
from serinette.constraints.spelling import Spelling
from serinette.constraints.tables import NEVER, Dfa, anything, both
from serinette.core.errors import ConfigError, ConstraintError

_CHARACTERS_A_STEP = 8
"""Room in the memory of a row for each step of a codec whose symbols are longer than one."""


def constraint_of(
    config: RulesConfig,
    spelling: Spelling,
    *,
    prefix: str,
    max_steps: int,
    training_text: str | None,
) -> Conjunction | None:
    """Build the constraint that a person asks for.

    For bytes it also keeps them valid UTF-8, so it stands in for the codec's own rules.

    Args:
        config: What is asked for.
        spelling: How symbols are written.
        prefix: What every text begins with; it is read by `advance` and counts for the rules.
        max_steps: Most symbols that are drawn after it.
        training_text: For `no_copy`; None if it is not at hand.

    Returns:
        None if nothing is asked for.

    Raises:
        ConfigError: If `no_copy` is asked for without the training text.
        ConstraintError: If no text of at most `max_steps` more symbols keeps the rules; it names
            the fewest rules that cannot hold together.
    """
    if config.is_empty:
        return None
    _check_characters(config, spelling)
    automata = automata_of(config)
    parts: list[Constraint] = []
    if automata or spelling.is_bytes:
        joint = lift(_joined(automata), spelling)
        if joint.steps_after(prefix) > max_steps:
            raise ConstraintError(_Refusal(automata, spelling, prefix, max_steps).reason())
        parts.append(joint)
    if config.no_repeat is not None:
        longest = int(spelling.lengths.max(initial=1))
        room = len(prefix) + max_steps * min(longest, _CHARACTERS_A_STEP)
        no_repeat = NoRepeat(config.no_repeat, spelling, room)
        _check_given(no_repeat, f"--no-repeat {config.no_repeat}", config, prefix)
        parts.append(no_repeat)
    if config.no_copy is not None:
        if training_text is None:
            raise ConfigError(
                f"rules.no_copy {config.no_copy} needs the text that the model was trained on, "
                "which is not at hand; name it, or leave the setting out"
            )
        no_copy = CopyBan(training_text, config.no_copy, spelling)
        _check_given(no_copy, f"--no-copy {config.no_copy}", config, prefix)
        parts.append(no_copy)
    for text, nats in config.avoid.items():
        parts.append(Soft(lift(rules.ban((text,), f"--avoid {text!r}"), spelling), nats))
    return Conjunction(parts)


def _check_given(ban: CopyBan | NoRepeat, flag: str, config: RulesConfig, prefix: str) -> None:
    """Refuse what is broken before anything is written."""
    why = "comes again" if isinstance(ban, NoRepeat) else "stands in the training text"
    for name, text in (("prefix", prefix), ("suffix", config.ending or "")):
        stretch = ban.broken_in(text)
        if stretch is not None:
            raise ConstraintError(
                f"{flag} cannot hold: {stretch!r} in the {name} {why}; change one of them"
            )


def automata_of(config: RulesConfig) -> list[Dfa]:
    """Return one automaton for every rule that looks ahead, named after its flag."""
    return [build(config) for field, build in _BUILDERS.items() if config.asks_for(field)]


def _acrostic(config: RulesConfig) -> Dfa:
    heads, at = config.acrostic or "", config.acrostic_at
    where = "" if at == "first" else f" at {at}"
    place = at if at in ("first", "last") else int(at)
    return rules.acrostic(heads, place, f"--acrostic {heads!r}{where}")


def _fixed(config: RulesConfig) -> Dfa:
    texts = {int(position): text for position, text in config.fixed.items()}
    shown = ", ".join(f"{position}={text!r}" for position, text in sorted(texts.items()))
    return rules.fixed(texts, f"--fixed {shown}")


def _spanned(build: Callable[[int, int | None, str], Dfa], field: str) -> Callable[..., Dfa]:
    def built(config: RulesConfig) -> Dfa:
        text = getattr(config, field)
        least, most = span_of(text)
        flag = "text-length" if field == "length" else field.replace("_", "-")
        return build(least, most, f"--{flag} {text}")

    return built


# The order in which they are put together: those that leave few states first.
_BUILDERS: Mapping[str, Callable[[RulesConfig], Dfa]] = {
    "characters": lambda config: rules.characters(
        _set_of(config), f"--characters {config.characters!r}"
    ),
    "acrostic": _acrostic,
    "lines": _spanned(rules.lines, "lines"),
    "line_length": _spanned(rules.line_length, "line_length"),
    "regex": lambda config: regex(config.regex or ""),
    "ban": lambda config: rules.ban(config.ban),
    "fixed": _fixed,
    "require": lambda config: rules.require(config.require),
    "ending": lambda config: rules.ending(config.ending or ""),
    "length": _spanned(rules.length, "length"),
    "balanced": lambda config: balanced(config.balanced or "plain", config.depth),
}


def _set_of(config: RulesConfig) -> CharSet:
    return parse_set(config.characters or "", place="--characters")


def _joined(automata: Sequence[Dfa]) -> Dfa:
    return reduce(both, automata) if automata else anything()


def _check_characters(config: RulesConfig, spelling: Spelling) -> None:
    """Refuse what asks for a character that cannot be written."""
    asked = {
        "--acrostic": config.acrostic or "",
        "--fixed": "".join(config.fixed.values()),
        "--require": "".join(config.require),
        "--suffix": config.ending or "",
    }
    for flag, text in asked.items():
        unknown = [character for character in text if spelling.seen(character) != character]
        if unknown:
            shown = ", ".join(map(repr, dict.fromkeys(unknown)))
            verb = "is" if len(set(unknown)) == 1 else "are"
            raise ConstraintError(
                f"{shown} in {flag} {verb} not among the model's characters; ask for others, or "
                "train on text that has them"
            )


class _Refusal:
    """Finds the fewest rules that cannot hold together, and says so."""

    def __init__(
        self, automata: Sequence[Dfa], spelling: Spelling, prefix: str, max_steps: int
    ) -> None:
        self._automata = automata
        self._spelling = spelling
        self._prefix = prefix
        self._max_steps = max_steps

    def reason(self) -> str:
        """Return the message, one line."""
        blamed = self._smallest()
        needed = self._needed(blamed, self._prefix)
        names = [dfa.name for dfa in blamed]
        if needed < NEVER:
            verb = "needs" if len(names) == 1 else "together need"
            return (
                f"{_listed(names)} {verb} at least {needed} more steps; allow them with "
                f"--max-steps {needed} (now {self._max_steps})"
            )
        after = ""
        if self._prefix and self._needed(blamed, "") < NEVER:
            after = f" after the prefix {self._prefix!r}"
        if not names:
            return f"the prefix {self._prefix!r} cannot be written in the model's symbols"
        if len(names) == 1 and after:
            return f"{names[0]} cannot hold{after}; change one of them"
        if len(names) == 1:
            return f"{names[0]} cannot hold: no text of the model's characters keeps it; change it"
        both_or_all = "cannot both hold" if len(names) == len("ab") else "cannot hold together"
        return f"{_listed(names)} {both_or_all}{after}; drop or change one of them"

    def _needed(self, automata: Sequence[Dfa], prefix: str) -> int:
        return lift(_joined(automata), self._spelling).steps_after(prefix)

    def _fails(self, automata: Sequence[Dfa]) -> bool:
        return self._needed(automata, self._prefix) > self._max_steps

    def _smallest(self) -> list[Dfa]:
        for n_rules in (1, 2):
            for some in combinations(self._automata, n_rules):
                if self._fails(some):
                    return list(some)
        kept = list(self._automata)
        for dfa in self._automata:
            fewer = [other for other in kept if other is not dfa]
            if self._fails(fewer):
                kept = fewer
        return kept


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
