"""Poems on a sheet of paper, as one SVG document that stands alone.

The setting is vertical and reads from right to left: title, author, lines, and the seal at the
lower left. Every character has its own place, so that all viewers show the same sheet. Nothing
stands outside the page, no two characters touch, and the same poems give the same bytes.

Blocks fill rows, rows fill the sheet, and the characters are as large as fits.
"""

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.poem import sheet_style as style
from serinette.kinds.poem.sheet_blocks import Block, Plan, set_block
from serinette.kinds.poem.sheet_paper import PAGES, PAPERS, Page, Paper, decimal
from serinette.kinds.poem.sheet_poem import SheetPoem, cut, visible

__all__ = ["PAGES", "PAPERS", "Page", "SheetPoem", "poem_sheet"]

_MOST_POEMS = 8
_NOTE = 0.34
_GAP_ACROSS, _GAP_DOWN = 1.4, 0.9
_MARGIN, _FRAME, _LARGEST, _SMALLEST = 0.115, 0.042, 0.1, 0.014
"""Shares of the shorter side of the page."""
_SPACINGS = tuple((1.3 - 0.016 * step, 2.05 - 0.05 * step) for step in range(11))
"""(line of characters, column) in ems, from loose to tight."""


def poem_sheet(
    poems: Sequence[SheetPoem],
    *,
    paper: str = "xuan",
    page_size: str | Page = "A4",
    is_ruled: bool = False,
    keeps_marks: bool = True,
    hangs_couplets: bool = True,
) -> str:
    """Set poems on one sheet.

    Args:
        poems: One to eight; they follow each other from right to left, then downwards.
        paper: `xuan` (warm, with fibres), `plain` (white, for printing) or `night` (gold on blue).
        page_size: A name in `PAGES` or a size of one's own.
        is_ruled: Whether 乌丝栏 are drawn: hairlines between the columns, and a frame.
        keeps_marks: Whether punctuation is set. A hung couplet never has any.
        hangs_couplets: Whether a poem of two lines is hung as two scrolls, 上联 on the right.

    Returns:
        An SVG document without scripts and without anything from outside.

    Raises:
        ConfigError: If paper or page is unknown, or the poems do not fit at a legible size.
        DataError: If there are no poems or too many, or a 横批 is too long.
    """
    sheet, page = _paper(paper), _page(page_size)
    if not 1 <= len(poems) <= _MOST_POEMS:
        raise DataError(f"sheet of {len(poems)} poems: 1 to {_MOST_POEMS} fit; make more sheets")
    plan = Plan(
        n_joined=1,
        leading=_SPACINGS[-1][0],
        pitch=_SPACINGS[-1][1],
        is_ruled=is_ruled,
        keeps_marks=keeps_marks,
        hangs_couplets=hangs_couplets,
    )
    foot, poems_ = _foot(poems), _sealed_once(poems)
    if foot:
        poems_ = [replace(poem, note="") for poem in poems_]
    em, rows = _arranged(poems_, page, plan)
    if em < _SMALLEST * page.shorter:
        raise ConfigError(
            f"sheet of {len(poems)} poems: characters would be {em:.1f} units on a page of "
            f"{page.width:g} x {page.height:g}; take a larger page or fewer poems"
        )
    width, height = page.outer_size()
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" lang="zh" xml:lang="zh" '
        f'width="{width}" height="{height}" '
        f'viewBox="0 0 {page.width} {page.height}" '
        f'font-family="{style.FONTS}" text-anchor="middle">',
        f"<title>{html.escape(_name(poems))}</title>",
        f"<desc>{html.escape(' '.join(_told(poem) for poem in poems))}</desc>",
        style.ground(page, sheet, paper),
        _frame(page, sheet),
        *(_drawn(block, corner, em, sheet) for block, corner in _placed(rows, page, em)),
        _foot_line(foot, page, sheet),
        "</svg>\n",
    ]
    return "\n".join(part for part in parts if part)


def _paper(name: str) -> Paper:
    if name not in PAPERS:
        raise ConfigError(f"paper '{visible(name)}': unknown; use {', '.join(PAPERS)}")
    return PAPERS[name]


