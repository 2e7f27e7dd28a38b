"""中华新韵: how a character is read today, in 14 groups of rhymes.

The readings come from the package `pypinyin`; how a syllable is spelt in pinyin says its group.
The light tone rhymes with nothing.

Reference: 中华诗词学会, 中华新韵 (十四韵), 2005.
"""

from collections import Counter
from functools import cache
from typing import Final

from serinette.core.errors import MissingExtraError
from serinette.kinds.poem.readings import Reading, Tone

GROUPS: Final = (
    *("一麻", "二波", "三皆", "四开", "五微", "六豪", "七尤"),
    *("八寒", "九文", "十唐", "十一庚", "十二齐", "十三支", "十四姑"),
)
"""The 14 groups in their order."""
_BY_ENDING: Final = (
    *(("ang", "十唐"), ("eng", "十一庚"), ("ing", "十一庚"), ("ong", "十一庚"), ("an", "八寒")),
    *(("en", "九文"), ("in", "九文"), ("un", "九文"), ("vn", "九文"), ("ao", "六豪")),
    *(("ou", "七尤"), ("iu", "七尤"), ("ai", "四开"), ("ei", "五微"), ("ui", "五微")),
    *(("ie", "三皆"), ("ye", "三皆"), ("ue", "三皆"), ("ve", "三皆"), ("ê", "三皆")),
    *(("er", "十二齐"), ("a", "一麻"), ("o", "二波"), ("e", "二波"), ("i", "十二齐")),
    *(("ju", "十二齐"), ("qu", "十二齐"), ("xu", "十二齐"), ("yu", "十二齐")),
    *(("v", "十二齐"), ("u", "十四姑")),
)
"""The first ending that fits decides; `v` is written for `ü`."""
_LEAST_SHARE: Final = 0.05
"""A further reading counts if more than this share of a character's phrases have it."""
_BARE: Final = frozenset(("zhi", "chi", "shi", "ri", "zi", "ci", "si"))
_TONES: Final[dict[str, Tone]] = {"1": "平", "2": "平", "3": "仄", "4": "仄"}


def xinyun_readings(character: str) -> tuple[Reading, ...]:
    """Return the readings of one character, without repetition; none if it is not known.

    Raises:
        MissingExtraError: If `pypinyin` is not installed.
    """
    readings = (reading_of(syllable) for syllable in _syllables(character))
    return tuple(dict.fromkeys(reading for reading in readings if reading is not None))


def reading_of(syllable: str) -> Reading | None:
    """Return tone and group of a syllable like `zhong1`, or None for what rhymes with nothing."""
    spelling, tone = syllable[:-1], _TONES.get(syllable[-1:])
    if tone is None:
        return None
    if spelling in _BARE:
        return Reading(tone, "十三支")
    groups = (group for ending, group in _BY_ENDING if spelling.endswith(ending))
    group = next(groups, None)
    return None if group is None else Reading(tone, group)


@cache
def _syllables(character: str) -> tuple[str, ...]:
    try:
        from pypinyin import Style, pinyin
    except ImportError as error:
        raise MissingExtraError(
            "the rhyme book 'xinyun' needs the package pypinyin, which is not installed; "
            "run pip install 'serinette[poem]', or use the book 'pingshui'"
        ) from error
    found = pinyin(character, style=Style.TONE3, heteronym=True, errors="ignore")
    syllables = found[0] if found else []
    counts = _in_phrases().get(character, Counter())
    rarest = _LEAST_SHARE * counts.total()
    return tuple(s for s in syllables if s == syllables[0] or counts[s] > rarest)


@cache
def _in_phrases() -> dict[str, Counter[str]]:
    """Count how each character is read in the phrases of `pypinyin`.

    A character has readings in its dictionary that nobody has used for a thousand years (`儿` as
    `ren2`); with all of them 31 % of the characters of verse could be either tone.
    """
    from pypinyin.contrib.tone_convert import to_tone3
    from pypinyin.phrases_dict import phrases_dict

    counts: dict[str, Counter[str]] = {}
    spelt = cache(to_tone3)
    for phrase, readings in phrases_dict.items():
        if len(phrase) == len(readings):
            for character, reading in zip(phrase, readings, strict=True):
                counts.setdefault(character, Counter())[spelt(reading[0])] += 1
    return counts
