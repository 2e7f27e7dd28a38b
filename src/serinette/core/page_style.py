"""What our pages of HTML have in common: ground, ink and letters, for light and dark screens.

A page adds its own colours and rules. Tints lie behind text, so the ink keeps a contrast of at
least 4.5 to 1 on every one of them. The faces are those that the reader's system has.
"""

from collections.abc import Mapping
from typing import Final

LIGHT: Final = {"page": "#fcfbf8", "ink": "#201f1c", "muted": "#615d55", "hair": "#dcd8ce"}
DARK: Final = {"page": "#17181a", "ink": "#e8e5de", "muted": "#aaa59b", "hair": "#3b3b3d"}
SEQUENTIAL_LIGHT: Final = (
    "#fff3d6", "#ffe6b0", "#ffd588", "#ffc066", "#ffa84f", "#fb9046", "#f27a45",
)  # fmt: skip
SEQUENTIAL_DARK: Final = (
    "#2d2616", "#3d301a", "#513a1c", "#66421c", "#7a471c", "#8c4a1e", "#9c4a22",
)  # fmt: skip
"""From little surprisal to much."""

GROUND: Final = """
*{box-sizing:border-box}
html{background:var(--page);color:var(--ink);color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
 font-variant-numeric:tabular-nums lining-nums;overflow-wrap:break-word}
"""
HEADINGS: Final = """\
h1,h2,.headline{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",Georgia,
 "Noto Serif","DejaVu Serif",serif;font-weight:400}
h1{font-size:2.5rem;line-height:1.15;margin:.3rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.6rem;line-height:1.25;margin:4rem 0 .6rem}
p{margin:0 0 1rem;max-width:44rem}
.kicker{margin:0;color:var(--muted);font-size:.8rem;letter-spacing:.14em;text-transform:uppercase}
.headline{font-size:1.2rem;line-height:1.5;max-width:46rem}
"""
"""Of pages to work with; a report, which is read like a paper, has its own."""


def colours_of(light: Mapping[str, str], dark: Mapping[str, str]) -> str:
    """Return the rules that name every colour once for light screens and once for dark ones."""
    return (
        f":root{{{variables(light)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{variables(dark)}}}}}"
    )


def variables(colours: Mapping[str, str]) -> str:
    """Return the declarations of colours by name."""
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())
