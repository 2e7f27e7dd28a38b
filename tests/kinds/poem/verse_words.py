"""Some 230 common characters with tones and rhymes, and a way to make a lexicon of them."""

import numpy as np

from serinette.kinds.poem.lexicon import Lexicon

LEVEL = {
    "一东": "东同中空风红公功通弓宫工翁虹丛鸿",
    "二冬": "松峰钟重浓",
    "四支": "枝时知诗池儿思离眉悲迟期丝吹为",
    "五微": "飞归衣稀晖",
    "七虞": "湖无孤图夫",
    "十灰": "来开台回梅",
    "十一真": "真春人新尘身神邻亲",
    "十四寒": "寒看难安残",
    "十五删": "山关还间颜闲",
    "一先": "天年前烟眠边船泉仙田弦",
    "五歌": "歌多河波过",
    "六麻": "花家斜沙霞",
    "七阳": "阳香长乡霜光床堂央黄凉芳肠望相行",
    "八庚": "明生声情城行清平惊名轻",
    "九青": "青星庭听",
    "十一尤": "秋流楼愁舟头游",
    "十二侵": "心深林金音吟今",
    "十五咸": "帆衫",
}
OBLIQUE = (
    "月雪夜雨水日白色玉落叶鸟酒客路影梦柳草岸海里上下去不一有万百古国道老少是处北暮竹石独绿"
    "细浪早晓好寺小中重思为看难过长望相行听空"
)


def lexicon_of(tones, groups, names):
    """Make a lexicon; symbol 0 is the end and 1 is missing, the marks follow.

    Args:
        tones: {character: "平", "仄", "平仄" or ""}.
        groups: {character: names of its level-tone groups}.
        names: All group names.
    """
    characters = ["", "", "，", "。", *tones]
    bits = [("平" in tones.get(c, "")) | ("仄" in tones.get(c, "")) << 1 for c in characters]
    masks = [sum(1 << names.index(g) for g in groups.get(c, ())) for c in characters]
    return Lexicon(
        tones=np.array(bits, np.uint8),
        rhymes=np.array(masks, np.int64),
        rhyme_names=tuple(names),
        is_hanzi=np.arange(len(characters)) >= 4,
        symbol_of={c: k for k, c in enumerate(characters) if c},
        end=0,
    )


def _common():
    tones, groups = {}, {}
    for name, characters in LEVEL.items():
        for c in characters:
            tones[c] = "平"
            groups.setdefault(c, []).append(name)
    for c in OBLIQUE:
        tones[c] = "平仄" if c in tones else "仄"
    return tones, groups


TONES, GROUPS = _common()
NAMES = list(LEVEL)
LEXICON = lexicon_of(TONES, GROUPS, NAMES)


def write(constraint, lexicon, n_rows, seed):
    """Draw uniformly among what is allowed; return texts, None for a row that came to no end."""
    rng = np.random.default_rng(seed)
    state = constraint.start(n_rows)
    columns = []
    for step in range(constraint.n_symbols):
        remaining = np.full(n_rows, constraint.n_symbols - step)
        allowed = constraint.allowed(state, remaining)
        columns.append(np.argmax(rng.random(allowed.shape) * allowed, axis=1))
        columns[-1][~allowed.any(axis=1)] = -1
        state = constraint.advance(state, np.maximum(columns[-1], 0))
    spelled = {symbol: c for c, symbol in lexicon.symbol_of.items()}
    rows = np.array(columns).T
    return [
        None if -1 in row else "".join(spelled.get(s, "*") for s in row[:-1]) + "*"[: row[-1]]
        for row in rows.tolist()
    ]
