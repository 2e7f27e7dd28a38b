"""What was found out about a network while it read: plain data for terminal, page and program."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from serinette.core import plain_json
from serinette.core.durable import write_file
from serinette.core.errors import ConfigError
from serinette.explaining.context import ContextCost, Reach
from serinette.explaining.probes import Cell, Finding

GATES = ("i", "f", "g", "o", "c", "h")


@dataclass(frozen=True, kw_only=True, eq=False)
class CellTrace:
    """One cell, place by place: gates i, f, o from 0 to 1, candidate g, memory c, output h."""

    cell: Cell
    why: str
    """What it tells, or that it was asked for."""
    is_asked: bool = False
    """Whether it was asked for by its number."""
    values: Mapping[str, Float[np.ndarray, " S"]]
    """By the names of `GATES`, after each place was read."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values; the numbers only of a cell that was asked for, as they are many."""
        kept = self.values if self.is_asked else {}
        rounded = {name: _rounded(values) for name, values in kept.items()}
        return {"cell": str(self.cell), "why": self.why, **rounded}


@dataclass(frozen=True, kw_only=True, eq=False)
class Alternative:
    """One symbol that could have come."""

    text: str
    probability: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """A column of a table, row by row; NaN where nothing is known."""

    name: str
    values: Float[np.ndarray, " S"]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"name": self.name, "values": _rounded(self.values)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """What a network made of a text or a table, and what its cells stand for."""

    subject: str
    """The model."""
    unit: str
    """What one symbol is: `character`, `byte`, `word`; of a table `row`."""
    pieces: tuple[str, ...]
    """What each symbol that is shown writes; all together are the text. Of a table: when each row
    is, or its number."""
    starts: tuple[int, ...]
    """Which of them begin a document."""
    nats: Float[np.ndarray, " S"]
    """-log p of each of them, in nats, before it was read."""
    alternatives: tuple[tuple[Alternative, ...], ...]
    """What could have come in the place of each, likeliest first."""
    bits_per_symbol: float
    """Of all symbols that were read, ends of documents included."""
    n_symbols: int
    """How many these are."""
    curves: tuple[Curve, ...] = ()
    """The columns, where it is a table."""
    cells: tuple[CellTrace, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What single cells tell, the best told trait first."""
    probed: str = ""
    """The text that cells were chosen and measured on."""
    reach: Reach | None = None
    costs: tuple[ContextCost, ...] = ()
    """By the length of the context."""
    full_bits: float | None = None
    """Bits a symbol with the whole context, on the text of `costs`."""
    notes: tuple[str, ...] = ()

    @property
    def surprisal(self) -> list[float]:
        """Bits of each symbol that is shown."""
        return [float(value) / math.log(2) for value in self.nats]

    @property
    def text(self) -> str:
        """What is shown."""
        return "".join(self.pieces)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a page (`.html`) that needs nothing else, or JSON (`.json`).

        Raises:
            ConfigError: If the name ends otherwise.
        """
        from serinette.explaining.page.page import page

        suffix = Path(path).suffix
        if suffix == ".html":
            content = page(self).encode("utf-8", "replace")
        elif suffix == ".json":
            content = plain_json.dump(self.to_json())
        else:
            raise ConfigError(f"'{path}': write to a file that ends in .html or .json")
        write_file(Path(path), content)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "subject": self.subject,
            "unit": self.unit,
            "n_symbols": self.n_symbols,
            "bits_per_symbol": self.bits_per_symbol,
            "pieces": list(self.pieces),
            "starts": list(self.starts),
            "surprisal_bits": _rounded(np.array(self.surprisal)),
            "alternatives": [
                [[one.text, round(one.probability, 4)] for one in several]
                for several in self.alternatives
            ],
            "curves": [curve.to_json() for curve in self.curves],
            "cells": [trace.to_json() for trace in self.cells],
            "findings": [finding.to_json() for finding in self.findings],
            "probed": self.probed,
            "reach": None if self.reach is None else self.reach.to_json(),
            "full_bits": self.full_bits,
            "context": [vars(cost) for cost in self.costs],
            "notes": list(self.notes),
        }


def _rounded(values: Float[np.ndarray, " S"]) -> Sequence[float | None]:
    return [None if math.isnan(value) else float(f"{value:.5g}") for value in values]
