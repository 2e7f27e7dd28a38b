"""Find the relations that hold in every row of the training part.

A relation needs evidence: fewer than 30 rows show only constants and copies; an ordering counts
where the two columns' ranges overlap and they move together; a sum is found by regression and then
verified in every row, within the rounding of the source.

Shape letters: `N` rows, `D` columns.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from serinette.core.errors import DataError
from serinette.kinds.series.relations.columns import DETERMINED, ColumnRole, Columns
from serinette.kinds.series.relations.ordering import find_orderings
from serinette.kinds.series.relations.relations import Relations
from serinette.kinds.series.relations.rules import LinearRule, parse_rule

_FEWEST = 30
_SAMPLED = 20_000
_MOST_TERMS = 4
_MOST_FOR_SUMS = 60
"""More columns than this are not searched for sums."""
_DISTINCT = 10
_NEAR = 0.02


def find_relations(
    data: Columns, *, constraints: Sequence[str] = (), search: bool = True
) -> Relations:
    """Look for what holds in every row, and take in what the user asks for.

    Args:
        data: The training part.
        constraints: Such as `end >= start`; they must hold in the data.
        search: Whether anything but constants and roundings is looked for.

    Raises:
        ConfigError: If a constraint cannot be read, or names no column.
        DataError: If a constraint does not hold in the data.
    """
    roles = [_plain_role(data, k) for k in range(len(data.names))]
    sentences = [
        f"{data.names[k]} is {role.offset:g} in every row"
        for k, role in enumerate(roles) if role.role == "constant"
    ]  # fmt: skip
    if search:
        sentences += _copies(data, roles)
        if len(data.values) >= _FEWEST:
            sentences += _affines(data, roles)
            sentences += _totals(data, roles)
            sentences += _counters(data, roles)
            sentences += find_orderings(data, roles)
    rules = tuple(parse_rule(text, data.names, roles) for text in constraints)
    for rule in rules:
        _check_rule(rule, data, roles)
        sentences.append(f"{rule.text}, as asked")
    whole = data.values[~np.isnan(data.values).any(axis=1)] if rules else data.values[:0]
    return Relations(
        names=data.names,
        roles=tuple(roles),
        order=_order(roles),
        rules=rules,
        sentences=tuple(sentences),
        witness=tuple(float(x) for x in whole[len(whole) // 2]) if len(whole) else (),
    )


def _plain_role(data: Columns, k: int) -> ColumnRole:
    """Return a column's range and rounding; a constant is one from the start."""
    cells = data.values[:, k]
    there = cells[~np.isnan(cells)]
    low, high = float(there.min()), float(there.max())
    decimals = 0 if data.is_integer[k] else data.decimals[k]
    if low == high and len(there) == len(cells) and len(cells) > 1:
        return ColumnRole(role="constant", offset=low, low=low, high=high, decimals=decimals)
    grid = _grid(there, decimals)
    return ColumnRole(role="free", decimals=decimals, grid=grid, low=low, high=high)


def _grid(there: Float[np.ndarray, " N"], decimals: int | None) -> float:
    """Return the step of which all distances are multiples, where it is wider than the rounding."""
    if decimals is None or len(there) < _FEWEST:
        return 0.0
    unit = 10.0**-decimals
    distances = np.round((np.unique(there) - there.min()) / unit)
    if distances.max() > 2**53 or len(distances) < 3:  # noqa: PLR2004
        return 0.0
    step = int(np.gcd.reduce(distances.astype(np.int64)))
    return step * unit if step > 1 else 0.0


def _free(roles: Sequence[ColumnRole]) -> list[int]:
    return [k for k, role in enumerate(roles) if role.role == "free"]


def _copies(data: Columns, roles: list[ColumnRole]) -> list[str]:
    found: list[str] = []
    seen: dict[bytes, int] = {}
    for k in _free(roles):
        key = np.ascontiguousarray(data.values[:, k] + 0.0).tobytes()
        if key in seen and len(data.values) > 1:
            roles[k] = ColumnRole(
                **{**vars(roles[k]), "role": "copy", "lower": (seen[key],), "grid": 0.0}
            )
            found.append(f"{data.names[k]} equals {data.names[seen[key]]} in every row")
        else:
            seen[key] = k
    return found


def _half(role: ColumnRole, cells: np.ndarray) -> float:
    """Return how far rounding may move a value."""
    own = 0.5 * 10.0**-role.decimals if role.decimals is not None else 0.0
    return own * (1 + 1e-6) + 1e-9 * float(np.nanmax(np.abs(cells)))


def _affines(data: Columns, roles: list[ColumnRole]) -> list[str]:
    found: list[str] = []
    free = _free(roles)
    sample = _sample(data.values)
    for at, k in enumerate(free):
        for source in free[:at]:
            if roles[source].role != "free":
                continue
            fit = _affine(sample[:, source], sample[:, k])
            if fit is None:
                continue
            role = roles[k]
            factor, offset = fit
            cells, other = data.values[:, k], data.values[:, source]
            if not np.array_equal(np.isnan(cells), np.isnan(other)):
                continue
            predicted = factor * other + offset
            if float(np.nanmax(np.abs(predicted - cells))) <= _half(role, cells):
                roles[k] = ColumnRole(
                    role="affine", lower=(source,), factors=(factor,), offset=offset,
                    decimals=role.decimals, low=role.low, high=role.high,
                )  # fmt: skip
                found.append(
                    f"{data.names[k]} = {factor:.10g} * {data.names[source]}"
                    + (
                        f" + {offset:.10g}"
                        if offset > 0
                        else f" - {-offset:.10g}"
                        if offset
                        else ""
                    )
                    + " in every row"
                )
                break
    return found