def _page(size: str | Page) -> Page:
    if isinstance(size, str):
        if size not in PAGES:
            raise ConfigError(f"page size '{visible(size)}': unknown; use {', '.join(PAGES)}")
        return PAGES[size]
    smallest, largest = 100, 20_000
    if not (smallest <= size.width <= largest and smallest <= size.height <= largest):
        raise ConfigError(
            f"page size {size.width:g} x {size.height:g}: both sides must be from {smallest} "
            f"to {largest} units; change the page"
        )
    return size


def _name(poems: Sequence[SheetPoem]) -> str:
    return " · ".join(dict.fromkeys(poem.title or "无题" for poem in poems))


def _told(poem: SheetPoem) -> str:
    """Return a poem as running text, for those who do not see the sheet."""
    marks = poem.marks or ("",) * len(poem.lines)
    lines = " ".join(line + mark for line, mark in zip(poem.lines, marks, strict=True))
    above = " ".join(part for part in (poem.title, poem.author) if part)
    return f"{above}：{lines}" if above else lines


def _foot(poems: Sequence[SheetPoem]) -> str:
    """Return the note that all poems share, which stands once at the foot of the sheet."""
    notes = {poem.note for poem in poems}
    return notes.pop() if len(notes) == 1 else ""


def _sealed_once(poems: Sequence[SheetPoem]) -> list[SheetPoem]:
    following = [*(poem.seal for poem in poems[1:]), None]
    return [
        replace(poem, seal=None) if poem.seal == after else poem
        for poem, after in zip(poems, following, strict=True)
    ]


def _arranged(
    poems: Sequence[SheetPoem], page: Page, plan: Plan
) -> tuple[float, list[list[Block]]]:
    """Return the em and the rows of blocks, set as loosely as that em allows."""
    longest = max(len(poem.lines) for poem in poems)
    best_score, best_em, best_plan, best_rows = 0.0, 0.0, plan, 1
    for n_joined in (1, 2, 4, 8):
        if n_joined >= 2 * longest:
            break
        tried = replace(plan, n_joined=n_joined)
        blocks = [set_block(poem, tried) for poem in poems]
        for n_rows in range(1, len(poems) + 1):
            em = _em(_in_rows(blocks, n_rows), page)
            # Several lines in a column, or rows of unequal length, must be worth it.
            score = em * 0.94 ** (n_joined.bit_length() - 1)
            score *= 0.9 if len(poems) % n_rows else 1
            if score > best_score:
                best_score, best_em, best_plan, best_rows = score, em, tried, n_rows
    for leading, pitch in _SPACINGS:
        spaced = replace(best_plan, leading=leading, pitch=pitch)
        rows = _in_rows([set_block(poem, spaced) for poem in poems], best_rows)
        if _em(rows, page) >= best_em:
            break
    return best_em, rows


