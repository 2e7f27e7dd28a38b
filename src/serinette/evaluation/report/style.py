"""How the page looks: one sheet for light and dark screens, telephones and paper.

Every colour is named once for light and once for dark; text has a contrast of at least 4.5 to 1,
lines and marks of at least 3 to 1. The faces are those that the reader's system has.
"""

from serinette.core import page_style

LIGHT = {
    **page_style.LIGHT,
    "green": "#256b39",
    "yellow": "#8a5a00",
    "red": "#b3261e",
    "none": "#6b6760",
    "model-0": "#1d5a9e",
    "model-1": "#7a3f9d",
    "model-2": "#b2386b",
    "model-3": "#0b7a85",
    "other-0": "#96600a",
    "other-1": "#a4432a",
    "other-2": "#66701a",
    "other-3": "#7b5a45",
    "floor": "#2a7540",
    "baseline": "#6b6760",
    "ideal": "#8a857b",
}
DARK = {
    **page_style.DARK,
    "green": "#7cc791",
    "yellow": "#e3b657",
    "red": "#ff8f82",
    "none": "#a29d93",
    "model-0": "#7fb3f0",
    "model-1": "#c79be6",
    "model-2": "#f08db3",
    "model-3": "#5cc8d1",
    "other-0": "#e0ac5c",
    "other-1": "#ec9277",
    "other-2": "#c2c964",
    "other-3": "#cfae98",
    "floor": "#7cc791",
    "baseline": "#a29d93",
    "ideal": "#87827a",
}
_PAPER = {**LIGHT, "page": "#ffffff", "ink": "#000000", "muted": "#444444"}
_TINTED = ("model", "other")


def style_sheet() -> str:
    """Return the sheet that the page holds."""
    return "\n".join(
        (
            page_style.colours_of(LIGHT, DARK),
            *_series_colours(),
            page_style.GROUND + _TEXT,
            _FIGURES,
            _PICTURES,
            f"@media screen and (max-width:720px){{{_STACKED}{_NARROW}}}",
            f"@media screen and (max-width:1000px),print{{{_stacked_if_many()}}}",
            f"@media print{{:root{{{page_style.variables(_PAPER)}}}{_PRINT}}}",
        )
    )


def _series_colours() -> list[str]:
    """Return which colour each line of a chart has; roles with one colour repeat it."""
    roles = ("model", "other", "floor", "baseline", "ideal")
    return [
        f".{role}-{k}{{--c:var(--{role}{f'-{k}' if role in _TINTED else ''})}}"
        for role in roles
        for k in range(4)
    ]


def _stacked_if_many() -> str:
    return _STACKED.replace("table.figures", "table.figures.many")


