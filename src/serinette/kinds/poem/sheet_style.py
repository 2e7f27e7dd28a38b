"""How a sheet of poems is drawn: paper, characters, marks, scrolls and seals as SVG.

Everything is plain shapes, gradients and filters with fixed seeds: no script, no picture, nothing
from outside, and the same bytes every time. Attributes and not style sheets carry the looks, since
some viewers know no style sheets.
"""

import html
from itertools import pairwise

from serinette.kinds.poem.sheet_paper import Page, Paper, decimal

FONTS = (
    "'Noto Serif CJK TC','Noto Serif CJK SC','Noto Serif TC','Noto Serif SC','Source Han Serif TC',"
    "'Source Han Serif SC','Songti TC','Songti SC',STKaiti,KaiTi,serif"
)
_LATIN_FONTS = "'EB Garamond',Garamond,Georgia,'Times New Roman'," + FONTS
_BASELINE = 0.38
"""From the middle of a Chinese em square down to the baseline; `dominant-baseline` is not used,
because viewers disagree about it."""


def glyph(text: str, x: float, y: float, size: float, *, extra: str = "") -> str:
    """Return one character whose em square has its middle at a place."""
    place = f'x="{decimal(x)}" y="{decimal(y + _BASELINE * size)}"'
    return f"<text {place}{extra}>{html.escape(text)}</text>"


def lettering(role: str, glyphs: list[str], size: float, colour: str) -> str:
    """Return a group of characters of one size and colour; nothing where there are none."""
    if not glyphs:
        return ""
    looks = f'font-size="{decimal(size)}" fill="{colour}"'
    return f'<g class="{role}" {looks}>{"".join(glyphs)}</g>'


def small_print(text: str, x: float, y: float, *, size: float, colour: str) -> str:
    """Return a line of words set across, with its middle at a place."""
    place = f'x="{decimal(x)}" y="{decimal(y + 0.3 * size)}"'
    looks = f'font-size="{decimal(size)}" fill="{colour}" letter-spacing="{decimal(0.08 * size)}"'
    fonts = f'font-family="{_LATIN_FONTS}"'
    return f'<text class="note" {place} {looks} {fonts}>{html.escape(text)}</text>'


def small_print_width(text: str) -> float:
    """Return about how wide words are, in their own size; rather too wide than too narrow."""
    last_narrow = 0x2E80  # where the Chinese, Japanese and Korean blocks begin
    return sum((1.08 if ord(one) >= last_narrow else 0.7 for one in text), start=0.0)


_STROKES = {
    "，": (
        (-0.06, 0.15),
        (
            (0.06, -0.026, 0.085, -0.06, 0.085, -0.094),
            (-0.051, 0.017, -0.11, -0.009, -0.11, -0.064),
            (0.0, -0.047, 0.034, -0.077, 0.077, -0.077),
            (0.051, 0.0, 0.085, 0.043, 0.085, 0.102),
            (0.0, 0.077, -0.051, 0.136, -0.123, 0.157),
        ),
    ),
    "、": (
        (-0.075, -0.1),
        (
            (0.12, 0.0, 0.185, 0.1, 0.155, 0.19),
            (-0.01, 0.035, -0.05, 0.035, -0.07, 0.005),
            (-0.03, -0.06, -0.06, -0.11, -0.085, -0.195),
        ),
    ),
}
"""Where the brush starts and the curves it draws, in ems from the middle of the half cell."""


def mark_shape(mark: str, x: float, y: float, em: float) -> str:
    """Return one punctuation mark in the middle of its half cell.

    The common marks are drawn: fonts put them in the corner of the cell or in its middle, as
    their country has it.
    """
    if mark == "。":
        circle = f'cx="{decimal(x)}" cy="{decimal(y)}" r="{decimal(0.085 * em)}"'
        return f'<circle {circle} fill="none" stroke-width="{decimal(0.032 * em)}"/>'
    if mark in _STROKES:
        (right, down), curves = _STROKES[mark]
        start = f"M{decimal(x + right * em)} {decimal(y + down * em)}"
        path = "".join("c" + " ".join(decimal(number * em) for number in one) for one in curves)
        return f'<path d="{start}{path}z" stroke="none"/>'
    size = 0.42 * em
    return glyph(mark, x, y, size, extra=f' font-size="{decimal(size)}" stroke="none"')


