"""All outputs by the same code: the report's figures, TimeGAN's score, and who is better."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Evaluation
from serinette.kinds.series.table import Table
from serinette.recipes.series.evaluate import SeriesEvaluateRequest
from serinette.recipes.series.files import (
    JudgedTables,
    TableFiles,
    evaluate_table_files,
    read_judged,
)
from serinette.recipes.series.timegan import judged_metric, sliding_windows

from .cutting import Files

_LENGTH = 24
_MOST_WINDOWS = 4_000
_FEWEST_WINDOWS = 40
_TINY = 1e-7
_SAME = 1e-9


def judge(files: Files, outputs: Mapping[str, Path], n_judges: int, *, is_quick: bool,
          seed: int) -> dict[str, list[Metric]]:  # fmt: skip
    """Return the figures of each tool, by its name; what was judged before is read again."""
    found, tables = {}, {}
    for tool, path in outputs.items():
        named = TableFiles(samples=path, reference=files.held_out, training=files.train)
        kept = path.with_suffix(f".{'quick' if is_quick else 'full'}.json")
        if not kept.exists() or kept.stat().st_mtime < path.stat().st_mtime:
            request = SeriesEvaluateRequest(seed=seed, is_quick=is_quick, window=files.window)
            evaluation = evaluate_table_files(named, files.config, request)
            kept.write_text(json.dumps(evaluation.to_json()))
        evaluation = Evaluation.from_json(json.loads(kept.read_text()))
        found[tool] = list(evaluation.metrics)
        tables[tool] = read_judged(named, files.config)
    _fill_(found)
    for tool, metric in _timegan_again(files, outputs, tables, n_judges).items():
        found[tool].append(metric)
    return found


def _timegan_again(
    files: Files, outputs: Mapping[str, Path], tables: Mapping[str, JudgedTables], n_judges: int
) -> dict[str, Metric]:
    """Ask TimeGAN's judges, which takes minutes, or read what they said of the same files."""
    told = repr([n_judges, *((tool, path.read_bytes()) for tool, path in sorted(outputs.items()))])
    kept = files.train.parent / f"timegan-{hashlib.sha256(told.encode()).hexdigest()[:16]}.json"
    if not kept.exists():
        metrics = _timegan(tables, n_judges)
        kept.write_text(json.dumps({tool: metric.to_json() for tool, metric in metrics.items()}))
    plain = json.loads(kept.read_text())
    return {tool: Metric.from_json(metric) for tool, metric in plain.items()}


def _fill_(found: Mapping[str, list[Metric]]) -> None:
    """Add the relations that a tool never breaks: the report lists only broken ones."""
    broken = {m.key: m for each in found.values() for m in each if m.key.startswith("broken:")}
    for metrics in found.values():
        kept = {m.key for m in metrics}
        metrics += [replace(m, value=0.0) for key, m in broken.items() if key not in kept]


def rows_of(by_seed: Sequence[Mapping[str, Sequence[Metric]]], tools: Sequence[str]) -> list[str]:
    """Return the lines of a table: figure, floor, each tool, who is best."""
    lines = [
        f"| figure | real | {' | '.join(tools)} | best |",
        "|---|---|" + "---|" * (len(tools) + 1),
    ]
    wins = dict.fromkeys(tools, 0)
    n_apart = 0
    for key in _keys(by_seed, tools):
        metrics = {tool: _of_key(by_seed, tool, key) for tool in tools}
        first = next(iter(each[0] for each in metrics.values() if each))
        best = _best(metrics)
        # What details another figure (of one column, of one relation) does not count twice.
        is_apart = 0 < len(best) < len(tools) and ":" not in key
        n_apart += is_apart
        for tool in best:
            wins[tool] += is_apart
        told = "all" if len(best) == len(tools) else ", ".join(best)
        cells = [_cell(each) for each in metrics.values()]
        unit = f", {first.unit}" if first.unit else ""
        lines.append(f"| {first.name}{unit} | {_floor(metrics)} | {' | '.join(cells)} | {told} |")
    counted = ", ".join(f"{tool} {n}" for tool, n in wins.items())
    last = (
        f"Best, or within the uncertainty of the best, of {n_apart} figures that "
        f"differ (those of single columns and relations not counted): {counted}."
    )
    return [*lines, "", last]


def _keys(by_seed: Sequence[Mapping[str, Sequence[Metric]]], tools: Sequence[str]) -> list[str]:
    found = dict.fromkeys(m.key for run in by_seed for tool in tools for m in run[tool])
    last = [key for key in found if key.startswith("broken")]
    return [*(key for key in found if key not in last), *last]


