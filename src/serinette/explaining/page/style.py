"""How the page looks, on light and dark screens, from telephones up.

Tints lie behind text, so the ink keeps a contrast of at least 4.5 to 1 on every one of them.
"""

from serinette.core import page_style
from serinette.core.page_style import SEQUENTIAL_DARK as _SEQUENTIAL_DARK
from serinette.core.page_style import SEQUENTIAL_LIGHT as _SEQUENTIAL_LIGHT

LIGHT = {
    **page_style.LIGHT,
    "field": "#ffffff",
    "mark": "#1d5a9e",
    "low": "#1d5a9e",
    "high": "#a84a08",
}
DARK = {
    **page_style.DARK,
    "field": "#202124",
    "mark": "#7fb3f0",
    "low": "#7fb3f0",
    "high": "#f0a35c",
}
_DIVERGING_LIGHT = ("#7fb4ee", "#a3caf3", "#c4dcf7", "#e0edfb", "", "#ffecd2", "#ffd9a8", "#ffc27c",
                    "#fca653")  # fmt: skip
_DIVERGING_DARK = ("#1f5b9c", "#1d4a7c", "#1c3a5d", "#1b2b40", "", "#3a2a17", "#553717", "#744418",
                   "#924f1b")  # fmt: skip


def style_sheet() -> str:
    """Return the sheet that the page holds."""
    return "\n".join(
        (
            page_style.colours_of(LIGHT, DARK),
            *_tints(_SEQUENTIAL_LIGHT, _DIVERGING_LIGHT),
            "@media (prefers-color-scheme:dark){",
            *_tints(_SEQUENTIAL_DARK, _DIVERGING_DARK),
            "}",
            _TEXT,
            _READER,
            _FIGURES,
            _NARROW,
        )
    )


def _tints(sequential: tuple[str, ...], diverging: tuple[str, ...]) -> list[str]:
    """Return the classes of tints: `s1` to `s7` from little to much, `d0` to `d8` low to high."""
    found = [f".s{k}{{background:{tint}}}" for k, tint in enumerate(sequential, 1)]
    return found + [f".d{k}{{background:{tint}}}" for k, tint in enumerate(diverging) if tint]


_TEXT = f"""{page_style.GROUND}main{{max-width:80rem;margin:0 auto;padding:4rem 2rem 6rem}}
{page_style.HEADINGS}.small,figcaption,.notes{{color:var(--muted);font-size:.88rem;line-height:1.5}}
.notes{{padding-left:1.2rem;max-width:44rem}}
"""

_READER = """
.reader{display:grid;grid-template-columns:minmax(0,1fr) 21rem;gap:2rem;align-items:start;
 margin-top:1.5rem}
.controls{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:.6rem 1.2rem;align-items:end}
.controls label{display:grid;gap:.2rem;color:var(--muted);font-size:.82rem;min-width:0;
 max-width:100%}
select{font:inherit;font-size:1rem;color:var(--ink);background:var(--field);
 border:1px solid var(--muted);border-radius:.35rem;padding:.45rem .5rem;min-height:2.75rem;
 max-width:100%;text-overflow:ellipsis}
select:focus-visible,button:focus-visible,.passage:focus-visible{outline:2px solid var(--mark);
 outline-offset:2px}
.legend{display:flex;align-items:center;gap:.5rem;font-size:.82rem;color:var(--muted);
 min-height:2.75rem}
.legend i{display:inline-block;width:1.15rem;height:1.15rem;border-top:1px solid var(--hair);
 border-bottom:1px solid var(--hair);margin-right:-.5rem}
.legend i:last-of-type{margin-right:0}
.passage{margin:0;max-height:34rem;overflow-y:auto;border:1px solid var(--hair);
 border-radius:.35rem;background:var(--field);padding:1rem 1.1rem;white-space:pre-wrap;
 overflow-wrap:anywhere;font:.95rem/1.75 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",
 "Noto Sans Mono CJK SC",monospace;tab-size:4}
.passage.curves{max-height:none;overflow:hidden;padding:.6rem;touch-action:pan-y}
.passage span{cursor:pointer}
.passage .break::before{content:"\\23CE";color:var(--muted);font-size:.7em}
.passage hr{border:0;border-top:1px dashed var(--muted);margin:.8rem 0}
.passage .here{outline:2px solid var(--mark);outline-offset:-1px;border-radius:2px}
.panel{position:sticky;top:1rem;border:1px solid var(--hair);border-radius:.35rem;
 background:var(--field);padding:.9rem 1rem;font-size:.9rem;line-height:1.4;min-height:24rem}
.panel h3{margin:0 0 .2rem;font-size:1rem;font-weight:600;overflow-wrap:anywhere}
.panel .glyph{unicode-bidi:isolate;
 font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.panel dl{display:grid;grid-template-columns:minmax(0,7.6rem) 3.6rem minmax(0,1fr);gap:.15rem .6rem;
 margin:.3rem 0 .9rem;align-items:center}
.panel dt,.panel dd{margin:0;line-height:1.4;overflow:hidden;text-overflow:ellipsis;
 white-space:nowrap}
.panel dd{text-align:right}
.panel .bar{height:.62rem;background:var(--hair);position:relative;border-radius:2px;
 overflow:hidden}
.panel .bar b{position:absolute;inset-block:0;background:var(--high)}
.panel .bar b.minus{background:var(--low)}
.panel p{margin:.2rem 0 .3rem;color:var(--muted);font-size:.82rem}
.panel svg{display:block;width:100%;height:4.2rem}
svg .trace{fill:none;stroke:var(--mark);stroke-width:1.4;vector-effect:non-scaling-stroke}
svg .zero{stroke:var(--hair);vector-effect:non-scaling-stroke}
svg .now{stroke:var(--high);stroke-width:1.4;vector-effect:non-scaling-stroke}
.curves svg{display:block;width:100%;height:5.2rem;margin-bottom:.2rem}
.curves .name{display:flex;justify-content:space-between;gap:1rem;font-size:.82rem;
 line-height:1.4;color:var(--muted);font-family:system-ui,sans-serif}
"""

