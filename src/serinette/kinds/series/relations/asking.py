"""Take in what the user asks: equations give a column a role, inequalities bound the last column.

Shape letters: `N` rows, `D` columns.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.relations.columns import DETERMINED, ColumnRole, Columns, sample_rows
from serinette.kinds.series.relations.lines import agreement, determined, half_unit
from serinette.kinds.series.relations.rules import Form, LinearRule, parse_rule
from serinette.kinds.series.relations.sums import n_minus

_SAMPLED = 200_000
_GONE = 1e-12
"""A factor below this part of the greatest is what is left of a sum of factors that cancel out."""


def read_rules(
    constraints: Sequence[str], data: Columns, roles: Sequence[ColumnRole]
) -> list[LinearRule]:
    """Return the rules that a user writes; they must hold in the data.

    Raises:
        ConfigError: If one cannot be read, or names no column.
        DataError: If one does not hold in the data.
    """
    numbers = [name for k, name in enumerate(data.names) if data.counts_as_number(k)]
    places = [k for k in range(len(data.names)) if data.counts_as_number(k)]
    rules = []
    for text in constraints:
        read = parse_rule(text, numbers)
        form = replace(read.form, columns=tuple(places[k] for k in read.form.columns))
        halves = [
            abs(f) * half_unit(roles[k]) for f, k in zip(form.factors, form.columns, strict=True)
        ]
        rules.append(replace(read, form=form, solved=form, tolerance=max(halves)))
        _check(rules[-1], data)
    return rules


def settle_equations_(rules: list[LinearRule], data: Columns, roles: list[ColumnRole]) -> None:
    """Let one column of each equation follow from the others.

    It is the finest one that does so within its own rounding in the data: of `total = net + tax`
    the total if it was rounded alone. Of equals it is the one that all others add up to. If it is
    there in rows that lack another one, it is drawn, and moved where it is to follow.

    Raises:
        ConfigError: If the columns of an equation follow from others.
    """
    for place, rule in enumerate(rules):
        form = rule.form
        left = solved(rule, roles).columns
        if rule.comparison != "=" or len(form.columns) == 1 or not left:
            continue  # a single column's range holds it; or it follows from what is found already
        settled = [
            found
            for k in left
            if k in form.columns and not _leads_to(k, form.columns, roles)
            if (found := _follower(rule, k, data, roles)) is not None
        ]
        if not settled:
            raise ConfigError(
                f"constraint '{rule.text}': its columns follow from others, so that none can be "
                "moved to keep it; leave it out"
            )
        _, k, role = min(settled, key=lambda found: found[0])
        roles[k] = role
        own = abs(form.factors[form.columns.index(k)])
        rules[place] = replace(
            rule,
            tolerance=own * half_unit(role),
            moved=k if role.role == "balance" else None,
        )


def _follower(
    rule: LinearRule, k: int, data: Columns, roles: Sequence[ColumnRole]
) -> tuple[tuple[bool, float, int, int], int, ColumnRole] | None:
    """Return how well a column may follow from the others of an equation, and its role then."""
    equation = dict(zip(rule.form.columns, rule.form.factors, strict=True))
    own = equation[k]
    factors = {j: -f / own + 0.0 for j, f in equation.items() if j != k}
    offset = -rule.form.offset / own + 0.0
    columns, weights = tuple(factors), tuple(factors.values())
    form = Form(columns=columns, factors=weights, offset=offset)
    found = agreement(data, k, form.at, roles[k]) if roles[k].role == "free" else ""
    if not found:
        return None
    is_total = found == "alike"
    decimals = roles[k].decimals
    unit = half_unit(roles[k]) if decimals is None else 10.0**-decimals
    rank = (not is_total, abs(own) * unit, n_minus(equation, k), -rule.form.columns.index(k))
    if is_total:
        return rank, k, determined(roles[k], "total", columns, weights, offset)
    if any(roles[j].role in DETERMINED for j in columns):
        return None
    ends = np.array([[f * roles[j].low, f * roles[j].high] for j, f in factors.items()])
    low, high = float(ends.min(1).sum() + offset), float(ends.max(1).sum() + offset)
    balance = replace(
        roles[k],
        role="balance",
        grid=0.0,
        grid_values=(),
        low=float(roles[k].snapped(np.array([min(low, roles[k].low)]))[0]),
        high=float(roles[k].snapped(np.array([max(high, roles[k].high)]))[0]),
    )
    return rank, k, balance


def _leads_to(k: int, columns: Sequence[int], roles: Sequence[ColumnRole]) -> bool:
    """Say whether one of some columns follows from a column, other than that column itself."""
    waiting = [j for j in columns if j != k]
    while waiting:
        role = roles[waiting.pop()]
        if role.role in DETERMINED:
            if k in role.lower:
                return True
            waiting += role.lower
    return False


def release_counters_(
    rules: Sequence[LinearRule], data: Columns, roles: list[ColumnRole]
) -> list[str]:
    """Take the role from counters that a rule bounds from above; return a note on each.

    A rule with counters is kept by raising one of them; what must stay below something that does
    not rise with it cannot rise for ever. A counter may stand still below a number, unless it rose
    in every row of the data.
    """
    notes: list[str] = []
    is_settled = False
    while not is_settled:
        is_settled = True
        for rule in rules:
            form = solved(rule, roles)
            counters = [k for k in form.columns if roles[k].role == "counter"]
            is_equation = rule.comparison == "="
            if is_equation and rule.moved is None:
                continue
            if not counters or (not is_equation and _is_kept_by(form, counters, roles)):
                continue
            for k in counters:
                roles[k] = replace(roles[k], role="free", least_step=0.0, most_step=0.0)
                notes.append(
                    f"{data.names[k]} never falls within a sequence of the data; this is not kept, "
                    f"because '{rule.text}' bounds it"
                )
            is_settled = False
    return notes


def ordered_columns(
    rules: Sequence[LinearRule], data: Columns, roles: Sequence[ColumnRole]
) -> tuple[int, ...]:
    """Return the columns so that each comes after those it follows from or is bounded by.

    Raises:
        ConfigError: If rules make counters wait for one another.
    """
    after: dict[int, set[int]] = {k: {*r.lower, *r.upper} for k, r in enumerate(roles)}
    for rule in rules:
        form = solved(rule, roles)
        rising = _rising(form, roles)
        if rule.comparison == "=" and rule.moved is not None:
            after[rule.moved] |= {*form.columns} - {rule.moved}
        elif rising and rule.comparison != "=":
            counters = {k for k in form.columns if roles[k].role == "counter"}
            after[rising[-1]] |= counters - {rising[-1]}
    stage = [2 if r.role in DETERMINED else 1 if r.role == "counter" else 0 for r in roles]
    done: list[int] = []
    waiting = sorted(range(len(roles)), key=lambda k: (stage[k], k))
    while waiting:
        ready = next((k for k in waiting if after[k] <= set(done)), None)
        if ready is None:
            names = ", ".join(f"'{data.names[k]}'" for k in waiting)
            raise ConfigError(
                f"constraints: the columns {names} wait for one another; leave one constraint out"
            )
        done.append(ready)
        waiting.remove(ready)
    return tuple(done)


def settle_inequalities(
    rules: Sequence[LinearRule], roles: Sequence[ColumnRole], order: Sequence[int]
) -> tuple[LinearRule, ...]:
    """Return the rules with the columns that are moved to keep them: the last ones in the order.

    Raises:
        ConfigError: If no column can be moved to keep a rule.
    """
    found = []
    for rule in rules:
        form = solved(rule, roles)
        if rule.comparison == "=":
            found.append(replace(rule, solved=form))
        elif form.columns:
            found.append(replace(rule, solved=form, moved=max(form.columns, key=order.index)))
        elif form.offset > 0 or (form.offset == 0 and rule.comparison != ">"):
            found.append(replace(rule, solved=form))  # always so
        else:
            raise ConfigError(
                f"constraint '{rule.text}': its columns follow from others, so that none can be "
                "moved to keep it; leave it out"
            )
    return tuple(found)


def find_witness(rules: Sequence[LinearRule], data: Columns) -> tuple[float, ...]:
    """Return a row of the data that keeps every rule, with as few missing cells as there are.

    Raises:
        ConfigError: If the rounding of columns that follow from others leaves no such row.
    """
    moving = [rule for rule in rules if rule.moved is not None]
    if not moving:
        return ()
    rows = data.values[sample_rows(len(data.values), _SAMPLED)]
    is_kept = np.ones(len(rows), dtype=np.bool_)
    for rule in moving:
        is_kept &= ~_is_short(rule, rows)
        if not is_kept.any():
            raise ConfigError(
                f"constraint '{rule.text}': no row of the data keeps it with room for the rounding "
                "of columns that follow from others; leave it out"
            )
    rows = rows[is_kept]
    n_missing = np.isnan(rows).sum(axis=1)
    rows = rows[n_missing == n_missing.min()]
    return tuple(float(x) for x in rows[len(rows) // 2])


def solved(rule: LinearRule, roles: Sequence[ColumnRole]) -> Form:
    """Return a rule's form in columns that do not follow from others.

    Of an inequality is taken off what the rounding of those that do may take away.

    Raises:
        ConfigError: If a column is a product of others.
    """
    factors: dict[int, float] = {}
    offset = rule.form.offset
    waiting = list(zip(rule.form.columns, rule.form.factors, strict=True))
    while waiting:
        k, factor = waiting.pop(0)
        role = roles[k]
        if role.role not in DETERMINED:
            factors[k] = factors.get(k, 0.0) + factor
        elif role.role == "product":
            raise ConfigError(
                f"constraint '{rule.text}': one of its columns is a product of two others, so that "
                "none can be moved to keep it; leave it out, or find no relations"
            )
        else:
            parts = role.factors or (1.0,) * len(role.lower)
            waiting += [(j, factor * f) for j, f in zip(role.lower, parts, strict=True)]
            offset += factor * role.offset
            if rule.comparison in (">", ">="):
                offset -= abs(factor) * _lost(role, roles)
    greatest = max((abs(f) for f in factors.values()), default=0.0)
    least = max(_GONE * greatest, _GONE * max(abs(f) for f in rule.form.factors))
    kept = {k: f for k, f in factors.items() if abs(f) > least}
    is_zero = not kept and abs(offset) < _GONE * (1 + abs(rule.form.offset))
    return Form(
        columns=tuple(kept), factors=tuple(kept.values()), offset=0.0 if is_zero else offset + 0.0
    )


def _lost(role: ColumnRole, roles: Sequence[ColumnRole]) -> float:
    """Return how far rounding may move a column from what it follows from."""
    if role.decimals is None or role.role in ("constant", "copy"):
        return 0.0
    unit = 10.0**role.decimals
    is_whole = all(f == round(f) for f in role.factors) and role.offset * unit == round(
        role.offset * unit
    )
    known = [roles[j].decimals for j in role.lower]
    is_exact = is_whole and all(d is not None and d <= role.decimals for d in known)
    return 0.0 if is_exact else 0.5 / unit


def _is_kept_by(form: Form, counters: Sequence[int], roles: Sequence[ColumnRole]) -> bool:
    """Say whether counters can keep an inequality for ever: by rising, or by standing still."""
    may_stand = len(form.columns) == 1 and roles[counters[0]].least_step == 0
    return bool(_rising(form, roles)) or may_stand


def _rising(form: Form, roles: Sequence[ColumnRole]) -> list[int]:
    """Return the counters that keep a rule by rising."""
    return [
        k
        for k, factor in zip(form.columns, form.factors, strict=True)
        if roles[k].role == "counter" and factor > 0
    ]


def _is_short(rule: LinearRule, rows: Float[np.ndarray, "N D"]) -> Bool[np.ndarray, " N"]:
    level, slack = rule.solved.at(rows), rule.solved.slack(rows)
    with np.errstate(invalid="ignore"):
        if rule.comparison == "=":
            return np.asarray(np.abs(level) > slack + rule.tolerance)
        return np.asarray(level <= slack if rule.comparison == ">" else level < -slack)


def _check(rule: LinearRule, data: Columns) -> None:
    first, n_broken = None, 0
    for block in data.blocks():
        broken = rule.is_broken(data.values[block])
        n_broken += int(broken.sum())
        if first is None and broken.any():
            first = block.start + int(np.argmax(broken))
    if first is None:
        return
    cells = ", ".join(f"{data.names[k]} = {data.values[first, k]:.10g}" for k in rule.form.columns)
    n = len(data.values)
    raise DataError(
        f"constraint '{rule.text}' does not hold in {n_broken:,} of {n:,} training rows "
        f"({100 * n_broken / n:.3g} %); the first is row {first + 1} of them: {cells}; correct the "
        "data or the constraint"
    )