_TEXT = """\
main{max-width:74rem;margin:0 auto;padding:4.5rem 2rem 6rem}
h1,h2,h3,.headline,.sample{font-family:"Iowan Old Style","Palatino Linotype",Palatino,
 "Book Antiqua",Georgia,"Noto Serif","DejaVu Serif",serif;font-weight:400}
h1{font-size:2.5rem;line-height:1.15;margin:.3rem 0 1.4rem;letter-spacing:-.01em}
h2{font-size:1.6rem;line-height:1.25;margin:5rem 0 .6rem}
h3{font-size:1.05rem;font-style:italic;line-height:1.4;margin:0 0 .5rem}
p{margin:0 0 1rem;max-width:42rem}
a{color:inherit;text-decoration-color:var(--muted);text-underline-offset:.2em}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--model-0);outline-offset:3px}
code{font:.92em ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.kicker{margin:0;color:var(--muted);font-size:.8rem;letter-spacing:.14em;text-transform:uppercase}
.headline{font-size:1.28rem;line-height:1.5;margin-bottom:1.6rem;max-width:46rem}
.aside,.note,.rule,.small,nav{color:var(--muted);font-size:.82rem;line-height:1.45}
nav{margin-top:2rem}
nav ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.4rem}
.control{color:var(--red);border:1px solid;border-radius:3px;padding:0 .2em;
 font:.72em/1 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:nowrap}
.lights{list-style:none;margin:1.4rem 0 0;padding:0;border-top:1px solid var(--hair)}
.lights>li{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:0 1.5rem;padding:.85rem 0;
 border-bottom:1px solid var(--hair)}
.lights strong{font-weight:600}
.lights p{display:grid;grid-template-columns:8.2rem minmax(0,1fr);gap:0 1rem;margin:0 0 .35rem;
 max-width:none}
.lights .rule{display:block;margin:.1rem 0 0 9.2rem;max-width:36rem}
.lamp{white-space:nowrap;font-weight:600}
.lamp svg{vertical-align:-.1em;margin-right:.45em;fill:currentColor;stroke:currentColor}
.is-green{color:var(--green)}.is-yellow{color:var(--yellow)}
.is-red{color:var(--red)}.is-none{color:var(--none)}
.settings{color:var(--muted);margin-right:.4em}
.specimens{columns:2;column-gap:4rem;margin-top:1.8rem}
.specimen{break-inside:avoid;margin:0 0 2.6rem}
.sample{font-size:1.08rem;line-height:1.6;white-space:pre-wrap;overflow-wrap:anywhere;
 border-left:1px solid var(--hair);padding-left:1.1rem;tab-size:4}
mark{background:none;color:inherit;text-decoration:underline;text-decoration-color:var(--red);
 text-decoration-thickness:.11em;text-underline-offset:.22em}
sup{line-height:0;font-size:.68em}sup a{text-decoration:none;color:var(--red);padding:0 .15em}
.sources{margin:.7rem 0 0;padding:0 0 0 2.4rem;color:var(--muted);font-size:.82rem;
 line-height:1.45}
dl{display:grid;grid-template-columns:minmax(7rem,12rem) minmax(0,1fr);gap:.45rem 1.5rem;
 margin:1.2rem 0}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
.notes{padding-left:1.2rem;margin:1rem 0;max-width:42rem}.notes li{margin-bottom:.4rem}
"""

_FIGURES = """
.scroll{overflow-x:auto;margin:1.6rem 0 1rem}
table.figures{border-collapse:separate;border-spacing:0;min-width:min(100%,52rem);font-size:.92rem;line-height:1.4}
table.figures th,table.figures td{text-align:right;vertical-align:top;
 padding:.65rem 0 .65rem .8rem;border-bottom:1px solid var(--hair);font-weight:400;
 white-space:nowrap}
table.figures thead th{border-bottom:1px solid var(--ink);color:var(--muted);font-size:.82rem;
 vertical-align:bottom;padding-top:0}
table.figures tbody th,table.figures th.left{text-align:left;padding-left:0;white-space:normal;
 min-width:10rem;max-width:21rem}
table.figures thead th{white-space:normal}
table.figures tbody th,table.figures th.left{position:sticky;left:0;background:var(--page)}
table.figures .picture{text-align:left;padding-left:1.1rem}
td .aside,th .aside,th .note{display:block;white-space:inherit;font-size:.78rem}
th .note{margin-top:.15rem;font-style:italic}
td .one{display:block}td .one .aside{display:inline}
table.figures td.value{font-weight:600}td.value .aside{font-weight:400}
.reading{font-size:.88rem;color:var(--muted);max-width:46rem}
.reading svg{vertical-align:-.15em;margin:0 .1em}
svg.range{display:inline-block}
.range .axis{stroke:var(--hair);fill:none}
.range .floor{stroke:var(--floor);stroke-width:1.6}
.range .floor.band{stroke:none;fill:var(--floor);opacity:.22}
.range .baseline{stroke:var(--baseline);stroke-width:1.2;fill:var(--page)}
.range .interval{stroke:var(--model-0);stroke-width:2.4}
.range .value{fill:var(--model-0)}
"""