_FIGURES = """
table{border-collapse:collapse;width:100%;font-size:.92rem;line-height:1.4;margin-top:1.2rem}
th,td{text-align:right;padding:.5rem 0 .5rem .9rem;border-bottom:1px solid var(--hair);
 font-weight:400;vertical-align:top}
thead th{color:var(--muted);font-size:.82rem;border-bottom:1px solid var(--ink);
 vertical-align:bottom}
th:first-child{text-align:left;padding-left:0}
td.value{font-weight:600}
td .small{white-space:nowrap}
button{font:inherit;color:var(--mark);background:none;border:1px solid var(--hair);
 border-radius:.3rem;padding:.1rem .45rem;cursor:pointer;white-space:nowrap}
figure{margin:1.6rem 0 2rem}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:2.5rem}
svg.chart{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",
 Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
.chart text{fill:var(--muted)}.chart .grid{stroke:var(--hair)}
.chart .line{fill:none;stroke:var(--mark);stroke-width:2}
.chart .band{fill:var(--mark);opacity:.16}.chart .dot,.chart .column{fill:var(--mark)}
.chart .ideal{stroke:var(--muted);stroke-dasharray:3 4}
"""

_NARROW = """
@media (max-width:1000px){
.reader{grid-template-columns:minmax(0,1fr)}
.panel{position:sticky;top:auto;bottom:0;min-height:0;max-height:46vh;overflow-y:auto;
 box-shadow:0 -2px 10px rgb(0 0 0/.14)}
.passage{max-height:26rem}
.pair{grid-template-columns:minmax(0,1fr);gap:1rem}
}
@media (min-width:600px) and (max-width:1000px){
.panel{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.2rem 1.6rem}
.panel h3,.panel>p{grid-column:1/-1}
.panel dl{grid-template-columns:minmax(0,6.4rem) 2.6rem minmax(0,1fr)}
}
@media (max-width:720px){
main{padding:2rem 1rem 4rem}
h1{font-size:1.85rem}h2{font-size:1.35rem;margin-top:3rem}
.headline{font-size:1.08rem}
.controls{gap:.4rem .8rem}.controls label{flex:1 1 7rem}.controls select{width:100%}
.legend{min-height:1.4rem}
.panel{max-height:40vh;padding:.6rem .8rem;font-size:.82rem;line-height:1.25}
.panel dl{grid-template-columns:minmax(0,6.4rem) 3.2rem minmax(0,1fr);margin-bottom:.5rem;
 gap:.05rem .6rem}
.panel p{margin:.1rem 0;font-size:.78rem}.panel svg{height:3rem}
table,tbody,tr,tbody th{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.4rem .8rem;
 padding:.9rem 0;border-bottom:1px solid var(--hair)}
tbody th,tbody td{border:0;padding:0;text-align:left}
tbody th{grid-column:1/-1}
td::before{content:attr(data-label);display:block;color:var(--muted);font-size:.75rem;
 font-weight:400}
}
@media print{.passage{max-height:none}.panel,.controls{display:none}
.reader{grid-template-columns:1fr}}
"""
