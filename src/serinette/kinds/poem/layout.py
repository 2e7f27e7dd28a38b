"""How a poem's text is written, and which form it has.

Canonical content is one string without line breaks: hanzi and the seven marks `，。？！；：、`,
never two marks in a row, never one at the start, and one of `。？！；` at the end.
"""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, Literal, get_args

from serinette.core.errors import ConfigError

Form = Literal["五绝", "七绝", "五律", "七律", "五古", "七古", "杂言"]
"""A form: so many lines of equal length, or 杂言, whatever is none of the six."""

Problem = Literal["empty", "damaged", "fragment"]
"""Why a text is no poem: no hanzi; a character that no poem holds; only one line of verse."""

FORMS: Final[tuple[Form, ...]] = get_args(Form)
MARKS: Final = "，。？！；：、"
"""The only punctuation of canonical content."""
HANZI: Final = (
    "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f\U00030000-\U000323af"
)
"""Every hanzi, as the inside of a regular expression's square brackets."""

_STOPS: Final = "。？！；"
_VARIANTS: Final = {
    **dict(zip(",?!;:", "，？！；：", strict=True)),
    **dict(zip(".．｡﹒", "。。。。", strict=True)),
    **dict(zip("﹐､﹑﹔﹕﹖﹗︰", "，、、；：？！：", strict=True)),
}
_QUOTES: Final = "「」『』《》〈〉“”‘’\"'﹁﹂﹃﹄＂＇«»"
_CANONICAL: Final = str.maketrans({**_VARIANTS, **dict.fromkeys(_QUOTES, "")})
_NOTE: Final = re.compile(r"[（(][^（）()]*[）)]")
_SUPPLIED: Final = re.compile(rf"\[((?![〇一二三四五六七八九十]+\])[{HANZI}]+)\]")
"""Not `[三]`, which points to a note."""
_BREAK: Final = re.compile(r"\s+")
_MARK_RUN: Final = re.compile(rf"[{MARKS}]*([{MARKS}])")
_REPEAT: Final = re.compile(rf"([{HANZI}])々")
_DONE: Final = re.compile(rf"(?:[〇\u3400-\u9fff]+[{MARKS}])*[〇\u3400-\u9fff]+[{_STOPS}]")
"""What needs no work: nearly every poem of a collection, and a tenth of the time."""
_STRANGE: Final = re.compile(rf"[^{HANZI}{MARKS}]|囗")
"""囗 is a hanzi, but where it stands somebody could not type `□`."""
_LINE: Final = re.compile(rf"[{HANZI}]+")
_PARAGRAPH: Final = re.compile(rf"[^{_STOPS}]+[{_STOPS}]")

_BY_SHAPE: Final[Mapping[tuple[int, int], Form]] = {
    (4, 5): "五绝",
    (4, 7): "七绝",
    (8, 5): "五律",
    (8, 7): "七律",
}
_BY_LENGTH: Final[Mapping[int, Form]] = {5: "五古", 7: "七古"}
_FEWEST_LINES: Final = 4
_ALIASES: Final[Mapping[str, Form]] = {
    **{form: form for form in FORMS},
    **dict.fromkeys(("五絕", "五言绝句", "五言絕句", "wujue"), "五绝"),
    **dict.fromkeys(("七絕", "七言绝句", "七言絕句", "qijue"), "七绝"),
    **dict.fromkeys(("五言律诗", "五言律詩", "wulü", "wulv", "wulu"), "五律"),
    **dict.fromkeys(("七言律诗", "七言律詩", "qilü", "qilv", "qilu"), "七律"),
    **dict.fromkeys(("五言古诗", "五言古詩", "wugu"), "五古"),
    **dict.fromkeys(("七言古诗", "七言古詩", "qigu"), "七古"),
    **dict.fromkeys(("雜言", "雑言", "zayan"), "杂言"),
}


def canonical(text: str) -> str:
    """Write a poem's text canonically, without judging it.

    Notes in round brackets go, and so do quotation and title marks; hanzi that an editor supplied
    in square brackets stay. A line break, or a space, that no mark precedes becomes a mark: a comma
    after every odd line and a full stop after every even one. What is neither hanzi nor mark stays
    where it is, for `damage` to find.
    """
    if _DONE.fullmatch(text):
        return text
    text = _without_notes(unicodedata.normalize("NFC", text).strip())
    text = _SUPPLIED.sub(r"\1", text).translate(_CANONICAL)
    text = _with_marks_at_breaks(text)
    text = _MARK_RUN.sub(r"\1", _REPEAT.sub(r"\1\1", text)).lstrip(MARKS)
    return text if not text or text[-1] in _STOPS else f"{text.rstrip(MARKS)}。"


def damage(content: str) -> str:
    """Return the first character of canonical content that no poem holds, or an empty string.

    Such are brackets, `□` for what nobody can read, Latin letters and digits, private code points.
    """
    found = _STRANGE.search(content)
    return found[0] if found else ""


def problem_of(content: str) -> Problem | None:
    """Return why canonical content is no poem, or None."""
    if damage(content):
        return "damaged"
    n_lines = len(lines_of(content))
    if n_lines == 0:
        return "empty"
    return "fragment" if n_lines == 1 else None


def plain_title(text: str) -> str:
    """Write a title or a name without notes in brackets, on one line."""
    return " ".join(re.split(r"[（(]", _without_notes(text))[0].split())


def hanzi_of(content: str) -> str:
    """Return the hanzi alone: two poems that agree in them are the same poem."""
    return "".join(_LINE.findall(content))


def lines_of(content: str) -> tuple[str, ...]:
    """Return the runs of hanzi between marks, in order."""
    return tuple(_LINE.findall(content))


def paragraphs_of(content: str) -> list[str]:
    """Divide canonical content after each `。？！；`, as files of poems usually do."""
    return _PARAGRAPH.findall(content)


def form_of(content: str) -> Form:
    """Return the form that the lines have; fewer than four lines are a fragment, and 杂言."""
    lengths = [len(line) for line in lines_of(content)]
    if len(lengths) < _FEWEST_LINES or len(set(lengths)) > 1:
        return "杂言"
    shape = (len(lengths), lengths[0])
    return _BY_SHAPE.get(shape) or _BY_LENGTH.get(lengths[0], "杂言")


def form_name(text: str) -> Form:
    """Return the canonical name of a form that may be given otherwise: `五言絕句`, `qilu`.

    Raises:
        ConfigError: If no form is called so, with the nearest that is.
    """
    name = text.strip().lower()
    if name in _ALIASES:
        return _ALIASES[name]
    guess = get_close_matches(name, _ALIASES, n=1, cutoff=0.5)
    hint = f"did you mean '{guess[0]}'?" if guess else f"there are: {', '.join(FORMS)}"
    raise ConfigError(f"form '{text}' is not known ({hint})")


def _without_notes(text: str) -> str:
    """Notes may stand in notes, so from the innermost outwards."""
    while (shorter := _NOTE.sub("", text)) != text:
        text = shorter
    return text


def _with_marks_at_breaks(text: str) -> str:
    parts = [part for part in _BREAK.split(text) if part]
    written = []
    for number, part in enumerate(parts):
        mark = "。" if number % 2 else "，"
        written.append(part if part[-1] in MARKS else part + mark)
    return "".join(written[:-1]) + parts[-1] if parts else ""
