"""Poems in which opposite lines answer one another by a plan."""

import numpy as np

NOUNS = "山川花鳥江湖松竹雲霜風雪"
NUMBERS = "一二三四五六七八九十百千"
VERBS = "行飛流歸來去望聽歌舞開落"
WORDS = NOUNS + NUMBERS + VERBS


def poem_of(lines):
    return "".join(line + "，。"[k % 2] for k, line in enumerate(lines))


def planted_poems(n, seed=0):
    """Eight lines of five; where they answer one another, the classes are alike, place by place."""
    draw = np.random.default_rng(seed)
    poems = []
    for _ in range(n):
        lines = ["".join(draw.choice(list(WORDS), 5)) for _ in range(8)]
        for first in (2, 4):
            classes = draw.choice([NOUNS, NUMBERS, VERBS], 5)
            for line in (first, first + 1):
                lines[line] = "".join(draw.choice(list(word)) for word in classes)
        poems.append(poem_of(lines))
    return poems
