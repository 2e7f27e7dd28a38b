"""Simple facts about each character of a poem: where it stands, and how it sounds.

Shape letters: `P` characters and marks of canonical content.
"""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int

from serinette.kinds.poem.layout import MARKS, canonical
from serinette.kinds.poem.lexicon import LEVEL, OBLIQUE
from serinette.kinds.trait import Trait

if TYPE_CHECKING:
    from serinette.kinds.poem.codec import PoemCodec


def poem_traits(codec: "PoemCodec", content: str) -> tuple[Trait, ...]:
    """Return the facts about every character and mark of the canonical content."""
    letters = np.array(list(canonical(content)))
    is_mark = np.isin(letters, list(MARKS))
    places = np.arange(len(letters))
    last = np.maximum.accumulate(np.where(is_mark, places, -1))
    column = places - last
    line: Int[np.ndarray, " P"] = np.cumsum(is_mark) - is_mark
    is_even_line: Bool[np.ndarray, " P"] = line % 2 == 1
    tones = codec.lexicon().tones[codec.encode(content)[:, 0]]
    is_level, is_oblique = tones == LEVEL, tones == OBLIQUE
    ends_next = np.append(is_mark[1:], False)
    rhymes_next = np.append(ends_next[1:], False) & is_even_line
    return (
        Trait(name="at a mark", values=is_mark),
        Trait(name="place in the line", values=np.where(is_mark, 0, column)),
        Trait(name="at an even place of the line", values=~is_mark & (column % 2 == 0)),
        Trait(name="number of the line", values=line),
        Trait(name="in an even line", values=is_even_line),
        Trait(name="a level tone (平)", values=is_level),
        Trait(name="an oblique tone (仄)", values=is_oblique),
        Trait(name="the tone before was level (平)",
              values=np.concatenate([[False], is_level[:-1]])),
        Trait(name="the line ends here", values=ends_next, is_ahead=True),
        Trait(name="the rhyme comes next", values=rhymes_next, is_ahead=True),
        Trait(name="place in the poem", values=places),
    )  # fmt: skip
