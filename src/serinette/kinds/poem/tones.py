"""The tone templates of regulated verse (近体诗), and measures of how well lines keep them.

The system is Wang Li's (王力, 诗词格律): four line types a A b B, joined in pairs to four
templates. In the five-character line the places 2, 4 and 5 are fixed, and 1 and 3 are free except
that

- 孤平: a B line begins with 平 (`仄平仄仄平` has one 平 besides the rhyme);
- 三平尾, 三仄尾: a line never ends in three 平 or three 仄.

A seven-character line puts two places before it, the first of them free. `strict` stops here.
`rescue` accepts three 拗救 besides:

- 孤平拗救: B as `仄平平仄平`, the third 平 making good the first 仄;
- 特拗: b as `平平仄平仄`, its first place 平;
- 对句救: a with 仄 in place 4 (`仄仄平仄仄`, `仄仄仄仄仄`; 大拗), made good by 平 in the third
  place of the B line that follows.

A 仄 in the third place of an a line (小拗) needs no rescue. Left out: 失粘 and 失对 as licences,
折腰体, 仄-rhymed 绝句, the tones of 古风, and rules on the four 仄 tones (上尾 and the like).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from serinette.kinds.poem.forms import Form

LINE_TYPES = {"a": "仄仄平平仄", "A": "仄仄仄平平", "b": "平平平仄仄", "B": "平平仄仄平"}

RULES = ("孤平", "三平尾", "三仄尾")
"""The rules that narrow the free places of a line."""

_RESCUES = {"B": {"仄平平仄平": "孤平拗救"}, "b": {"平平仄平仄": "特拗"}}
_BROKEN_A = {"平仄平仄仄": "大拗", "平仄仄仄仄": "大拗", "仄仄平仄仄": "大拗", "仄仄仄仄仄": "大拗"}
_OPPOSITE = {"平": "仄", "仄": "平"}
_SHORT = 5
"""Characters in the shorter line."""

Readings = Callable[[str], Collection[str]]
"""The tones of a character, of `平` and `仄`; empty if unknown."""


@dataclass(frozen=True)
class Template:
    """One tone template of a poem."""

    name: str
    """Such as `平起入韵`."""

    pairs: tuple[str, ...]
    """The line types two by two, such as `("BA", "aB")`."""

    @property
    def first_rhymes(self) -> bool:
        """Whether line 1 ends 平 and so rhymes too."""
        return self.pairs[0][0].isupper()


def line_type(kind: str, length: int) -> str:
    """Return the tones of a line type for lines of 5 or 7 characters."""
    short = LINE_TYPES[kind]
    return short if length == _SHORT else _OPPOSITE[short[0]] + _OPPOSITE[short[1]] + short


def line_patterns(
    kind: str, length: int, strictness: str = "rescue", lifted: Collection[str] = ()
) -> dict[str, str]:
    """Return the tones that a line of a type may have by itself, each with the name of its rule.

    Args:
        kind: `a`, `A`, `b` or `B`.
        length: 5 or 7.
        strictness: `strict` or `rescue`.
        lifted: Rules of `RULES` that are not applied, for explanations.
    """
    named = dict.fromkeys(_regular(kind, lifted), "正格")
    if strictness == "rescue":
        named |= _RESCUES.get(kind, {})
    return {tones: named[tones[-_SHORT:]] for tones in _lengthened(kind, length, named)}


def pair_patterns(
    pair: str, length: int, strictness: str = "rescue", lifted: Collection[str] = ()
) -> frozenset[str]:
    """Return the tones that two lines may have together, as strings of twice the length.

    Args:
        pair: Two line types, such as `aB`.
        length: 5 or 7.
        strictness: `strict` or `rescue`, which adds the pairs of 对句救.
        lifted: As in `line_patterns`.
    """
    first, second = (line_patterns(kind, length, strictness, lifted) for kind in pair)
    both = {upper + lower for upper, lower in product(first, second)}
    if strictness == "rescue" and pair == "aB":
        broken = _lengthened("a", length, _BROKEN_A)
        rescuing = [tones for tones in second if tones[length - 3] == "平"]
        both |= {upper + lower for upper, lower in product(broken, rescuing)}
    return frozenset(both)


def templates(form: Form) -> tuple[Template, ...]:
    """Return the templates of a form; none where the form has no tones."""
    if not form.has_tones:
        return ()
    starts = ("aB", "bA") if form.is_couplet else ("aB", "bA", "AB", "BA")
    found = []
    for start in starts:
        follows = {"aB": "bA", "bA": "aB", "AB": "bA", "BA": "aB"}
        pairs = [start]
        while 2 * len(pairs) < form.n_lines:
            pairs.append(follows[pairs[-1]])
        name = line_type(start[0], form.line_length)[1] + "起"
        if form.is_regulated:
            name += "入韵" if start[0].isupper() else "不入韵"
        found.append(Template(name, tuple(pairs)))
    return tuple(found)


def keeps_tones(
    lines: Sequence[str], readings: Readings, form: Form, strictness: str = "rescue"
) -> bool:
    """Say whether a poem fits one tone template of its form.

    A character fits if one of its readings does; a character without known tones always fits.

    Args:
        lines: The lines without marks.
        readings: The tones of a character.
        form: The form that the poem claims.
        strictness: `strict` or `rescue`; `none` checks the shape only.
    """
    if not _has_shape(lines, form):
        return False
    if strictness == "none" or not form.has_tones:
        return True
    known = _readings_by_pair(lines, readings)
    return any(
        all(
            _fits_any(tones, pair_patterns(pair, form.line_length, strictness))
            for tones, pair in zip(known, template.pairs, strict=True)
        )
        for template in templates(form)
    )


def keeps_alternation(lines: Sequence[str], readings: Readings, form: Form) -> bool:
    """Say whether the places 2, 4 (6) and the line ends fit one of the form's templates.

    The loose measure by which 78.6 % of the Tang 七绝 pass; readings as in `keeps_tones`.
    """
    if not _has_shape(lines, form):
        return False
    length = form.line_length
    places = [*range(1, length, 2), length - 1]
    return not form.has_tones or any(
        all(
            _fits([readings(line[k]) for k in places], [line_type(kind, length)[k] for k in places])
            for line, kind in zip(lines, "".join(template.pairs), strict=True)
        )
        for template in templates(form)
    )


def rhymes_together(characters: Sequence[str], groups: Callable[[str], Collection[str]]) -> bool:
    """Say whether all characters share a rhyme group.

    Args:
        characters: The rhyme characters of a poem.
        groups: The rhyme groups of a character; one without any (unknown) rhymes with all.
    """
    known = [set(groups(character)) for character in characters if groups(character)]
    return not known or bool(set.intersection(*known))


@lru_cache(maxsize=64)
def _regular_of(kind: str, lifted: frozenset[str]) -> tuple[str, ...]:
    model = LINE_TYPES[kind]
    found = []
    for first, third in product("平仄", repeat=2):
        tones = first + model[1] + third + model[3:]
        breaches = {
            "孤平": kind == "B" and first == "仄",
            "三平尾": tones.endswith("平平平"),
            "三仄尾": tones.endswith("仄仄仄"),
        }
        if not any(breaches[rule] and rule not in lifted for rule in RULES):
            found.append(tones)
    return tuple(found)


def _regular(kind: str, lifted: Collection[str]) -> tuple[str, ...]:
    return _regular_of(kind, frozenset(lifted))


def _lengthened(kind: str, length: int, patterns: Collection[str]) -> list[str]:
    """Put the two places of the longer line before each pattern; the first of them is free."""
    if length == _SHORT:
        return list(patterns)
    second = line_type(kind, length)[1]
    return [first + second + tones for first in "平仄" for tones in patterns]


def _has_shape(lines: Sequence[str], form: Form) -> bool:
    return form.is_free or (
        len(lines) == form.n_lines and all(len(line) == form.line_length for line in lines)
    )


def _readings_by_pair(lines: Sequence[str], readings: Readings) -> list[list[Collection[str]]]:
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [[readings(character) for character in upper + lower] for upper, lower in pairs]


def _fits_any(known: Sequence[Collection[str]], patterns: Collection[str]) -> bool:
    return any(_fits(known, pattern) for pattern in patterns)


def _fits(known: Sequence[Collection[str]], wanted: Sequence[str]) -> bool:
    return all(not tones or tone in tones for tones, tone in zip(known, wanted, strict=True))
