"""What a document can be conditioned on: its label, and the fields that its record holds.

Every field is one symbol of the context; symbol 0 stands for "unknown": a fact that is not there,
or a value that is too rare to be told apart.

Shape letters: `C` context fields.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

import numpy as np
from jaxtyping import Int32

from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError
from serinette.core.schema import SymbolField
from serinette.kinds.text.config import LABEL

UNKNOWN: Final = 0
_MOST_LISTED: Final = 20


class Facts:
    """The fields, and the values of each that the model knows. Immutable.

    Args:
        values: By field, in the order of the context; each value once, in the order of its symbols.
    """

    def __init__(self, values: Mapping[str, tuple[str, ...]]) -> None:
        self.values = {name: known for name, known in values.items() if known}
        self._symbol_of = {
            name: {value: k for k, value in enumerate(known, start=UNKNOWN + 1)}
            for name, known in self.values.items()
        }

    @classmethod
    def fit(cls, contexts: Iterable[Mapping[str, str]], most_values: int) -> "Facts":
        """Learn the fields and their values; a label comes first, and all labels are kept.

        Args:
            contexts: Of every document of the train part.
            most_values: Of a field that is no label, so many values are kept, the most frequent.
        """
        counts: dict[str, Counter[str]] = {}
        for context in contexts:
            for name, value in context.items():
                if value:
                    counts.setdefault(name, Counter())[value] += 1
        fields = sorted(counts, key=lambda name: name != LABEL)
        return cls(
            {
                name: _commonest(counts[name], None if name == LABEL else most_values)
                for name in fields
            }
        )

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Facts":
        """Rebuild what `to_json` returned.

        Raises:
            KeyError: If there are no labels; their list may be empty.
            TypeError: If values are no list of strings.
            ValueError: If a value is there twice.
        """
        labels = {LABEL: distinct(plain["labels"])}
        others = plain.get("facts", {})
        return cls(labels | {str(name): distinct(others[name]) for name in others})

    def extended(self, contexts: Iterable[Mapping[str, str]], most_values: int) -> "Facts":
        """Return these with what is new in other documents; what is known keeps its symbol.

        Fields stay as they are; only where there is none, those of the documents are taken.

        Args:
            contexts: Of every document.
            most_values: Of a field that is no label, so many values there are at most.
        """
        fresh = Facts.fit(contexts, most_values)
        if not self.values:
            return fresh
        longer = {}
        for name, known in self.values.items():
            more = [value for value in fresh.values.get(name, ()) if value not in known]
            room = len(more) if name == LABEL else max(0, most_values - len(known))
            longer[name] = (*known, *more[:room])
        return Facts(longer)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; without fields beside the label as earlier versions wrote them."""
        others = {name: list(known) for name, known in self.values.items() if name != LABEL}
        return {"labels": list(self.values.get(LABEL, ())), **({"facts": others} if others else {})}

    @property
    def fields(self) -> tuple[SymbolField, ...]:
        """The context of a schema."""
        return tuple(
            SymbolField(name=name, size=1 + len(known), missing=UNKNOWN)
            for name, known in self.values.items()
        )

    def encode(self, context: Mapping[str, str]) -> Int32[np.ndarray, " C"]:
        """Turn facts into symbols; what is not told or not known becomes `UNKNOWN`."""
        symbols = [
            symbol_of.get(context.get(name, ""), UNKNOWN)
            for name, symbol_of in self._symbol_of.items()
        ]
        return np.array(symbols, dtype=np.int32)

    def knows(self, name: str, value: str) -> bool:
        """Say whether there is such a field with such a value."""
        return value in self._symbol_of.get(name, ())

    def named(self, context: Mapping[str, str]) -> Mapping[str, str]:
        """Put the only field there is in the place of `label`, and refuse what is not known.

        Raises:
            ConfigError: With the nearest name that is known.
        """
        named = {self._field(name, value): value for name, value in context.items()}
        for name, value in named.items():
            if not self.knows(name, value):
                known = tuple(islice(self.values[name], _MOST_LISTED))
                hint = nearest(value, tuple(self.values[name]))
                if hint.startswith("known: "):
                    more = ", ..." if len(self.values[name]) > len(known) else ""
                    hint = f"known: {', '.join(known)}{more}"
                raise ConfigError(f"unknown {name} '{value}' ({hint})")
        return named

    def _field(self, name: str, value: str) -> str:
        if name in self.values:
            return name
        if not self.values:
            what = "labels" if name == LABEL else "facts about its documents"
            raise ConfigError(
                f"{name} '{value}': this model was trained without {what}; leave it out"
            )
        if name != LABEL:
            raise ConfigError(f"unknown context '{name}' ({nearest(name, list(self.values))})")
        if len(self.values) > 1:
            raise ConfigError(
                f"label '{value}': this model knows several facts ({', '.join(self.values)}); say "
                f"which one, as in --given {next(iter(self.values))}=VALUE"
            )
        return next(iter(self.values))


def distinct(values: Any) -> tuple[str, ...]:
    """Return a list of different strings as a tuple.

    Raises:
        TypeError: If it is none.
        ValueError: If a string is there twice.
    """
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("expected a list of strings")
    if len(set(values)) != len(values):
        raise ValueError("a symbol is there twice")
    return tuple(values)


def _commonest(counts: Counter[str], most: int | None) -> tuple[str, ...]:
    """Return the most frequent values in the order of their spelling; of equals the first ones."""
    by_count = sorted(counts, key=lambda value: (-counts[value], value))
    return tuple(sorted(by_count[:most]))
