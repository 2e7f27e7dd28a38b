"""The page holds all it shows, may load nothing, and text in it is only text."""

import base64
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from serinette.core.errors import ConfigError
from serinette.explaining.context import ContextCost, Reach
from serinette.explaining.explanation import Alternative, CellTrace, Curve, Explanation
from serinette.explaining.page import style
from serinette.explaining.page.packing import packed, packed_alternatives
from serinette.explaining.page.page import MOST_CELLS, page
from serinette.explaining.probes import Cell, Finding


def finding(**changes):
    values = {
        "trait": "inside <quotes>",
        "is_ahead": True,
        "cell": Cell(1, 2),
        "of": "c",
        "sign": -1,
        "auc": 0.971,
        "interval": (0.95, 0.99),
        "linear": 0.99,
        "untrained": 0.6,
        "chance": 0.51,
        "share": 0.2,
        "n": 500,
    }
    return Finding(**values | changes)


def explanation(n=6, n_cells=2, **changes):
    r = np.random.default_rng(0)
    text = (["</script>", "<b>", "\n", "é", "\x1b", "ö"] * n)[:n]
    cells = tuple(
        CellTrace(
            cell=Cell(1, 2 + k),
            why="inside <quotes>",
            values={name: r.random(n) for name in "ifgoch"},
        )
        for k in range(n_cells)
    )
    values = {
        "subject": "pl<ays",
        "unit": "character",
        "pieces": tuple(text),
        "starts": (0, 3),
        "nats": r.random(n) * 3,
        "alternatives": ((Alternative(text="<", probability=0.5),) * 5,) * n,
        "bits_per_symbol": 2.5,
        "n_symbols": n + 2,
        "cells": cells,
        "findings": (finding(), finding(trait="x", cell=Cell(0, 9), untrained=None, interval=None)),
        "probed": "held-out",
        "reach": Reach(shares=(0.5, 0.3, 0.2), half=1, most=3, n=32),
        "costs": tuple(
            ContextCost(context=k, excess=1 / k, interval=(0.9 / k, 1.1 / k), n=9)
            for k in (1, 2, 4, 8)
        ),
        "full_bits": 2.0,
        "notes": ("a <note>",),
    }
    return Explanation(**values | changes)


def test_it_refers_to_nothing_outside_and_only_its_own_script_runs():
    html = page(explanation())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)", html)
    assert not re.search(r'\sstyle="|\son\w+="', html)


def test_text_is_never_markup():
    html = page(explanation())
    assert html.count("</script>") == 2
    assert "<b>" not in html.replace("<b class", "")
    assert "pl&lt;ays" in html
    assert "inside &lt;quotes&gt;" in html
    assert "a &lt;note&gt;" in html


def data_of(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1])


def test_the_data_can_be_read_back():
    found = explanation()
    data = data_of(page(found))
    assert data["pieces"] == list(found.pieces)
    assert data["starts"] == [0, 3]
    gate = data["cells"][1]["gates"]["f"]
    values = np.frombuffer(base64.b64decode(gate["bytes"]), dtype=np.uint8) / 255
    np.testing.assert_allclose(values, found.cells[1].values["f"], atol=1 / 500)
    bits = data["bits"]
    raw = np.frombuffer(base64.b64decode(bits["bytes"]), dtype=np.uint8)
    step = (bits["high"] - bits["low"]) / 255
    np.testing.assert_allclose(bits["low"] + step * raw, found.nats / math.log(2), atol=0.06)


def test_twenty_thousand_symbols_and_all_cells_stay_below_three_megabytes():
    r = np.random.default_rng(0)
    words = np.array(list("etaoin shrdlu\n"))
    found = explanation(
        n=20_000,
        n_cells=MOST_CELLS + 5,
        pieces=tuple(r.choice(words, 20_000).tolist()),
        alternatives=((*(Alternative(text=c, probability=0.2) for c in "abcde"),),) * 20_000,
    )
    assert len(page(found).encode()) < 3_000_000
    assert len(data_of(page(found))["cells"]) == MOST_CELLS


def test_a_table_has_curves_and_no_text():
    curve = Curve(name="price <£>", values=np.array([1.0, math.nan, 3, 4, 5, 6]))
    html = page(explanation(curves=(curve,), alternatives=(), unit="row"))
    data = data_of(html)
    assert data["curves"] == [{"name": "price <£>", "values": [1, None, 3, 4, 5, 6]}]
    assert data["alternatives"] is None
    assert "Curves, read by the network" in html
    assert "2 single cells tell something about the place" in html
    assert "on rows that had no say in the choice" in html


def test_a_bare_explanation_still_makes_a_page():
    html = page(explanation(n_cells=0, findings=(), costs=(), reach=None, notes=()))
    assert "<table" not in html
    assert "<svg" not in html.partition("<script>")[0]


def test_json_has_the_numbers_of_the_cells_that_were_asked_for():
    asked, found = explanation().cells
    plain = replace(explanation(), cells=(replace(asked, is_asked=True), found)).to_json()["cells"]
    assert set(plain[0]) == {"cell", "why", *"ifgoch"}
    assert plain[1] == {"cell": "1:3", "why": "inside <quotes>"}


@pytest.mark.parametrize("name", ["page.html", "found.json"])
def test_it_is_saved_by_its_name(tmp_path, name):
    explanation().save(tmp_path / name)
    content = (tmp_path / name).read_text(encoding="utf-8")
    if name.endswith("html"):
        assert content.startswith("<!DOCTYPE html>")
    else:
        assert json.loads(content)["findings"][0]["auc"] == 0.971
    with pytest.raises(
        ConfigError, match=r"page\.pdf': write to a file that ends in .html or .json"
    ):
        explanation().save(tmp_path / "page.pdf")


def test_numbers_beyond_the_bounds_are_cut_off():
    raw = base64.b64decode(packed(np.array([-5.0, 0, 0.5, 1, 9, math.nan]), 0.0, 1.0)["bytes"])
    assert list(raw) == [0, 0, 128, 255, 255, 0]


def test_alternatives_are_named_once():
    rows = [
        [Alternative(text=a, probability=0.5), Alternative(text="z", probability=0.1)]
        for a in "aba"
    ]
    found = packed_alternatives(rows, 3)
    assert (found["n"], found["names"]) == (2, ["a", "z", "b"])
    assert np.frombuffer(base64.b64decode(found["symbols"]), "<u2").tolist() == [0, 1, 2, 1, 0, 1]
    assert packed_alternatives([], 3) is None


def contrast(one, other):
    """Contrast of two colours as WCAG 2 has it."""

    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("colours", "tints"),
    [
        (style.LIGHT, style._SEQUENTIAL_LIGHT + style._DIVERGING_LIGHT),
        (style.DARK, style._SEQUENTIAL_DARK + style._DIVERGING_DARK),
    ],
)
def test_ink_can_be_read_on_every_tint(colours, tints):
    for tint in (*filter(None, tints), colours["page"], colours["field"]):
        assert contrast(colours["ink"], tint) >= 4.5, tint
    for name in ("page", "field"):
        assert contrast(colours["muted"], colours[name]) >= 4.5, name
        assert contrast(colours["mark"], colours[name]) >= 3, name