def _affine(a: np.ndarray, b: np.ndarray) -> tuple[float, float] | None:
    """Return factor and offset of the line through all points, as plain numbers as possible."""
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if len(np.unique(a)) < _DISTINCT or np.corrcoef(a, b)[0, 1] ** 2 < 1 - 1e-4:
        return None
    first, last = int(np.argmin(a)), int(np.argmax(a))
    factor = (b[last] - b[first]) / (a[last] - a[first])
    for digits in (3, 6, 9):
        rounded = float(f"{factor:.{digits}g}")
        offset = float(f"{np.median(b - rounded * a):.9g}")
        if abs(rounded) > 0 and np.abs(rounded * a + offset - b).max() <= 1e-6 * np.abs(b).max():
            return rounded, offset
    least = np.polyfit(a, b, 1)
    return float(least[0]), float(least[1])


def _totals(data: Columns, roles: list[ColumnRole]) -> list[str]:
    """Find columns that are sums or differences of others."""
    free = _free(roles)
    if not 3 <= len(free) <= _MOST_FOR_SUMS:  # noqa: PLR2004
        return []
    found: list[str] = []
    sample = _sample(data.values)
    sample = sample[~np.isnan(sample[:, free]).any(axis=1)]
    if len(sample) < _FEWEST:
        return []
    for k in reversed(free):
        others = [j for j in free if j != k and roles[j].role == "free"]
        signs = _signs(sample, k, others)
        if signs is None:
            continue
        cells = data.values[:, k]
        total = sum(sign * data.values[:, j] for j, sign in signs.items())
        both = ~(np.isnan(cells) | np.isnan(total))
        if not np.array_equal(np.isnan(cells), np.isnan(total)):
            continue
        if float(np.abs(total - cells)[both].max()) > _half(roles[k], cells):
            continue
        role = roles[k]
        roles[k] = ColumnRole(
            role="total", lower=tuple(signs), factors=tuple(signs.values()),
            decimals=role.decimals, low=role.low, high=role.high,
        )  # fmt: skip
        words = " ".join(
            f"{'+' if sign > 0 else '-'} {data.names[j]}" for j, sign in signs.items()
        ).removeprefix("+ ")
        found.append(f"{data.names[k]} = {words} in every row")
    return found


def _signs(sample: np.ndarray, k: int, others: Sequence[int]) -> dict[int, float] | None:
    """Return what is added and what is taken away, if one column is such a sum of others."""
    if len(others) < 2:  # noqa: PLR2004
        return None
    x = sample[:, others]
    scale = x.std(0) + 1e-12
    centred = (x - x.mean(0)) / scale
    y = sample[:, k] - sample[:, k].mean()
    ridge = 1e-9 * len(x)
    weights = (
        np.linalg.solve(centred.T @ centred + ridge * np.eye(len(others)), centred.T @ y) / scale
    )
    rounded = np.round(weights)
    is_used = np.abs(rounded) == 1
    if not 2 <= is_used.sum() <= _MOST_TERMS or np.abs(weights - rounded).max() > _NEAR:  # noqa: PLR2004
        return None
    if np.abs(rounded).max() > 1:
        return None
    return {j: float(w) for j, w in zip(others, rounded, strict=True) if w}


def _counters(data: Columns, roles: list[ColumnRole]) -> list[str]:
    found: list[str] = []
    n = len(data.values)
    is_first = np.zeros(n, dtype=np.bool_)
    is_first[data.starts[:-1]] = True
    for k in _free(roles):
        steps = np.diff(data.values[:, k])[~is_first[1:]]
        if len(steps) < _FEWEST or np.isnan(data.values[:, k]).any() or steps.min() < 0:
            continue
        if (steps > 0).sum() < _DISTINCT:
            continue
        is_strict = float(steps.min()) > 0
        least = roles[k].smallest if is_strict else 0.0
        roles[k] = ColumnRole(**{**vars(roles[k]), "role": "counter", "least_step": least})
        verb = "rises" if is_strict else "never falls"
        found.append(f"{data.names[k]} {verb} within every sequence")
    return found


def _sample(values: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "M D"]:
    if len(values) <= _SAMPLED:
        return values
    rows = np.linspace(0, len(values) - 1, _SAMPLED).astype(np.int64)
    return values[rows]


def _check_rule(rule: LinearRule, data: Columns, roles: Sequence[ColumnRole]) -> None:
    broken = rule.is_broken(data.values, roles)
    if broken.any():
        row = int(np.argmax(broken))
        cells = ", ".join(f"{data.names[k]} = {data.values[row, k]:g}" for k in rule.columns)
        raise DataError(
            f"constraint '{rule.text}' does not hold in {broken.sum():,} of {len(broken):,} "
            f"training rows; the first is row {row + 1} of them: {cells}; correct the data or the "
            "constraint"
        )


def _order(roles: Sequence[ColumnRole]) -> tuple[int, ...]:
    """Return the columns so that each comes after those it follows from or is bounded by."""
    done: list[int] = []
    waiting = list(range(len(roles)))
    while waiting:
        ready = [k for k in waiting if {*roles[k].lower, *roles[k].upper} <= set(done)]
        if not ready:
            names = ", ".join(str(k) for k in waiting)
            raise AssertionError(f"columns {names} wait for one another")
        free_first = sorted(ready, key=lambda k: (roles[k].role in DETERMINED, k))
        done.append(free_first[0])
        waiting.remove(free_first[0])
    return tuple(done)
