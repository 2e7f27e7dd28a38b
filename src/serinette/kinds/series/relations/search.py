"""Find the relations that hold in every row of the training part.

A relation needs evidence. Fewer than 30 rows show only constants and copies. What is found in a
sample of whole stretches is verified in every row, within the rounding of the source; a row counts
for a relation only if it has all of its columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from serinette.kinds.series.relations.asking import (
    find_witness,
    ordered_columns,
    read_rules,
    release_counters_,
    settle_equations_,
    settle_inequalities,
)
from serinette.kinds.series.relations.columns import ColumnRole, Columns, sample_rows
from serinette.kinds.series.relations.lines import find_copies, find_lines, free_columns
from serinette.kinds.series.relations.ordering import MOST_FOR_ORDERINGS, find_orderings
from serinette.kinds.series.relations.relations import Relations
from serinette.kinds.series.relations.single import (
    FEWEST,
    find_counters,
    mark_zeros_,
    plain_role,
    sentence,
)
from serinette.kinds.series.relations.sums import (
    MOST_FOR_PRODUCTS,
    MOST_FOR_SUMS,
    find_products,
    find_sums,
)

_SAMPLED = 20_000
_Finder = Callable[[Columns, list[ColumnRole]], list[str]]


def find_relations(
    data: Columns, *, constraints: Sequence[str] = (), search: bool = True
) -> Relations:
    """Look for what holds in every row, and take in what the user asks for.

    Args:
        data: The training part.
        constraints: Such as `end >= start`; they must hold in the data.
        search: Whether anything but constants, roundings, grids and ranges is looked for.

    Raises:
        ConfigError: If a constraint cannot be read, names no column, or cannot be kept.
        DataError: If a constraint does not hold in the data.
    """
    roles = [plain_role(data, k) for k in range(len(data.names))]
    within = [sentence(data, k, role) for k, role in enumerate(roles)]
    notes: list[str] = []
    between = find_copies(data, roles) if search else []
    is_searched = search and len(data.values) >= FEWEST
    if is_searched:
        for finder in _FINDERS:
            between += _found(finder, data, roles, notes)
    rules = read_rules(constraints, data, roles)
    settle_equations_(rules, data, roles)
    counters = find_counters(data, roles) if is_searched else {}
    notes += release_counters_(rules, data, roles)
    if is_searched:
        between += _found(_ORDERINGS, data, roles, notes)
    order = ordered_columns(rules, data, roles)
    settled = settle_inequalities(rules, roles, order)
    alone = [
        words
        for words, role in zip(within, roles, strict=True)
        if words and (role.role == "constant" or role.grid or role.grid_values)
    ]
    kept = [words for k, words in counters.items() if roles[k].role == "counter"]
    asked = [f"{rule.text}, as asked" for rule in rules]
    relations = Relations(
        names=data.names,
        roles=tuple(roles),
        order=order,
        rules=settled,
        sentences=(*alone, *between, *kept, *asked),
        notes=tuple(notes),
        witness=find_witness(settled, data),
    )
    return _with_zeros(relations, data)


_FINDERS = (
    ("lines", 2_000, find_lines),
    ("sums", MOST_FOR_SUMS, find_sums),
    ("products", MOST_FOR_PRODUCTS, find_products),
)
_ORDERINGS = ("orderings", MOST_FOR_ORDERINGS, find_orderings)
"""What is looked for, in how many columns at most, and how."""


def _found(
    finder: tuple[str, int, _Finder], data: Columns, roles: list[ColumnRole], notes: list[str]
) -> list[str]:
    """Look for one thing, unless there are too many columns; say so in a note."""
    name, most, find = finder
    n = len(free_columns(data, roles))
    if n <= most:
        return find(data, roles)
    notes.append(f"{name} are not looked for: {n:,} columns of numbers are left, at most {most:,}")
    return []


def _with_zeros(relations: Relations, data: Columns) -> Relations:
    """Mark in the roles of which columns what is left is often 0."""
    rows = sample_rows(len(data.values), _SAMPLED)
    is_first = np.isin(rows, data.starts[:-1])
    is_first[1:] |= np.diff(rows) != 1
    is_first[:1] = True
    starts = np.r_[np.flatnonzero(is_first), len(rows)].astype(np.int64)
    reduced = relations.reduce(data.values[rows], starts)
    roles = list(relations.roles)
    mark_zeros_(roles, relations.left, reduced)
    return replace(relations, roles=tuple(roles))
