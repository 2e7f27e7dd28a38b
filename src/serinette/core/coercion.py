"""Turn one value, as a file or a person wrote it, into the type that a setting declares.

Text (from a flag or the environment) is read by the annotation; typed values (from TOML or JSON)
are checked against it. Nothing is rounded, truncated or guessed.
"""

import json
import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


class MismatchError(ValueError):
    """The value does not fit; the message says what would: `must be a number, got 'x'`."""


def coerce(value: Any, annotation: Any) -> Any:
    """Return `value` as the annotation's type.

    Args:
        value: Text, or a value as TOML and JSON give it.
        annotation: int, float, bool, str, `X | None`, `float | str` (the first that fits), Literal,
            `tuple[str, ...]` or `Mapping[str, float]`.

    Raises:
        MismatchError: If the value does not fit.
    """
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return _optional(value, get_args(annotation))
    if origin is Literal:
        return _literal(value, get_args(annotation))
    if origin is tuple:
        return _list(value, get_args(annotation)[0])
    if origin in (Mapping, dict):
        return _table(value, get_args(annotation)[1])
    return _SCALARS[annotation](value)


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """Return a hint for a name that is not known: the one that was probably meant, or all."""
    guess = get_close_matches(name, known, n=1)
    if guess:
        return f"did you mean '{guess[0]}'?"
    return f"known: {', '.join(known)}" if known else "there are none"


def _optional(value: Any, choices: tuple[Any, ...]) -> Any:
    declared = [choice for choice in choices if choice is not NoneType]
    may_be_none = len(declared) < len(choices)
    if may_be_none and (value is None or (isinstance(value, str) and value.lower() == "none")):
        return None
    problem = MismatchError()
    for choice in declared:
        try:
            return coerce(value, choice)
        except MismatchError as error:
            problem = error
    required, _, got = str(problem).rpartition(", got ")
    raise MismatchError(f"{required} or 'none', got {got}") if may_be_none else problem


def _literal(value: Any, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        if value == choice and type(value) is type(choice):
            return choice
        if isinstance(value, str) and value == str(choice):
            return choice
    listed = ", ".join(repr(choice) for choice in choices)
    raise MismatchError(f"must be one of {listed}, got {value!r}")


def _list(value: Any, item: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        value = _from_json(value, list) if value.startswith("[") else [value]
    if not isinstance(value, list | tuple):
        raise MismatchError(f"must be a list, got {value!r}")
    return tuple(coerce(part, item) for part in value)


def _table(value: Any, item: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = _from_json(value, dict) if value.startswith("{") else _one_pair(value)
    if not isinstance(value, Mapping):
        raise MismatchError(f"must be a table, got {value!r}")
    return {str(key): coerce(part, item) for key, part in value.items()}


def _one_pair(text: str) -> dict[str, str]:
    """Read `x=-5`; the key may hold an equals sign itself."""
    key, equals, value = text.rpartition("=")
    if not equals:
        raise MismatchError(f"must be written like 'x=-5', got {text!r}")
    return {key: value}


def _from_json(text: str, expected: type) -> Any:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise MismatchError(f"must be valid JSON ({error.msg}), got {text!r}") from None
    if not isinstance(value, expected):
        raise MismatchError(f"must be a JSON {expected.__name__}, got {text!r}")
    return value


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE + _FALSE:
        return value.lower() in _TRUE
    raise MismatchError(f"must be true or false, got {value!r}")


def _to_int(value: Any) -> int:
    number = _number(value)
    if number is None or not _is_finite(number) or number != int(number):
        raise MismatchError(f"must be a whole number, got {value!r}")
    return int(number)


def _to_float(value: Any) -> float:
    number = _number(value)
    if number is None or not _is_finite(number):
        raise MismatchError(f"must be a number, got {value!r}")
    return float(number)


def _is_finite(number: int | float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond what a float can hold
        return False


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise MismatchError(f"must be text, got {value!r}")


def _number(value: Any) -> int | float | None:
    """Read 7, 7.5, "20_000" or "1e3"; None when it is no number. Integers stay exact."""
    if isinstance(value, str):
        for read in (int, float):
            try:
                return read(value)
            except ValueError:
                continue
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


_SCALARS: dict[Any, Callable[[Any], Any]] = {
    bool: _to_bool,
    int: _to_int,
    float: _to_float,
    str: _to_text,
    Any: lambda value: value,
}
