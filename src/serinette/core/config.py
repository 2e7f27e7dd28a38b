"""Settings: frozen dataclasses filled from layers, each value with a known origin.

A layer is a flat table `section.key -> value`: the plan, a TOML file, the environment, the flags.
Later layers win. Every problem of every layer is reported at once, each with its place, the value
and the nearest name that exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar, cast, get_type_hints

from serinette.core.coercion import MismatchError, coerce, nearest
from serinette.core.durations import format_duration, parse_duration
from serinette.core.errors import ConfigError
from serinette.core.layers import Layer, environment_layer, flag_layer, read_toml
from serinette.core.settings_text import field_help, toml_text

__all__ = [
    "Layer",
    "Resolved",
    "build",
    "environment_layer",
    "field_help",
    "flag_layer",
    "format_duration",
    "nearest",
    "parse_duration",
    "plain",
    "read_toml",
    "resolve",
    "to_toml",
]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """One finished config object a section, and where every value came from."""

    groups: Mapping[str, Any]
    """Section -> its config object."""
    origins: Mapping[str, str]
    """`section.key` -> `default`, a file's name, `plan`, an environment name or a flag."""

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Return nested plain values."""
        return {section: plain(config) for section, config in self.groups.items()}


@dataclass(frozen=True)
class _Given:
    """One value of a layer on its way to a config object."""

    value: Any
    place: str
    origin: str


def resolve(groups: Mapping[str, type], layers: Sequence[Layer]) -> Resolved:
    """Fill one config object a section.

    Args:
        groups: Section -> dataclass, in the order in which they are shown.
        layers: Rising priority.

    Raises:
        ConfigError: If anything is unknown or does not fit; it lists every problem.
    """
    problems: list[str] = []
    given: dict[str, dict[str, _Given]] = {section: {} for section in groups}
    for layer in layers:
        for key, value in layer.values.items():
            problem = _problem_with_key(key, layer, groups)
            if problem is None:
                section, _, name = key.partition(".")
                origin = layer.written.get(key, layer.origin)
                given[section][name] = _Given(value, layer.place(key), origin)
            elif problem not in problems:
                problems.append(problem)
    configs = {
        section: _fill(section, groups[section], given[section], problems) for section in groups
    }
    if problems:
        raise ConfigError("; ".join(problems))
    origins = {
        f"{section}.{name}": given[section][name].origin if name in given[section] else "default"
        for section, cls in groups.items()
        for name in _names(cls)
    }
    return Resolved(groups=configs, origins=origins)


def build(cls: type[T], values: Mapping[str, Any], *, source: str) -> T:
    """Return `cls(**values)` with every value checked against its declared type.

    Args:
        cls: A config dataclass.
        values: Keys and values as read from a file.
        source: Where they came from, for the message: `config.json [model]`.

    Raises:
        ConfigError: If a key is unknown, a value does not fit or `cls` refuses it.
    """
    names = _names(cls)
    problems = [_unknown(source, key, names) for key in values if key not in names]
    given = {name: _Given(values[name], source, source) for name in names if name in values}
    built = _fill("", cls, given, problems)
    if problems:
        raise ConfigError("; ".join(problems))
    return cast(T, built)


def plain(config: Any) -> dict[str, Any]:
    """Return a config object as values that JSON and TOML can hold."""
    return {name: _plain_value(getattr(config, name)) for name in _names(type(config))}


def to_toml(resolved: Resolved) -> str:
    """Write every setting with its origin, as a file that `read_toml` reads back."""
    return toml_text(resolved.to_json(), resolved.origins)


def _names(cls: type) -> list[str]:
    return [item.name for item in fields(cls)]


def _problem_with_key(key: str, layer: Layer, groups: Mapping[str, type]) -> str | None:
    section, dot, name = key.partition(".")
    if not dot:
        sections = ", ".join(f"[{known}]" for known in groups)
        return f"{layer.origin}: '{key}' stands in no section; put it under one of {sections}"
    if section not in groups:
        place = layer.written.get(key, layer.origin)
        return f"{place}: unknown section '{section}' ({nearest(section, list(groups))})"
    if name in _names(groups[section]):
        return None
    for other, cls in groups.items():
        if name in _names(cls):
            return f"{layer.place(key)}: unknown setting '{name}' (it belongs to [{other}])"
    return _unknown(layer.place(key), name, _names(groups[section]))


def _unknown(place: str, name: str, known: list[str]) -> str:
    return f"{place}: unknown setting {name!r} ({nearest(name, known)})"


def _fill(section: str, cls: type, given: Mapping[str, _Given], problems: list[str]) -> Any:
    """Build a config object; every value that does not fit goes to `problems`."""
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for name, setting in given.items():
        try:
            values[name] = coerce(setting.value, hints[name])
        except MismatchError as error:
            problems.append(f"{setting.place}: {name} {error}")
    while True:
        try:
            return cls(**values)
        except ConfigError as error:
            blamed = _named(str(error), section, values)
            if blamed is None:
                problems.append(str(error))
                return None
            problems.append(f"{given[blamed].place}: {error}")
            del values[blamed]
        except TypeError as error:
            problems.append(f"[{section}]: {str(error).partition(') ')[2] or error}")
            return None


def _named(message: str, section: str, values: Mapping[str, Any]) -> str | None:
    """Return the given setting that a config object's own check complains about."""
    words = set(message.replace(",", " ").replace(":", " ").replace("'", " ").split())
    for name in values:
        if f"{section}.{name}" in words or (
            not section and any(w.endswith(f".{name}") for w in words)
        ):
            return name
    return next((name for name in values if name in words), None)


def _plain_value(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain_value(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): _plain_value(part) for key, part in value.items()}
    return value