_PICTURES = """
figure{margin:2rem 0 2.6rem;break-inside:avoid}
figcaption{font-size:.88rem;line-height:1.5;color:var(--muted);margin-top:.5rem;max-width:42rem}
figcaption strong{display:block;color:var(--ink);font-weight:600;margin-bottom:.25rem}
svg.chart{display:block;max-width:100%;height:auto;
 font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
 font-variant-numeric:tabular-nums}
.chart text{fill:var(--ink)}
.chart .label,.chart .tick{fill:var(--muted)}
.chart .middle{text-anchor:middle}.chart .end{text-anchor:end}
.chart .point{paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}
.chart .grid{stroke:var(--hair)}.chart .axis{stroke:var(--muted)}
.series{stroke:var(--c);fill:var(--c);stroke-width:1.2}
.series .stroke{fill:none;stroke-width:1.9;stroke-linejoin:round;stroke-linecap:round}
.series .band{stroke:none;opacity:.15}
.series .bar{fill:none;stroke-width:1.6;opacity:.7}
.hollow circle,.hollow path:not(.stroke,.band,.bar){fill:var(--page);stroke-width:1.7}
.baseline-0 path:not(.stroke,.band,.bar){fill:var(--page);stroke-width:1.7}
.ideal-0 .stroke{stroke-dasharray:2 5;stroke-width:1.6}
.dash-1 .stroke{stroke-dasharray:8 5}.dash-2 .stroke{stroke-dasharray:2 4}
.dash-3 .stroke{stroke-dasharray:9 4 2 4}
.for-narrow{display:none}
@media screen and (min-width:1080px){
figure{display:grid;grid-template-columns:660px minmax(0,1fr);gap:2.6rem}
figcaption{margin-top:.1rem}
}
"""

_STACKED = """
table.figures,table.figures tbody,table.figures tr,
table.figures tbody th{display:block;max-width:none}
table.figures thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.figures tbody tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(5.6rem,1fr));
 gap:.5rem 1rem;padding:1rem 0;border-bottom:1px solid var(--hair);break-inside:avoid}
table.figures tbody th,table.figures tbody td{border:0;padding:0;text-align:left;white-space:normal}
table.figures tbody th,table.figures td.picture{grid-column:1/-1;position:static}
table.figures td.picture{order:1;padding:0}
table.figures td.absent,table.figures td.picture:empty{display:none}
table.figures td[data-label]::before{content:attr(data-label);display:block;color:var(--muted);
 font-size:.75rem;font-weight:400}
"""

_NARROW = """
main{padding:2rem 1rem 4rem}
h1{font-size:1.85rem}h2{font-size:1.35rem;margin-top:3.2rem}
.headline{font-size:1.12rem}
.lights>li,.lights p{display:block}
.lights p{margin:.3rem 0 .5rem}.lights .rule{margin:0}
.lamp{margin-right:.6em}
.specimens{columns:1}
.sample{font-size:1rem}
.for-wide{display:none}.for-narrow{display:block}
dl{grid-template-columns:1fr;gap:.1rem}dd{margin-bottom:.6rem}
.scroll{overflow-x:visible}
"""

_PRINT = """
@page{margin:16mm 15mm}
body{font-size:10.5pt}
main{max-width:none;padding:0}
nav{display:none}
h2{margin-top:2.2rem;break-after:avoid}h3{break-after:avoid}
p{orphans:3;widows:3}
.scroll{overflow:visible}
table.figures{font-size:.82rem}
table.figures th,table.figures td{padding-left:.8rem}
table.figures tr,.lights>li{break-inside:avoid}
thead{display:table-header-group}
table.figures tbody th,table.figures th.left{position:static}
svg.chart{max-width:132mm}h2+p,.reading{break-inside:avoid;break-after:avoid}
.specimens{column-gap:2.4rem}.sample{font-size:.98rem}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
"""
