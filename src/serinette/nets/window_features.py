"""What the numbers of a row mean to a network that writes whole windows. No torch here.

Shape letters: `F` features of a row.
"""

from dataclasses import dataclass

from serinette.core.schema import Schema, SymbolField, ValueField


@dataclass(frozen=True, kw_only=True)
class FeatureKinds:
    """How many numbers of each kind stand in a row, in this order."""

    n_values: int
    """Levels: any number."""
    n_flags: int = 0
    """Whether a cell is missing: 0 or 1."""
    symbols: tuple[int, ...] = ()
    """Sizes of one-hot vectors."""
    n_statics: int = 0
    """Numbers that are the same in every row of a window."""

    @classmethod
    def of(cls, schema: Schema) -> "FeatureKinds":
        """Read them off the schema of `kinds.series.whole_windows.window_schema`."""
        values = [field for field in schema.fields if isinstance(field, ValueField)]
        symbols = tuple(f.size for f in schema.fields if isinstance(f, SymbolField))
        n_flags = sum(field.missing for field in values)
        n_statics = schema.n_features - len(values) - n_flags - sum(symbols)
        return cls(n_values=len(values), n_flags=n_flags, symbols=symbols, n_statics=n_statics)

    @property
    def n_features(self) -> int:
        """Numbers of a row."""
        return self.n_values + self.n_flags + sum(self.symbols) + self.n_statics

    @property
    def flags(self) -> slice:
        """Where the flags stand."""
        return slice(self.n_values, self.n_values + self.n_flags)

    @property
    def one_hots(self) -> tuple[slice, ...]:
        """Where each one-hot vector stands."""
        at, found = self.n_values + self.n_flags, []
        for size in self.symbols:
            found.append(slice(at, at + size))
            at += size
        return tuple(found)

    @property
    def settled(self) -> slice:
        """Where flags and one-hot vectors stand together: numbers that are 0 or 1."""
        return slice(self.n_values, self.n_values + self.n_flags + sum(self.symbols))


def n_context_of(schema: Schema) -> int:
    """Return how many numbers of context stand beside a window."""
    return sum(field.size for field in schema.context) + schema.n_given