def _of_key(by_seed: Sequence[Mapping[str, Sequence[Metric]]], tool: str, key: str) -> list[Metric]:
    found = [m for run in by_seed for m in run[tool] if m.key == key]
    return [m for m in found if math.isfinite(m.value)]


def _value(metrics: Sequence[Metric]) -> float:
    return float(np.mean([m.value for m in metrics]))


def _ends(metrics: Sequence[Metric]) -> tuple[float, float]:
    """Return the mean ends of the intervals; of one seed and no interval the value itself."""
    low = [m.value if m.interval is None else m.interval[0] for m in metrics]
    high = [m.value if m.interval is None else m.interval[1] for m in metrics]
    return float(np.mean(low)), float(np.mean(high))


def _best(metrics: Mapping[str, Sequence[Metric]]) -> list[str]:
    """Return who is nearest to real series, and whose interval reaches as far."""
    there = {tool: each for tool, each in metrics.items() if each}
    # Floors differ a little with the sizes of the sides: equal figures are to be equally good.
    floor = float(np.mean([m.floor or 0.0 for each in there.values() for m in each]))
    excess = {tool: _excess(each, floor) for tool, each in there.items()}
    best = min(excess, key=excess.__getitem__)
    low, high = _ends(there[best])
    found = []
    for tool, each in there.items():
        is_equal = excess[tool] <= excess[best] + _SAME
        one = _ends(each)
        if is_equal or (one[0] <= high and low <= one[1] and one[0] < one[1]):
            found.append(tool)
    return found if len(there) > 1 else []


def _excess(metrics: Sequence[Metric], floor: float) -> float:
    """Return how far above real series a figure lies; of `real` ones how far on either side."""
    away = _value(metrics) - floor
    if metrics[0].better == "real":
        return abs(away)
    return max(0.0, -away if metrics[0].better == "higher" else away)


def _cell(metrics: Sequence[Metric]) -> str:
    if not metrics:
        return "none"
    low, high = _ends(metrics)
    spread = "" if low == high else f" ({low:.3g} to {high:.3g})"
    return f"{_value(metrics):.3g}{spread}"


def _floor(metrics: Mapping[str, Sequence[Metric]]) -> str:
    """Return what real series score; sides of other sizes have floors a little apart."""
    floors = [f"{m.floor:.3g}" for each in metrics.values() for m in each if m.floor is not None]
    least, most = (pick(floors, key=float, default="") for pick in (min, max))
    return least if least == most else f"{least} to {most}"


def _timegan(tables: Mapping[str, JudgedTables], n_judges: int) -> dict[str, Metric]:
    """Return TimeGAN's discriminative score against training windows, where all is numbers.

    Sides are thinned to one size, since the score of uneven ones does not begin at 0. The floor is
    held-out windows in the place of written ones.
    """
    from serinette.training.timegan_judges import discriminative_scores

    first = next(iter(tables.values()))
    if n_judges < 2 or any(column.levels for column in first.training.stepwise):
        return {}
    length = min(_LENGTH, int(np.median(np.diff(first.training.starts))))
    real, held_out = (_windows(table, length) for table in (first.training, first.reference))
    written = {tool: _windows(each.samples, length) for tool, each in tables.items()}
    n = min(len(real), len(held_out), *map(len, written.values()))
    if n < _FEWEST_WINDOWS or any(np.isnan(each).any() for each in (real, *written.values())):
        return {}
    low, high = real.min((0, 1)), real.max((0, 1))

    def scores(windows: np.ndarray) -> list[float]:
        some = [_some(each, n, k) for k, each in enumerate((real, windows))]
        scaled = [((each - low) / (high - low + _TINY)).astype(np.float32) for each in some]
        return discriminative_scores(*scaled, seeds=range(n_judges))

    floor = scores(held_out)
    found = {}
    for tool, windows in written.items():
        figures = scores(windows)
        name = f"TimeGAN's discriminative score ({n:,} windows of {length} rows)"
        found[tool] = judged_metric(name, "timegan_discriminative", figures, floor, n)
    return found


def _windows(table: Table, length: int) -> np.ndarray:
    cells = table.numbers([column.name for column in table.stepwise])
    return sliding_windows(cells, table.starts, length)


def _some(windows: np.ndarray, n: int, seed: int) -> np.ndarray:
    n = min(n, _MOST_WINDOWS)
    return windows[np.random.default_rng(seed).permutation(len(windows))[:n]]
