"""Which pages and papers there are for poems: sizes and colours."""

from dataclasses import dataclass

_UNITS_PER_MM = 4.0


@dataclass(frozen=True, kw_only=True)
class Page:
    """The size of a sheet, in units of its view box."""

    width: int
    """Units across; at least 100."""
    height: int
    """Units down; at least 100."""
    is_printed: bool = False
    """Whether four units are a millimetre of paper; a unit is a pixel otherwise."""

    @property
    def shorter(self) -> int:
        """The shorter side, which margins and small print are measured by."""
        return min(self.width, self.height)

    def outer_size(self) -> tuple[str, str]:
        """Return width and height with their unit of length."""
        sides = (self.width, self.height)
        if self.is_printed:
            across, down = (f"{decimal(side / _UNITS_PER_MM)}mm" for side in sides)
        else:
            across, down = (decimal(float(side)) for side in sides)
        return across, down


PAGES = {
    "A4": Page(width=840, height=1188, is_printed=True),
    "A4-wide": Page(width=1188, height=840, is_printed=True),
    "A5": Page(width=592, height=840, is_printed=True),
    "square": Page(width=1080, height=1080),
    "phone": Page(width=1080, height=1920),
    "strip": Page(width=480, height=1440),
}


@dataclass(frozen=True, kw_only=True)
class Paper:
    """The colours of one kind of paper, and of what is on it."""

    sheet: str
    rim: str
    """What the sheet darkens to at its edges."""
    grain: str
    """The fibres, as red, green, blue and strength for a colour matrix; empty for none."""
    flecks: str
    """Specks of gold, in the same form; empty for none."""
    ink: str
    faint_ink: str
    accent: str
    """Of the characters of an acrostic."""
    rule: str
    seal: str
    seal_ink: str
    scroll: str
    """Of the two hanging scrolls of a couplet."""
    scroll_edge: str
    scroll_ink: str
    scroll_faint_ink: str
    scroll_accent: str
    scroll_seal: str
    scroll_seal_ink: str
    roller: str


PAPERS = {
    "xuan": Paper(
        sheet="#f6efdf",
        rim="#eadfc4",
        grain="0.45 0.33 0.18 0.13",
        flecks="",
        ink="#231d19",
        faint_ink="#7a6c5b",
        accent="#b3312a",
        rule="#b9a684",
        seal="#b3261f",
        seal_ink="#f8efdf",
        scroll="#b5322a",
        scroll_edge="#e3cf9f",
        scroll_ink="#1c1310",
        scroll_faint_ink="#3f1712",
        scroll_accent="#ffe6a3",
        scroll_seal="#f3e2b4",
        scroll_seal_ink="#a3261f",
        roller="#4a3020",
    ),
    "plain": Paper(
        sheet="#ffffff",
        rim="#ffffff",
        grain="",
        flecks="",
        ink="#111111",
        faint_ink="#666666",
        accent="#b3261f",
        rule="#bbbbbb",
        seal="#b3261f",
        seal_ink="#ffffff",
        scroll="#ffffff",
        scroll_edge="#e9e6e0",
        scroll_ink="#111111",
        scroll_faint_ink="#666666",
        scroll_accent="#b3261f",
        scroll_seal="#b3261f",
        scroll_seal_ink="#ffffff",
        roller="#3a3a3a",
    ),
    "night": Paper(
        sheet="#1b2740",
        rim="#101829",
        grain="0.62 0.70 0.86 0.10",
        flecks="0.86 0.70 0.38 0.5",
        ink="#e8d7a6",
        faint_ink="#9c9680",
        accent="#f0785a",
        rule="#4d5a73",
        seal="#b8392c",
        seal_ink="#f7ead0",
        scroll="#7c1f1d",
        scroll_edge="#2a3757",
        scroll_ink="#efd797",
        scroll_faint_ink="#d0a878",
        scroll_accent="#ffffff",
        scroll_seal="#efd797",
        scroll_seal_ink="#7c1f1d",
        roller="#c2a465",
    ),
}


def decimal(value: float) -> str:
    """Return a number with at most two decimals, always written in the same way."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"
