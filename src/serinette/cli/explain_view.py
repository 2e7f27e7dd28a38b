"""What was found out about a network, for a terminal or a pipe."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from serinette.cli.output import Stream, dim, has_colour, isolated, safe
from serinette.cli.surprisal import coloured, legend
from serinette.cli.tables import table

if TYPE_CHECKING:
    from serinette.explaining.explanation import CellTrace, Explanation
    from serinette.explaining.probes import Finding

_SHOWN_SYMBOLS = 2_000
_LISTED_SYMBOLS = 120
_SHOWN_FINDINGS = 15
_BARS = " ▁▂▃▄▅▆▇█"
_GATE_COLUMNS = ("i", "f", "g", "o", "c", "h")
_CONTROL = str.maketrans({"\n": "⏎", "\t": "⇥", " ": "␣"})


def view(found: "Explanation", stream: Stream) -> str:
    """Return the whole view: colours only where the stream wants them."""
    blocks = [block for block in _blocks(found, stream) if block]
    return "\n\n".join(blocks) + "\n"


def _blocks(found: "Explanation", stream: Stream) -> Iterator[str]:
    if not found.curves:
        yield _text(found, stream)
    yield from _steps(found, stream)
    yield (
        f"{found.bits_per_symbol:.3f} bits a {found.unit}, over {found.n_symbols:,} "
        f"{found.unit}s with the ends of documents"
        if not found.curves
        else f"{found.bits_per_symbol:.3f} bits a row, over {found.n_symbols:,} rows"
    )
    yield _findings(found, stream)
    yield _contexts(found)
    yield _reach(found)


def _text(found: "Explanation", stream: Stream) -> str:
    """Return the text in the colours of its surprisal; without colours it is left out."""
    if not has_colour(stream):
        return ""
    text, nats = [], []
    for piece, value in zip(found.pieces[:_SHOWN_SYMBOLS], found.nats, strict=False):
        text.append(piece)
        nats += [float(value) / max(1, len(piece))] * len(piece)
    rest = len(found.pieces) - _SHOWN_SYMBOLS
    more = dim(f"\n... {rest:,} more; -o page.html shows them", stream) if rest > 0 else ""
    return f"{legend()}\n\n{coloured(''.join(text), nats)}{more}"


def _steps(found: "Explanation", stream: Stream) -> Iterator[str]:
    """List symbol by symbol: surprisal, alternatives, and the cells that were asked for."""
    asked: list[CellTrace | None] = [trace for trace in found.cells if trace.is_asked]
    n = min(len(found.pieces), _LISTED_SYMBOLS)
    for trace in asked or [None]:
        rows: list[tuple[str, ...]] = [_head(found, trace)]
        rows += [_row(found, k, trace, stream) for k in range(n)]
        yield safe(table(rows), stream)
    if len(found.pieces) > n:
        yield dim(f"... {len(found.pieces) - n:,} more; --json or -o page.html has them", stream)


def _head(found: "Explanation", trace: "CellTrace | None") -> tuple[str, ...]:
    gates = () if trace is None else tuple(f"{name} {trace.cell}" for name in _GATE_COLUMNS)
    return (found.unit, "bits", *gates, *(curve.name for curve in found.curves), "instead")


def _row(
    found: "Explanation", k: int, trace: "CellTrace | None", stream: Stream
) -> tuple[str, ...]:
    gates: tuple[str, ...] = ()
    if trace is not None:
        gates = tuple(f"{trace.values[name][k]:.2f}" for name in _GATE_COLUMNS)
    columns = tuple(f"{curve.values[k]:.5g}" for curve in found.curves)
    instead = "  ".join(
        f"{isolated(one.text.translate(_CONTROL), stream)} {100 * one.probability:.0f}%"
        for one in (found.alternatives[k] if found.alternatives else ())
    )
    bits = f"{found.nats[k] / math.log(2):.2f}"
    return (isolated(found.pieces[k].translate(_CONTROL), stream), bits, *gates, *columns, instead)


def _findings(found: "Explanation", stream: Stream) -> str:
    if not found.findings:
        return ""
    rows: list[tuple[str, ...]] = [
        ("what", "cell", "", "AUC", "95 %", "all cells", "untrained", "chance")
    ]
    rows += [_finding(one) for one in found.findings[:_SHOWN_FINDINGS]]
    n_left = len(found.findings) - _SHOWN_FINDINGS
    more = dim(f"\n... {n_left} more; --json has them", stream) if n_left > 0 else ""
    return (
        f"cells that stand for something: chosen on the first half of {found.probed},\n"
        f"measured on the second\n{table(rows)}{more}"
    )


def _finding(one: "Finding") -> tuple[str, ...]:
    spread = "" if one.interval is None else f"{one.interval[0]:.3f} to {one.interval[1]:.3f}"
    return (
        one.trait,
        str(one.cell),
        f"{'+' if one.sign > 0 else '-'}{one.of}",
        f"{one.auc:.3f}",
        spread,
        f"{one.linear:.3f}",
        "" if one.untrained is None else f"{one.untrained:.3f}",
        f"{one.chance:.3f}",
    )


def _contexts(found: "Explanation") -> str:
    if not found.costs or found.full_bits is None:
        return ""
    rows = [(f"context, {found.unit}s", f"bits a {found.unit}", "more than with all of it", "95 %")]
    for cost in found.costs:
        spread = ""
        if cost.interval is not None:
            spread = f"{cost.interval[0]:+.3f} to {cost.interval[1]:+.3f}"
        rows.append(
            (
                f"{cost.context:,}",
                f"{found.full_bits + cost.excess:.3f}",
                f"{cost.excess:+.3f}",
                spread,
            )
        )
    rows.append(("all", f"{found.full_bits:.3f}", "", ""))
    return f"what a shorter context costs\n{table(rows)}"


def _reach(found: "Explanation") -> str:
    reach = found.reach
    if reach is None:
        return ""
    groups = [(1 << k) - 1 for k in range(len(reach.shares).bit_length() + 1)]
    sums = [sum(reach.shares[a:b]) for a, b in pairwise(groups) if a < len(reach.shares)]
    bars = "".join(_BARS[round((len(_BARS) - 1) * share / max(sums))] for share in sums)
    unit = found.unit
    return (
        f"gradient of {reach.n} predictions: half of it on the last {reach.half} {unit}s, nine "
        f"tenths on the last {reach.most}\n"
        f"by how long ago, doubling: {bars}  (1, 2-3, 4-7, ... {unit}s back)"
    )
