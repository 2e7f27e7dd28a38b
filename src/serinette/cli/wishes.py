"""From options to what a model's kind calls wishes: the rules of a text, the wishes of a poem."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from serinette.cli.generate_options import GenerateOptions
from serinette.core.errors import ConfigError

_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}

_BOTH: Final = ("acrostic", "acrostic_at", "lines", "require", "ban", "fixed")
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "text": {
        **{name: name for name in _BOTH},
        **{name: name for name in ("regex", "line_length", "characters", "balanced", "depth")},
        **{name: name for name in ("no_repeat", "no_copy", "avoid")},
        "text_length": "length",
        "suffix": "ending",
    },
    "poem": {
        **{name: name for name in _BOTH},
        **{name: name for name in ("form", "title", "author", "first_line", "rhyme", "tones")},
        **{name: name for name in ("rhyme_book", "strict_polyphonic", "repeat_penalty", "script")},
        "keywords": "title",
        "no_repeat_characters": "no_repeat",
        "allow_repeated_rhymes": "distinct_rhymes",
    },
    "series": {},
}
"""Kind -> option -> field of the kind's wishes."""
_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("label", "given", "mix", "mix_by", "middle", "interactive"),
    "poem": ("paper", "page", "seal", "interactive"),
    "series": ("start", "every", "history", "given", "scenario"),
}
"""Options of one kind that are no wishes."""
_OF_WRITING: Final = (
    *("prefix", "prefix_file", "beam", "json", "top_k", "top_p", "min_p", "typical_p"),
    *("repetition_penalty", "presence_penalty", "frequency_penalty", "penalty_window"),
    *("logit_bias", "stop", "greedy", "temperature_in_words", "adapt", "adapt_rate"),
    "interactive",
)
"""Options for all that is written symbol by symbol."""


def wishes_of(options: GenerateOptions, kind_name: str) -> Any:
    """Return what is asked for, of the kind's `wishes_type`; None for a text without rules.

    Raises:
        ConfigError: If an option belongs to another kind, or a value does not fit.
    """
    from serinette.core.config import Layer, resolve
    from serinette.kinds.table import find_kind

    refuse_options_of_others(options, kind_name)
    if options.title is not None and options.keywords is not None:
        raise ConfigError("--title and --keywords are the same; give one of them")
    values: dict[str, Any] = {}
    written: dict[str, str] = {}
    for option, field in FIELDS.get(kind_name, {}).items():
        value = getattr(options, option)
        if _is_given(value):
            values[f"rules.{field}"] = _READERS.get(option, _as_it_is)(value)
            written[f"rules.{field}"] = flag_of(option)
    if not values and kind_name == "text":
        return None
    layer = Layer(origin="command line", values=values, written=written)
    found = resolve({"rules": find_kind(kind_name).wishes_type}, [layer]).groups["rules"]
    for option, other in (("acrostic_at", "acrostic"), ("depth", "balanced")):
        if _is_given(getattr(options, option)) and not _is_given(getattr(options, other)):
            raise ConfigError(
                f"{flag_of(option)} needs {flag_of(other)}; give it, or leave both out"
            )
    return found


def facts_of(options: GenerateOptions) -> dict[str, str]:
    """Return what `--given` and `--label` say of the samples, by field.

    Raises:
        ConfigError: If it is not FIELD=VALUE, or a field is given twice.
    """
    found: dict[str, str] = {} if options.label is None else {"label": options.label}
    for text in options.given or ():
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name:
            raise ConfigError(f"--given {text!r}: write FIELD=VALUE")
        if name in found:
            raise ConfigError(
                f"--given: {name} is given twice, as '{found[name]}' and '{value}'; leave one out"
            )
        found[name] = value
    return found


def flag_of(option: str) -> str:
    """Return how an option is written."""
    return "--" + option.replace("_", "-")


def unescape(text: str) -> str:
    r"""Read \n, \t and \\ as a shell's user means them."""
    parts: list[str] = []
    rest = text
    while rest:
        taken = 2 if rest[:2] in _ESCAPES else 1
        parts.append(_ESCAPES.get(rest[:taken], rest[:taken]))
        rest = rest[taken:]
    return "".join(parts)


def refuse_options_of_others(options: GenerateOptions, kind_name: str) -> None:
    """Raise if an option means nothing to a model of this kind.

    Raises:
        ConfigError: Naming them, and what they are for.
    """
    if kind_name == "series":
        given = [name for name in _OF_WRITING if _is_given(getattr(options, name))]
        given += ["best_of"] if (options.best_of or 1) > 1 else []
        _refuse(given, "text and poem", kind_name)
    known = {*FIELDS.get(kind_name, ()), *_OTHERS.get(kind_name, ())}
    for other in FIELDS:
        foreign = [
            option
            for option in (*FIELDS[other], *_OTHERS[other])
            if option not in known and _is_given(getattr(options, option))
        ]
        _refuse(foreign, other, kind_name)


def _refuse(options: Sequence[str], other: str, kind_name: str) -> None:
    if options:
        flags = ", ".join(map(flag_of, options))
        verb = "is" if len(options) == 1 else "are"
        raise ConfigError(f"{flags} {verb} for {other} models; this one is of kind {kind_name}")


def _is_given(value: Any) -> bool:
    return value is not None and value is not False and value != []


def _as_it_is(value: Any) -> Any:
    return value


def _plain_texts(texts: Sequence[str]) -> list[str]:
    return [unescape(text) for text in texts]


def _places(pairs: Sequence[str]) -> dict[str, str]:
    """Read `2.3=月`; the text may hold equals signs."""
    found: dict[str, str] = {}
    for pair in pairs:
        place, equals, text = pair.partition("=")
        if not equals or not place:
            raise ConfigError(f"--fixed: '{pair}' is not PLACE=TEXT; write it like 2.3=月")
        if place in found:
            raise ConfigError(
                f"--fixed: place {place} is given twice, as '{found[place]}' and '{text}'; "
                "leave one of them out"
            )
        found[place] = unescape(text)
    return found


def _costs(pairs: Sequence[str]) -> dict[str, str]:
    """Read `very=3`; the text may hold equals signs."""
    found: dict[str, str] = {}
    for pair in pairs:
        text, equals, nats = pair.rpartition("=")
        if not equals or not text:
            raise ConfigError(f"--avoid: '{pair}' is not TEXT=NATS; write it like very=3")
        found[unescape(text)] = nats
    return found


def _opposite(value: bool) -> bool:
    return not value


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "require": _plain_texts,
    "ban": _plain_texts,
    "fixed": _places,
    "avoid": _costs,
    "allow_repeated_rhymes": _opposite,
}
