"""A second opinion on poems, by regular expressions; it shares no code with the verse rules."""

import re
from itertools import product

MARK = {
    "a": {"strict": ".仄.平仄", "rescue": ".仄.平仄"},
    "A": {"strict": ".仄仄平平", "rescue": ".仄仄平平"},
    "b": {"strict": ".平平仄仄", "rescue": ".平平仄仄|平平仄平仄"},
    "B": {"strict": "平平.仄平", "rescue": "平平.仄平|仄平平仄平"},
}
BEFORE = {"a": ".平", "A": ".平", "b": ".仄", "B": ".仄"}
POEMS = ["BAaBbAaB", "bAaBbAaB", "ABbAaBbA", "aBbAaBbA"]
LINES = {"五绝": 4, "七绝": 4, "五律": 8, "七律": 8, "五言联": 2, "七言联": 2}


def spellings(line, tones):
    """All tone strings that the readings of a line give."""
    return {"".join(each) for each in product(*(tones[c] for c in line))}


def fits(kind, line, strictness):
    middle = MARK[kind][strictness]
    before = BEFORE[kind] if len(line) == 7 else ""
    return re.fullmatch(f"{before}(?:{middle})", line) is not None


def pair_fits(kinds, upper, lower, strictness):
    if fits(kinds[0], upper, strictness) and fits(kinds[1], lower, strictness):
        return True
    broken = re.fullmatch(".平.仄.仄仄" if len(upper) == 7 else ".仄.仄仄", upper)
    rescued = fits("B", lower, strictness) and lower[-3] == "平"
    return kinds == "aB" and strictness == "rescue" and broken is not None and rescued


def pair_is_legal(kinds, upper, lower, tones, strictness, every):
    both = product(spellings(upper, tones), spellings(lower, tones))
    verdict = all if every else any
    return verdict(pair_fits(kinds, u, v, strictness) for u, v in both)


def rhymes(words, tones, groups, wish):
    if wish.distinct_rhymes and len(set(words)) < len(words):
        return False
    if wish.strict_polyphonic and any(
        len(groups.get(c, ())) != 1 or tones[c] != "平" for c in words
    ):
        return False
    shared = set.intersection(*(set(groups.get(c, ())) for c in words))
    if wish.rhyme != "auto":
        shared &= set(groups.get(wish.rhyme, ())) | {wish.rhyme}
    return bool(shared)


def sound_is_legal(lines, tones, groups, wish):
    form = wish.form.name
    rhyming = [line[-1] for line in lines[1::2]]
    asks_rhyme = wish.rhyme != "none" and form[1:] != "言联"
    if wish.tones == "none" or form not in LINES:
        return not asks_rhyme or rhymes(rhyming, tones, groups, wish)
    poems = POEMS[1::2] if form[1:] == "言联" else POEMS
    for poem in poems:
        words = ([lines[0][-1]] if poem[0].isupper() else []) + rhyming
        if asks_rhyme and not rhymes(words, tones, groups, wish):
            continue
        if all(
            pair_is_legal(
                poem[k : k + 2], lines[k], lines[k + 1], tones, wish.tones, wish.strict_polyphonic
            )
            for k in range(0, len(lines), 2)
        ):
            return True
    return False


def is_legal(text, tones, groups, wish):
    """Say whether a whole poem keeps a wish."""
    lines = re.split("[，。]", text)[:-1]
    n_lines, length = wish.form.n_lines, wish.form.line_length
    if re.sub("[^，。]", "", text) != "，。" * (n_lines // 2) or len(lines) != n_lines:
        return False
    if any(len(line) != length or not set(line) <= set(tones) for line in lines):
        return False
    at = {"first": 0, "last": -1}.get(wish.head_place)
    at = wish.head_place - 1 if at is None else at
    carrying = wish.head_lines or range(1, len(wish.heads) + 1)
    given = [lines[n - 1][at] == c for n, c in zip(carrying, wish.heads, strict=True)]
    given += [lines[n - 1][k - 1] == c for (n, k), c in wish.fixed.items()]
    given += [lines[0] == wish.first_line] if wish.first_line else []
    everything = "".join(lines)
    if not all(given) or set(everything) & set(wish.banned):
        return False
    if wish.no_repeat and len(set(everything)) < len(everything):
        return False
    return sound_is_legal(lines, tones, groups, wish)
