"""Poems set in ems: 1 is the side of a character of the poem.

A block is one poem, or one couplet hung as two scrolls. No two of its characters touch and none
stands outside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from serinette.core.errors import DataError
from serinette.kinds.poem.sheet_poem import SheetPoem, cut

_COUPLET = 2
_TITLE, _AUTHOR = 0.62, 0.46
_MARK_STEP = 0.5
_PAUSE = 0.45
"""Between two lines in one column, where no mark parts them."""
_PAD = 0.45
"""Above and below the columns, where the frame of ruled ones stands."""
_NOTE_ROOM = 1.1
_SEAL_COLUMN, _SEAL_SIDE = 1.55, 1.0
_BOARD_PLACES, _BOARD_STEP, _BOARD_HEIGHT = 8, 0.98, 1.3
_SCROLL_WIDTH, _SCROLL_HEAD, _SCROLL_FOOT = 2.9, 1.75, 1.15
_SIGNED = 0.61
"""From the left side of a scroll to the middle of signature and seal."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How blocks are set."""

    n_joined: int
    """Lines that stand in one column."""
    leading: float
    pitch: float
    is_ruled: bool
    keeps_marks: bool
    hangs_couplets: bool


@dataclass(frozen=True)
class Cell:
    """One character, or one mark, with its middle in ems from the block's upper left corner."""

    text: str
    x: float
    y: float
    size: float
    role: str


@dataclass(frozen=True, kw_only=True)
class Block:
    """One poem, set."""

    width: float
    height: float
    cells: tuple[Cell, ...]
    edges: tuple[float, ...] = ()
    """Where ruled columns end."""
    bottom: float = 0.0
    """Where ruled columns end below."""
    seal: tuple[str, float, float, float] | None = None
    """Text, middle, side."""
    scrolls: tuple[tuple[float, float, float, float], ...] = ()
    """Left, top, width, height of the two scrolls of a couplet."""
    board: tuple[float, float, float, float] | None = None
    """The same of its 横批."""
    note: str = ""
    note_left: float = 0.0
    """Where the room of the note begins; it ends at the block's right side."""


def set_block(poem: SheetPoem, plan: Plan) -> Block:
    """Set one poem; a poem of two lines is hung where the plan says so."""
    if plan.hangs_couplets and len(poem.lines) == _COUPLET:
        return _couplet(poem, plan)
    columns = [
        range(start + 1, min(start + plan.n_joined, len(poem.lines)) + 1)
        for start in range(0, len(poem.lines), plan.n_joined)
    ]
    n_marks = max((len(mark) for mark in poem.marks), default=0) if plan.keeps_marks else 0
    pause = n_marks * _MARK_STEP or _PAUSE
    lengths = [[len(cut(poem.lines[number - 1])) for number in column] for column in columns]
    depth = max(sum(column) * plan.leading + pause * (len(column) - 1) for column in lengths)
    depth += n_marks * _MARK_STEP
    above, n_above = _heading(poem, depth)
    seal_width = _SEAL_COLUMN if poem.seal else 0.0
    side = 0.25 if above else 0.0
    width = seal_width + len(columns) * plan.pitch + n_above + side
    cells = [replace(cell, x=width - side - cell.x, y=_PAD + cell.y) for cell in above]
    for place, column in enumerate(columns):
        x, y = seal_width + (len(columns) - place - 0.5) * plan.pitch, _PAD
        for number in column:
            cells += _line(poem, number, (x, y), plan)
            y += len(cut(poem.lines[number - 1])) * plan.leading + pause
    edges = [seal_width + place * plan.pitch for place in range(len(columns) + 1)]
    bottom = depth + 2 * _PAD
    return Block(
        width=width,
        height=bottom + (_NOTE_ROOM if poem.note else 0.0),
        cells=tuple(cells),
        edges=tuple(sorted({0.0, *edges, width})) if plan.is_ruled else (),
        bottom=bottom,
        seal=_seal(poem.seal, (seal_width / 2, _PAD + depth - _SEAL_SIDE / 2 - 0.05), _SEAL_SIDE),
        note=poem.note,
        note_left=seal_width,
    )


def _seal(
    text: str | None, middle: tuple[float, float], side: float
) -> tuple[str, float, float, float] | None:
    return (text, *middle, side) if text else None