def ring(x: float, y: float, radius: float, colour: str) -> str:
    """Return the small circle that editors set beside a character to point it out."""
    place = f'cx="{decimal(x)}" cy="{decimal(y)}" r="{decimal(radius)}"'
    looks = f'fill="none" stroke="{colour}" stroke-width="{decimal(0.42 * radius)}"'
    return f'<circle class="head" {place} {looks}/>'


def seal(
    characters: list[str], middle: tuple[float, float], side: float, colours: tuple[str, str]
) -> str:
    """Return a square seal of one to four characters, cut light in red, read right to left.

    Args:
        characters: One to four, stretched as seal cutters do to fill the square.
        middle: Of the square.
        side: Its length, in units.
        colours: Of the paste and of the characters.
    """
    x, y = middle
    corner, inner = decimal(0.07 * side), 0.8 * side
    square = (
        f'<rect x="{decimal(x - side / 2)}" y="{decimal(y - side / 2)}" width="{decimal(side)}" '
        f'height="{decimal(side)}" rx="{corner}" fill="{colours[0]}"/>'
    )
    glyphs = [
        _stretched(character, x + left * inner, y + top * inner, across * inner, down * inner)
        for character, (left, top, across, down) in zip(
            characters, _SEAL_CELLS[len(characters)], strict=True
        )
    ]
    return (
        f'<g class="seal" font-weight="700" fill="{colours[1]}" filter="url(#worn)">'
        f"{square}{''.join(glyphs)}</g>"
    )


_SEAL_CELLS = {
    1: ((0.0, 0.0, 1.0, 1.0),),
    2: ((0.25, 0.0, 0.5, 1.0), (-0.25, 0.0, 0.5, 1.0)),
    3: ((0.25, 0.0, 0.5, 1.0), (-0.25, -0.25, 0.5, 0.5), (-0.25, 0.25, 0.5, 0.5)),
    4: tuple((x, y, 0.5, 0.5) for x in (0.25, -0.25) for y in (-0.25, 0.25)),
}
"""Middle, width and height of every character, in sides of the seal's inner square."""


def _stretched(text: str, x: float, y: float, across: float, down: float) -> str:
    size, ratio = across, down / across
    move = f"matrix(1 0 0 {decimal(ratio)} {decimal(x)} {decimal(y)})"
    drop = decimal(_BASELINE * size)
    return (
        f'<text x="0" y="{drop}" font-size="{decimal(size)}" transform="{move}">'
        f"{html.escape(text)}</text>"
    )


def line(start: tuple[float, float], end: tuple[float, float], colour: str, width: float) -> str:
    """Return a straight line."""
    places = (("x1", start[0]), ("y1", start[1]), ("x2", end[0]), ("y2", end[1]))
    ends = " ".join(f'{name}="{decimal(value)}"' for name, value in places)
    return f'<line {ends} stroke="{colour}" stroke-width="{decimal(width)}"/>'


def box(corner: tuple[float, float], size: tuple[float, float], looks: str) -> str:
    """Return a rectangle; `looks` are its further attributes."""
    places = (("x", corner[0]), ("y", corner[1]), ("width", size[0]), ("height", size[1]))
    sides = " ".join(f'{name}="{decimal(value)}"' for name, value in places)
    return f"<rect {sides} {looks}/>"


def ruled_columns(edges: list[float], top: float, bottom: float, colour: str, em: float) -> str:
    """Return 乌丝栏: hairlines between the columns and a double frame around them.

    Args:
        edges: Where columns end, from left to right; the first and the last are the frame's.
        top: The frame's upper side.
        bottom: Its lower side.
        colour: Of all lines.
        em: The size of the characters, which the lines' widths follow.
    """
    thin, thick, gap = 0.014 * em, 0.045 * em, 0.09 * em
    left, right = min(edges), max(edges)
    frames = "".join(
        box(
            (left - out, top - out),
            (right - left + 2 * out, bottom - top + 2 * out),
            f'fill="none" stroke="{colour}" stroke-width="{decimal(width)}"',
        )
        for out, width in ((0.0, thin), (gap, thick))
    )
    inner = sorted(edges)[1:-1]
    hairlines = "".join(line((x, top), (x, bottom), colour, thin) for x in inner)
    return f'<g class="columns">{frames}{hairlines}</g>'