def _in_rows(blocks: list[Block], n_rows: int) -> list[list[Block]]:
    ends = [-(-len(blocks) * row // n_rows) for row in range(n_rows + 1)]
    return [blocks[start:end] for start, end in pairwise(ends)]


def _em(rows: list[list[Block]], page: Page) -> float:
    """Return the largest em at which rows of blocks fit a page."""
    margin = 2 * _MARGIN * page.shorter
    across = max(sum(widths) + _GAP_ACROSS * (len(widths) - 1) for widths in _widths(rows))
    down = sum(max(block.height for block in row) for row in rows) + _GAP_DOWN * (len(rows) - 1)
    fitting = min((page.width - margin) / across, (page.height - margin) / down)
    return min(fitting, _LARGEST * page.shorter)


def _widths(rows: list[list[Block]]) -> list[list[float]]:
    """Return the room across of every block, in ems; full rows stand in columns."""
    if len({len(row) for row in rows}) > 1:
        return [[block.width for block in row] for row in rows]
    widest = [max(block.width for block in column) for column in zip(*rows, strict=True)]
    return [widest] * len(rows)


def _placed(
    rows: list[list[Block]], page: Page, em: float
) -> Iterator[tuple[Block, tuple[float, float]]]:
    """Yield every block with its upper left corner; what space is left is shared out evenly."""
    margin = _MARGIN * page.shorter
    heights = [em * max(block.height for block in row) for row in rows]
    gap_down = (page.height - 2 * margin - sum(heights)) / (len(rows) + 1)
    y = margin + 0.92 * gap_down  # a little above the middle looks like the middle
    for row, widths, height in zip(rows, _widths(rows), heights, strict=True):
        free = page.width - 2 * margin - em * sum(widths)
        gap = free / (len(row) + 1)
        x = page.width - margin - gap
        for block, width in zip(row, widths, strict=True):
            yield block, (x - em * block.width, y)
            x -= em * width + gap
        y += height + gap_down


def _drawn(block: Block, corner: tuple[float, float], em: float, paper: Paper) -> str:
    """Return one block as a group: what it hangs on, its columns, characters, seal and note."""
    left, top = corner

    def on_page(x: float, y: float) -> tuple[float, float]:
        return left + x * em, top + y * em

    parts = []
    for x, y, width, height in block.scrolls:
        parts.append(style.scroll(on_page(x, y), (width * em, height * em), paper, em))
    if block.board:
        x, y, width, height = block.board
        parts.append(style.board(on_page(x, y), (width * em, height * em), paper, em))
    if block.edges:
        edges = [left + x * em for x in block.edges]
        parts.append(style.ruled_columns(edges, top, top + block.bottom * em, paper.rule, em))
    parts += _lettered(block, corner, em, paper)
    if block.seal:
        text, x, y, side = block.seal
        colours = (paper.seal, paper.seal_ink)
        if block.scrolls:
            colours = (paper.scroll_seal, paper.scroll_seal_ink)
        parts.append(style.seal(cut(text), on_page(x, y), side * em, colours))
    if block.note:
        room = block.width - block.note_left
        x, y = on_page(block.width - room / 2, block.height - 0.3)
        size = min(_NOTE, room / style.small_print_width(block.note)) * em
        parts.append(style.small_print(block.note, x, y, size=size, colour=paper.faint_ink))
    return f'<g class="block">{"".join(parts)}</g>'


def _lettered(block: Block, corner: tuple[float, float], em: float, paper: Paper) -> Iterator[str]:
    """Yield the characters of a block in reading order, and the rings beside its heads."""
    is_hung = bool(block.scrolls)
    ink = paper.scroll_ink if is_hung else paper.ink
    faint = paper.scroll_faint_ink if is_hung else paper.faint_ink
    accent = paper.scroll_accent if is_hung else paper.accent
    cells = [
        replace(cell, x=corner[0] + cell.x * em, y=corner[1] + cell.y * em, size=cell.size * em)
        for cell in block.cells
    ]
    for role, colour in (("title", ink), ("author", faint)):
        chosen = [cell for cell in cells if cell.role == role]
        glyphs = [style.glyph(cell.text, cell.x, cell.y, cell.size) for cell in chosen]
        yield style.lettering(role, glyphs, chosen[0].size if chosen else em, colour)
    glyphs = [
        style.glyph(
            cell.text,
            cell.x,
            cell.y,
            cell.size,
            extra=f' class="head" fill="{accent}"' if cell.role == "head" else "",
        )
        for cell in cells
        if cell.role in ("line", "head")
    ]
    yield style.lettering("lines", glyphs, em, ink)
    marks = [
        style.mark_shape(cell.text, cell.x, cell.y, em) for cell in cells if cell.role == "mark"
    ]
    if marks:
        yield f'<g class="marks" fill="{faint}" stroke="{faint}">{"".join(marks)}</g>'
    for cell in cells:
        if cell.role == "head":
            yield style.ring(cell.x + 0.625 * em, cell.y, 0.06 * em, accent)


def _frame(page: Page, paper: Paper) -> str:
    inset, width = _FRAME * page.shorter, page.shorter / 900
    size = (page.width - 2 * inset, page.height - 2 * inset)
    looks = f'fill="none" stroke="{paper.rule}" stroke-width="{decimal(width)}"'
    return style.box((inset, inset), size, looks)


def _foot_line(note: str, page: Page, paper: Paper) -> str:
    if not note:
        return ""
    room = page.width - 2.6 * _FRAME * page.shorter
    size = min(0.0145 * math.sqrt(page.width * page.height), room / style.small_print_width(note))
    y = page.height - (_FRAME + _MARGIN) / 2 * page.shorter
    return style.small_print(note, page.width / 2, y, size=size, colour=paper.faint_ink)
