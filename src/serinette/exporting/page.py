"""A model as one page of HTML that runs it: no server, no network, nothing beside it.

The page runs only the script and the style that are written here, by their hashes, and may load
nothing. The weights stand in it as base 64; what the model knows of symbols, and all that is told
of it, as JSON. `browser/` holds the script, in the order in which it is joined here.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from serinette.core import page_style
from serinette.core.page_style import GROUND, HEADINGS, SEQUENTIAL_DARK, SEQUENTIAL_LIGHT
from serinette.exporting.assembly import assemble
from serinette.exporting.weights import PackedWeights

_COMPUTING = ("random", "codec", "sampler", "network", "writer")
_LENGTH = 1_000
_LIGHT = page_style.LIGHT | {
    "field": "#ffffff", "mark": "#1d5a9e", "on-mark": "#ffffff", "red": "#b3261e",
}  # fmt: skip
_DARK = page_style.DARK | {
    "field": "#202124", "mark": "#7fb3f0", "on-mark": "#10161d", "red": "#ff8f82",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PageContents:
    """What a page holds."""

    name: str
    """Of the model, as `serinette generate` takes it."""
    headline: str
    """One or two sentences under the name."""
    told: Sequence[tuple[str, str]]
    """Facts: what, and how much."""
    notes: Sequence[str]
    """Sentences worth knowing."""
    unit: str
    """What a symbol is called: character, byte, word."""
    codec: Mapping[str, Any]
    """The codec of texts as plain values."""
    sizes: Mapping[str, Any]
    """`ModelConfig` as plain values."""
    has_critic: bool
    """Whether `generate` lets a critic choose unless it is told not to."""
    has_int8: bool
    """Whether `generate` computes in whole numbers unless it is told not to."""
    weights: PackedWeights


def style_sheet() -> str:
    """Return the sheet that the page holds."""
    light, dark = (
        colours | {f"s{k}": tint for k, tint in enumerate(tints, 1)}
        for colours, tints in ((_LIGHT, SEQUENTIAL_LIGHT), (_DARK, SEQUENTIAL_DARK))
    )
    return "\n".join((page_style.colours_of(light, dark), GROUND + HEADINGS, _source("page.css")))


@cache
def computing_script() -> str:
    """Return the part of the script that touches no page: codec, network, sampler, writer."""
    return "\n".join(_source(f"{name}.js") for name in _COMPUTING)


def page(contents: PageContents) -> str:
    """Return the page, to be written as UTF-8."""
    style = style_sheet()
    script = f'"use strict";\n{computing_script()}\n{_source("page.js")}'
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(contents.name)}: a model that writes</title>"
        f"<style>{style}</style></head><body><main>"
        f"{''.join(_body(contents))}</main>"
        f'<script type="application/json" id="facts">{_json(page_facts(contents))}</script>'
        f'<script type="text/plain" id="weights">{_base64(contents.weights.content)}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def page_facts(contents: PageContents) -> dict[str, Any]:
    """Return what the script is told."""
    return {
        "name": contents.name,
        "codec": contents.codec,
        "sizes": contents.sizes,
        "weights": contents.weights.places,
        "kernel": _base64(assemble()),
        "hasCritic": contents.has_critic,
        "hasInt8": contents.has_int8,
    }


def _body(contents: PageContents) -> Iterator[str]:
    yield (
        '<header><p class="kicker">A model that runs in this page</p>'
        f'<h1>{escape(contents.name)}</h1><p class="headline">{escape(contents.headline)}</p>'
        "</header><noscript><p>This page computes: it needs JavaScript. Nothing is loaded and "
        "nothing is sent.</p></noscript>"
    )
    yield f'<div class="desk" hidden>{_form(contents)}{_result()}</div>'
    yield (
        '<details id="shell" hidden><summary>The same on the command line</summary>'
        '<p class="small">serinette generate draws with the same random numbers from the same '
        "seed. It writes the same text as far as the weights agree: see below.</p>"
        '<code id="command"></code></details>'
    )
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in contents.told
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in contents.notes)
    yield f'<section><h2>The model</h2><dl>{rows}</dl><ul class="notes">{notes}</ul></section>'


def _form(contents: PageContents) -> str:
    unit = escape(contents.unit)
    return (
        '<form id="request" aria-label="What to write" autocomplete="off">'
        + _field(
            "prompt", "Begin with", '<textarea id="prompt" rows="3" dir="auto" spellcheck="false">'
            "</textarea>", "wide",
        )
        + _labels(contents.codec.get("labels", ()))
        + _field(
            "temperature",
            'Temperature <output id="heat" for="temperature">1.00</output>',
            '<input id="temperature" type="range" min="0" max="2" step="0.05" value="1">',
            "wide",
        )
        + _field("top-k", "Top-k", _number("top-k", "", "all"))
        + _field("top-p", "Top-p", _number("top-p", "", "1", "decimal"))
        + _field("seed", "Seed", _number("seed", "0", ""))
        + _field("length", f"Length, {unit}s", _number("length", str(_LENGTH), ""))
        + _field(
            "stop", "Stop before (\\n is a new line)",
            '<input id="stop" type="text" spellcheck="false" dir="auto">', "wide",
        )
        + '<p id="problem" role="alert"></p><div class="buttons">'
        '<button id="write" type="submit">Write</button>'
        '<button id="another" type="button">Another</button></div></form>'
    )  # fmt: skip


def _field(name: str, label: str, control: str, width: str = "") -> str:
    return f'<div class="field {width}"><label for="{name}">{label}</label>{control}</div>'


def _number(name: str, value: str, hint: str, mode: str = "numeric") -> str:
    return (
        f'<input id="{name}" type="text" inputmode="{mode}" value="{value}" placeholder="{hint}">'
    )


def _labels(labels: Sequence[str]) -> str:
    if not labels:
        return ""
    options = '<option value="0">none</option>' + "".join(
        f'<option value="{k}">{escape(label)}</option>' for k, label in enumerate(labels, 1)
    )
    return _field("label", "Label", f'<select id="label">{options}</select>', "wide")


def _result() -> str:
    tints = "".join(f'<i class="s{k}"></i>' for k in range(8))
    return (
        '<section aria-label="Result"><div id="paper" role="region" tabindex="0" dir="auto" '
        'aria-label="What the model writes" aria-live="off" '
        'data-empty="Write, or Ctrl+Enter; Escape halts."></div><div class="under">'
        '<p id="told" role="status"></p>'
        '<label><input id="is-coloured" type="checkbox" checked>Colour by surprisal</label>'
        f'<div class="legend" aria-hidden="true"><span>0</span>{tints}<span>10+ bits</span></div>'
        '<button id="copy" type="button">Copy</button></div></section>'
    )


def _source(name: str) -> str:
    return (files(__package__) / "browser" / name).read_text(encoding="utf-8")


def _json(value: object) -> str:
    """Return JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _hash(source: str) -> str:
    return f"sha256-{_base64(hashlib.sha256(source.encode('utf-8')).digest())}"