def _heading(poem: SheetPoem, depth: float) -> tuple[list[Cell], float]:
    """Return title and author in their own columns, `x` counted from the right, and their width."""
    title, author = cut(poem.title), cut(poem.author)
    step, author_step = 1.2 * _TITLE, 1.2 * _AUTHOR
    if author:
        author_step = min(author_step, depth / len(author))
    capacity = max(1, int(depth / step))
    n_columns = -(-len(title) // capacity)
    per_column = -(-len(title) // n_columns) if n_columns else 0
    cells = [
        Cell(
            character,
            1.05 * (index // per_column) + 0.525,
            (index % per_column) * step + _TITLE / 2 + 0.1,
            _TITLE,
            "title",
        )
        for index, character in enumerate(title)
    ]
    n_last = len(title) - per_column * (n_columns - 1) if title else 0
    if author and (not title or n_last * step + len(author) * author_step + 0.8 > depth):
        n_columns += 1
    size = author_step / 1.2
    cells += [
        Cell(
            character,
            1.05 * n_columns - 0.525,
            depth - (len(author) - index - 0.5) * author_step,
            size,
            "author",
        )
        for index, character in enumerate(author)
    ]
    return cells, 1.05 * n_columns


def _line(poem: SheetPoem, number: int, corner: tuple[float, float], plan: Plan) -> Iterator[Cell]:
    """Yield one line and its marks downwards from a place."""
    x, y = corner
    for place, character in enumerate(cut(poem.lines[number - 1]), start=1):
        role = "head" if (number, place) in poem.heads else "line"
        yield Cell(character, x, y + plan.leading / 2, 1.0, role)
        y += plan.leading
    mark = poem.marks[number - 1] if poem.marks and plan.keeps_marks else ""
    for character in mark:
        # The upper right of the mark's own cell, whose lower half is left out.
        yield Cell(character, x + 0.27, y + 0.18, 0.4, "mark")
        y += _MARK_STEP


def _couplet(poem: SheetPoem, plan: Plan) -> Block:
    """Return two scrolls side by side, the first line on the right one, below a 横批."""
    banner, lines = cut(poem.title), [cut(line) for line in poem.lines]
    if len(banner) > _BOARD_PLACES:
        raise DataError(
            f"poem '{poem.title}', title of {len(banner)} characters: the 横批 of a hung couplet "
            f"holds {_BOARD_PLACES}; shorten it, or set the couplet as a poem"
        )
    leading, between = 1.04 * plan.leading, 0.9 + 0.6 * plan.pitch
    pair = 2 * _SCROLL_WIDTH + between
    board_width = len(banner) * _BOARD_STEP + 0.7
    width = max(pair, board_width) if banner else pair
    top = _BOARD_HEIGHT + 0.5 if banner else 0.0
    height = _SCROLL_HEAD + max(map(len, lines)) * leading + _SCROLL_FOOT
    left = (width - pair) / 2
    lefts = (left + _SCROLL_WIDTH + between, left)
    right = (width + len(banner) * _BOARD_STEP) / 2
    cells = [
        Cell(character, right - (place + 0.5) * _BOARD_STEP, _BOARD_HEIGHT / 2, 0.78, "title")
        for place, character in enumerate(banner)
    ]
    for number, start in enumerate(lefts, start=1):
        corner = (start + _SCROLL_WIDTH / 2, top + _SCROLL_HEAD)
        cells += _line(poem, number, corner, replace(plan, leading=leading, keeps_marks=False))
    low = top + height - _SCROLL_FOOT
    cells += _signature(poem, left + _SIGNED, low - (0.75 if poem.seal else 0.15), low - top - 2.6)
    return Block(
        width=width,
        height=top + height + (_NOTE_ROOM if poem.note else 0.0),
        cells=tuple(cells),
        scrolls=tuple((start, top, _SCROLL_WIDTH, height) for start in lefts),
        board=((width - board_width) / 2, 0.0, board_width, _BOARD_HEIGHT) if banner else None,
        seal=_seal(poem.seal, (left + _SIGNED, low - 0.38), 0.5),
        note=poem.note,
    )


def _signature(poem: SheetPoem, x: float, bottom: float, room: float) -> Iterator[Cell]:
    """Yield the author's name, which ends above the seal of the second scroll."""
    author = cut(poem.author)
    step = min(0.46, room / max(1, len(author)))
    for index, character in enumerate(author):
        y = bottom - (len(author) - index - 0.5) * step
        yield Cell(character, x, y, step / 1.2, "author")
