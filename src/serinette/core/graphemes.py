"""Where a text can be cut without tearing apart what a reader takes for one character.

A letter and its accents, a syllable of Hangul, a flag, a family joined into one emoji: the rules of
extended grapheme clusters, but for prefixed marks and conjuncts of Indic scripts, by general
category instead of tables.

Reference: Unicode Standard Annex 29, section 3.1.1.
"""

import unicodedata
from typing import Final

_MARKS: Final = ("Mn", "Mc", "Me")
_JOINER, _NON_JOINER = "\u200d", "\u200c"
_SKIN = ("\U0001f3fb", "\U0001f3ff")
_TAGS = ("\U000e0020", "\U000e007f")
_FLAGS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_SYLLABLES = ("\uac00", "\ud7a3")
_N_FINALS = 28


def extends(character: str) -> bool:
    """Say whether a character belongs to the one before it, whatever that is."""
    return (
        unicodedata.category(character) in _MARKS
        or character in (_JOINER, _NON_JOINER)
        or _SKIN[0] <= character <= _SKIN[1]
        or _TAGS[0] <= character <= _TAGS[1]
    )


def may_extend(text: str) -> bool:
    """Say whether a text could belong to a character before it."""
    first = text[:1]
    return bool(first) and (extends(first) or _is_flag(first) or bool(_hangul(first)))


def tears(before: str, after: str) -> bool:
    """Say whether a cut between two texts would tear a grapheme apart."""
    if not before or not after:
        return False
    last, first = before[-1], after[0]
    if unicodedata.category(last) in ("Cc", "Zl", "Zp"):
        return last + first == "\r\n"
    if last == _JOINER and unicodedata.category(first) == "So":
        return True
    if _is_flag(last) and _is_flag(first):
        return (len(before) - len(before.rstrip(_FLAGS))) % 2 == 1
    return extends(first) or _is_one_syllable(_hangul(last), _hangul(first))


def _is_flag(character: str) -> bool:
    return character in _FLAGS


def _hangul(character: str) -> str:
    """Return L, V, T, LV or LVT of a part of a syllable, or nothing."""
    if _SYLLABLES[0] <= character <= _SYLLABLES[1]:
        return "LV" if (ord(character) - ord(_SYLLABLES[0])) % _N_FINALS == 0 else "LVT"
    for name, first, last in (("L", "\u1100", "\u115f"), ("V", "\u1160", "\u11a7")):
        if first <= character <= last:
            return name
    return "T" if "\u11a8" <= character <= "\u11ff" else ""


def _is_one_syllable(last: str, first: str) -> bool:
    if not last or not first:
        return False
    follows = {"L": ("L", "V", "LV", "LVT"), "V": ("V", "T"), "T": ("T",)}
    return first in follows[last[-1]]
