"""What a sequence is made of: the fields of a step, their roles, and the context of the whole.

A sequence is a list of steps; a step has fields; a field is a symbol (one of n) or a value (a real
number). The schema is the only thing that the network, the trainer and the decoder know of a kind.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar, get_type_hints

from serinette.core.coercion import coerce
from serinette.core.errors import ArtifactError

Role = Literal["predicted", "driven"]
"""`predicted` is drawn by the model; `driven` is given at every step (a template, a time stamp)."""


@dataclass(frozen=True, kw_only=True)
class SymbolField:
    """One of `size` symbols, numbered from 0."""

    name: str
    """What the field is called: `character`, `pitch`, `colour`."""
    size: int
    """How many symbols there are, `end` and `missing` included."""
    role: Role = "predicted"
    """Whether the model draws it or is given it."""
    missing: int | None = None
    """Symbol that stands for "not known", read but never drawn; None: cannot be missing."""
    table: str | None = None
    """Context fields of one table share their vectors (the characters of a title); None: its own.
    All fields of a table have one size and one `missing`."""


@dataclass(frozen=True, kw_only=True)
class ValueField:
    """A real number, a mixture of logistics with point masses where the data repeat."""

    name: str
    """What the field is called: `temperature`, `dx`."""
    parts: int
    """Components of the mixture, at least 1."""
    role: Role = "predicted"
    """Whether the model draws it or is given it."""
    missing: bool = False
    """Whether the value may be absent; its absence is then modelled too."""
    atoms: int = 0
    """Values that repeat so often that each has a probability of its own."""

    @property
    def n_atoms(self) -> int:
        """Point masses, that of "missing" included: it is the last one."""
        return self.atoms + self.missing

    @property
    def n_choices(self) -> int:
        """What is chosen from before a value is drawn: point masses, then parts."""
        return self.n_atoms + self.parts


Field = SymbolField | ValueField


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The fields of a step in the order in which they are drawn, and the context of a sequence."""

    fields: tuple[Field, ...]
    """Fields of one step; each is drawn given the ones before it."""
    context: tuple[SymbolField, ...] = ()
    """Facts about the whole sequence (author, label), given before its first step."""
    end: int | None = None
    """Symbol of the first field that closes a sequence and, read as input, opens one.
    None: sequences have no end of their own."""
    opening: tuple[Field, ...] = ()
    """Fields that are drawn once, before the first step: where the values begin, and facts about
    the whole sequence."""
    n_features: int = 0
    """Numbers that describe a step and are read beside its symbols."""
    n_given: int = 0
    """Numbers that are known of a step before it is drawn: where it stands in the calendar."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` turns back into this schema."""
        return {
            "fields": [_tagged(field) for field in self.fields],
            "context": [_tagged(field) for field in self.context],
            "end": self.end,
            **self._more(),
        }

    def _more(self) -> dict[str, Any]:
        """Return what only sequences of values have; the schema of a text stays as it was."""
        if not (self.opening or self.n_features or self.n_given):
            return {}
        return {
            "opening": [_tagged(field) for field in self.opening],
            "n_features": self.n_features,
            "n_given": self.n_given,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Schema":
        """Rebuild a schema.

        Raises:
            ArtifactError: If a field is of an unknown type or lacks a part.
        """
        try:
            return cls(
                fields=tuple(_untagged(field) for field in plain["fields"]),
                context=tuple(_built(SymbolField, field) for field in plain["context"]),
                end=coerce(plain["end"], int | None),
                opening=tuple(_untagged(field) for field in plain.get("opening", ())),
                n_features=coerce(plain.get("n_features", 0), int),
                n_given=coerce(plain.get("n_given", 0), int),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(
                f"the schema cannot be read: {error}; get the model again"
            ) from error


def context_tables(context: tuple[SymbolField, ...]) -> list[list[int]]:
    """Group context fields by the table of vectors that they share, in the order of the fields."""
    groups: dict[str | int, list[int]] = {}
    for k, context_field in enumerate(context):
        own = k if context_field.table is None else context_field.table
        groups.setdefault(own, []).append(k)
    return list(groups.values())


F = TypeVar("F", bound=Field)
_FIELD_TYPES: dict[str, type[Field]] = {"symbol": SymbolField, "value": ValueField}


def _tagged(field: Field) -> dict[str, Any]:
    kind = "symbol" if isinstance(field, SymbolField) else "value"
    return {"type": kind, **asdict(field)}


def _untagged(plain: Any) -> Field:
    return _built(_FIELD_TYPES[plain["type"]], plain)


def _built(cls: type[F], plain: Any) -> F:
    types = get_type_hints(cls)
    given = {key: value for key, value in plain.items() if key != "type"}
    return cls(**{key: coerce(value, types[key]) for key, value in given.items()})
