"""The page that shows a network while it reads: one file that needs nothing else.

It runs only the script and the style that are written here, by their hashes, and may load nothing.
Without the script the text, the tables and the pictures can still be read.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from typing import Any

from serinette.explaining.explanation import Explanation
from serinette.explaining.page.charts import context_chart, reach_chart
from serinette.explaining.page.packing import packed_alternatives, packed_bits, packed_cell
from serinette.explaining.page.script import SCRIPT
from serinette.explaining.page.style import style_sheet
from serinette.explaining.probes import Finding

MOST_CELLS = 14
"""Cells of a page: each takes 160 kB of 20,000 symbols."""
_ALTERNATIVES = 3
_CHART_WIDTH = 460
_WELL_TOLD = 0.95
_ONE = ("No single cell", "One single cell")
_GATES = (
    ("c", "memory c"),
    ("h", "output h"),
    ("i", "input gate i"),
    ("f", "forget gate f"),
    ("g", "candidate g"),
    ("o", "output gate o"),
)


def page(found: Explanation) -> str:
    """Return the page, to be written as UTF-8."""
    style = style_sheet()
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(SCRIPT)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = escape(f"Inside {found.subject}")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" '
        f'content="no-referrer"><title>{title}</title><style>{style}</style></head><body><main>'
        f"{''.join(_body(found))}</main>"
        f'<script type="application/json" id="data">{_json(_data(found))}</script>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def _body(found: Explanation) -> Iterator[str]:
    yield (
        f'<header><p class="kicker">Looking inside</p><h1>{escape(found.subject)}</h1>'
        f'<p class="headline">{_headline(found)}</p></header>'
    )
    yield _reader(found)
    yield _table(found)
    yield _contexts(found)
    notes = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
    yield f'<ul class="notes">{notes}</ul>' if notes else ""


def _headline(found: Explanation) -> str:
    told = {finding.cell for finding in found.findings if finding.auc > _WELL_TOLD}
    cells = ""
    if found.findings:
        count = f"{len(told)} single cells tell" if len(told) > 1 else f"{_ONE[len(told)]} tells"
        read = "rows" if found.curves else "text"
        cells = (
            f" {count} something about the place with an AUC above {_WELL_TOLD}, on {read} that "
            "had no say in the choice."
        )
    return (
        f"{found.bits_per_symbol:.3f} bits a {escape(found.unit)} over {found.n_symbols:,} "
        f"{escape(found.unit)}s.{cells}"
    )


def _reader(found: Explanation) -> str:
    is_table = bool(found.curves)
    options = '<option value="">surprisal</option>' + "".join(
        f'<option value="{k}">{trace.cell} · {escape(trace.why)}</option>'
        for k, trace in enumerate(found.cells[:MOST_CELLS])
    )
    gates = "".join(f'<option value="{name}">{text}</option>' for name, text in _GATES)
    what = "Curves" if is_table else "Text"
    verb = "Draw" if is_table else "Colour by"
    shown = "" if is_table else escape(found.text)
    return (
        f'<section aria-labelledby="reading"><h2 id="reading">{what}, read by the network</h2>'
        f'<p class="small">Point at a place, or tap it, to see what was expected there and what a '
        f"cell did.</p>"
        f'<div class="reader"><div class="controls" hidden><label>{verb}<select id="cell">{options}'
        f'</select></label><label>Show its<select id="gate">{gates}</select></label>'
        f'<div class="legend" aria-hidden="true"></div></div>'
        f'<div class="passage" tabindex="0" role="group" aria-label="{what}; the arrow keys '
        f'walk along it" dir="auto">{shown}</div>'
        '<aside class="panel" aria-label="One place"></aside></div></section>'
    )


def _table(found: Explanation) -> str:
    if not found.findings:
        return ""
    places = {trace.cell: k for k, trace in enumerate(found.cells[:MOST_CELLS])}
    rows = "".join(_row(finding, places.get(finding.cell)) for finding in found.findings)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("", *_COLUMNS))
    return (
        "<section><h2>Cells that stand for something</h2><p>For each trait, the one cell "
        f"that tells it best. It was chosen on the first half of {escape(found.probed)}; every "
        "figure is measured on the second half, which had no say.</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        '<p class="small">A cell is named layer:number, both from 0; c is what it keeps, h what it '
        "shows; + is high where the trait holds, − low. AUC: the chance that it is so for a place "
        "where the trait holds and one where it does not; 0.5 tells nothing, 1 everything. "
        "<em>All cells</em>: a linear probe over all of them. <em>Untrained</em>: the best cell of "
        "a network of the same sizes that never learnt; where it is high, the trait needs no "
        "learning (the last symbol read is such a one). <em>Chance</em>: the same search for the "
        "trait moved to other places.</p></section>"
    )


_COLUMNS = ("cell", "AUC", "all cells", "untrained", "chance", "holds")


def _row(finding: Finding, place: int | None) -> str:
    name = f"{finding.cell} {'+' if finding.sign > 0 else '−'}{finding.of}"
    cell = name
    if place is not None:
        cell = f'<button type="button" data-cell="{place}" data-of="{finding.of}">{name}</button>'
    spread = ""
    if finding.interval is not None:
        low, high = finding.interval
        spread = f' <span class="small">{low:.3f} to {high:.3f}</span>'
    untrained = "" if finding.untrained is None else f"{finding.untrained:.3f}"
    ahead = ' <span class="small">(what comes next)</span>' if finding.is_ahead else ""
    values = (
        cell,
        f"{finding.auc:.3f}{spread}",
        f"{finding.linear:.3f}",
        untrained,
        f"{finding.chance:.3f}",
        f"{100 * finding.share:.0f}&nbsp;%",
    )
    cells = "".join(
        f'<td data-label="{label}"{" class=value" if label == "AUC" else ""}>{value}</td>'
        for label, value in zip(_COLUMNS, values, strict=True)
    )
    return f'<tr><th scope="row">{escape(finding.trait)}{ahead}</th>{cells}</tr>'


def _contexts(found: Explanation) -> str:
    unit, figures = escape(found.unit), []
    if len(found.costs) > 1 and found.full_bits is not None:
        figures.append(
            f"<figure>{context_chart(found.costs, found.full_bits, unit, _CHART_WIDTH)}<figcaption>"
            f"What a shorter context costs: bits a {unit} when the network begins with an empty "
            "memory so far back. The dashed line is the whole context; the band is the 95 % "
            "interval of the difference.</figcaption></figure>"
        )
    if found.reach is not None:
        reach = found.reach
        figures.append(
            f"<figure>{reach_chart(reach, unit, _CHART_WIDTH)}<figcaption>Where the gradient of "
            f"{reach.n} predictions goes: half of it to the last {reach.half} {unit}s, nine tenths "
            f"to the last {reach.most} of {len(reach.shares)}.</figcaption></figure>"
        )
    if not figures:
        return ""
    return (
        f'<section><h2>How far back it looks</h2><div class="pair">{"".join(figures)}</div>'
        "</section>"
    )


def _data(found: Explanation) -> dict[str, Any]:
    return {
        "pieces": list(found.pieces),
        "starts": list(found.starts),
        "bits": packed_bits(found.nats),
        "alternatives": packed_alternatives(found.alternatives, _ALTERNATIVES),
        "cells": [packed_cell(trace) for trace in found.cells[:MOST_CELLS]],
        "curves": [curve.to_json() for curve in found.curves],
    }


def _json(value: object) -> str:
    """Return JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