def scroll(corner: tuple[float, float], size: tuple[float, float], paper: Paper, em: float) -> str:
    """Return a hanging scroll: cord, rollers, mounting, and the paper to be written on.

    Args:
        corner: Left end of the upper roller, top of the cord.
        size: All of it, cord and both rollers included.
        paper: Its colours.
        em: The size of the characters.
    """
    (left, top), (width, height) = corner, size
    knob, bar, cord = 0.14 * em, 0.2 * em, 0.6 * em
    body_top, body_height = top + cord + bar / 2, height - cord - bar
    inner_width = width - 2 * knob
    rim = 0.13 * em
    hang = [
        (left + 0.2 * width, top + cord),
        (left + width / 2, top),
        (left + 0.8 * width, top + cord),
    ]
    rollers = "".join(
        box((left, y), (width, bar), f'rx="{decimal(bar / 2)}" fill="{paper.roller}"')
        for y in (top + cord, top + height - bar)
    )
    edge = f'stroke="{paper.rule}" stroke-width="{decimal(0.015 * em)}"'
    return (
        '<g class="scroll">'
        + "".join(line(a, b, paper.roller, 0.025 * em) for a, b in pairwise(hang))
        + box(
            (left + knob, body_top),
            (inner_width, body_height),
            f'fill="{paper.scroll_edge}" {edge}',
        )
        + box(
            (left + knob + rim, body_top + 3.2 * rim),
            (inner_width - 2 * rim, body_height - 6.4 * rim),
            f'fill="{paper.scroll}" {edge}',
        )
        + rollers
        + "</g>"
    )


def board(corner: tuple[float, float], size: tuple[float, float], paper: Paper, em: float) -> str:
    """Return the board of a 横批, which hangs above the two scrolls of a couplet."""
    (left, top), (width, height) = corner, size
    rim = 0.1 * em
    edge = f'stroke="{paper.rule}" stroke-width="{decimal(0.015 * em)}"'
    return box(corner, size, f'fill="{paper.scroll_edge}" {edge}') + box(
        (left + rim, top + rim),
        (width - 2 * rim, height - 2 * rim),
        f'fill="{paper.scroll}" {edge}',
    )


def ground(page: Page, paper: Paper, name: str) -> str:
    """Return definitions, the sheet itself and its texture.

    Args:
        page: The size.
        paper: The colours.
        name: Of the paper; the ids of its definitions end in it.
    """
    everything = 'x="0" y="0" width="100%" height="100%"'
    definitions = [
        f'<radialGradient id="rim-{name}" cx="0.5" cy="0.46" r="0.78">'
        f'<stop offset="0.55" stop-color="{paper.sheet}"/>'
        f'<stop offset="1" stop-color="{paper.rim}"/></radialGradient>',
        '<filter id="worn" x="-0.1" y="-0.1" width="1.2" height="1.2">'
        f'<feTurbulence type="fractalNoise" baseFrequency="{decimal(48 / page.shorter)}" '
        'numOctaves="2" seed="7"/>'
        f'<feDisplacementMap in="SourceGraphic" scale="{decimal(page.shorter / 480)}" '
        'xChannelSelector="R" yChannelSelector="G"/></filter>',
    ]
    layers = [f'<rect {everything} fill="url(#rim-{name})"/>']
    for kind, colour, noise, cut in (
        ("grain", paper.grain, 'baseFrequency="0.018 0.42" numOctaves="3" seed="3"', (2.2, -1.0)),
        ("flecks", paper.flecks, 'baseFrequency="0.11" numOctaves="2" seed="11"', (16.0, -12.6)),
    ):
        if colour:
            definitions.append(_texture(f"{kind}-{name}", colour, noise, cut))
            layers.append(f'<rect {everything} filter="url(#{kind}-{name})"/>')
    return f'<defs>{"".join(definitions)}</defs><g class="paper">{"".join(layers)}</g>'


def _texture(name: str, colour: str, noise: str, cut: tuple[float, float]) -> str:
    """Return a filter that paints a colour as strongly as the noise rises above a level."""
    red, green, blue, strength = colour.split()
    slope, level = (number * float(strength) for number in cut)
    matrix = f"0 0 0 0 {red} 0 0 0 0 {green} 0 0 0 0 {blue} {decimal(slope)} 0 0 0 {decimal(level)}"
    return (
        f'<filter id="{name}" x="0" y="0" width="1" height="1">'
        f'<feTurbulence type="fractalNoise" {noise}/><feColorMatrix values="{matrix}"/></filter>'
    )
