"""The forms of a poem: how many lines of how many characters, and where the rhymes stand.

A poem is a run of lines, each closed by a mark: odd lines by `，`, even lines by `。`. The marks
belong to the form, so they are forced and never drawn. Lines and places are counted from 1.
"""

from dataclasses import dataclass

from serinette.core.errors import ConfigError

LEAST_LINES, MOST_LINES = 4, 32
"""How many lines a 古诗 may have; the number must also be even."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of poem; make one by `form_named`."""

    name: str
    """The Chinese name, such as `五绝`."""

    n_lines: int
    """Lines in the poem; 0 for 自由, whose lines are free."""

    line_length: int
    """Characters in a line; 0 for 自由."""

    is_regulated: bool = False
    """Whether it is 近体诗: tones by template, one level-tone rhyme, line 1 may rhyme too."""

    is_couplet: bool = False
    """Whether it is a 对联: two lines of opposite tones, the first ending 仄, without rhyme."""

    @property
    def is_free(self) -> bool:
        """Whether nothing at all is asked (自由)."""
        return self.n_lines == 0

    @property
    def has_tones(self) -> bool:
        """Whether the form has tone templates."""
        return self.is_regulated or self.is_couplet

    @property
    def rhyme_lines(self) -> tuple[int, ...]:
        """The lines that must rhyme: the even ones, except in a couplet."""
        return () if self.is_couplet else tuple(range(2, self.n_lines + 1, 2))

    @property
    def n_symbols(self) -> int:
        """Symbols of a whole poem: characters, marks and the end."""
        return self.n_lines * (self.line_length + 1) + 1


FORMS = {
    "五绝": Form(name="五绝", n_lines=4, line_length=5, is_regulated=True),
    "七绝": Form(name="七绝", n_lines=4, line_length=7, is_regulated=True),
    "五律": Form(name="五律", n_lines=8, line_length=5, is_regulated=True),
    "七律": Form(name="七律", n_lines=8, line_length=7, is_regulated=True),
    "五古": Form(name="五古", n_lines=8, line_length=5),
    "七古": Form(name="七古", n_lines=8, line_length=7),
    "五言联": Form(name="五言联", n_lines=2, line_length=5, is_couplet=True),
    "七言联": Form(name="七言联", n_lines=2, line_length=7, is_couplet=True),
    "自由": Form(name="自由", n_lines=0, line_length=0),
}
"""Every form by its name; a 古诗 stands here with eight lines."""

_OPEN = ("五古", "七古")
"""The forms whose number of lines may be chosen."""


def form_named(name: str, n_lines: int | None = None) -> Form:
    """Return the form of this name.

    Args:
        name: One of `FORMS`.
        n_lines: Lines of a 五古 or 七古, even, from 4 to 32; not set: as `FORMS` has it.

    Raises:
        ConfigError: If there is no such form, or it cannot have so many lines.
    """
    if name not in FORMS:
        raise ConfigError(f"form: unknown form '{name}'; use one of {' '.join(FORMS)}")
    form = FORMS[name]
    if n_lines is None or n_lines == form.n_lines:
        return form
    if name not in _OPEN:
        has = f"has {form.n_lines} lines" if form.n_lines else "has no fixed lines"
        raise ConfigError(
            f"form: {name} {has}, not {n_lines}; use 五古 or 七古 to choose the lines"
        )
    if n_lines % 2 or not LEAST_LINES <= n_lines <= MOST_LINES:
        raise ConfigError(
            f"form: {name} with {n_lines} lines; use an even number from {LEAST_LINES} to "
            f"{MOST_LINES}"
        )
    return Form(name=name, n_lines=n_lines, line_length=form.line_length)
