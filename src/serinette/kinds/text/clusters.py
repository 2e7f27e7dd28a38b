"""User-perceived characters: where extended grapheme clusters begin and end.

Every code point is written as the letter of its class, and the rules are one regular expression
over these letters: a text is cut at the speed of `re`.

Reference: Unicode Standard Annex 29, rules GB3 to GB13, of Unicode 18.0; `tables/README.md`.

Shape letters: `T` code points.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from jaxtyping import UInt8

_END: Final = 0x110000
_SYLLABLES: Final = (0xAC00, 0xD7A4)
_N_FINALS: Final = 28
_OTHER: Final = ord("o")
_CLUSTER: Final = re.compile(
    rb"""CN|[CNX]                                        # GB3, GB4, GB5
    |P*                                                  # GB9b
    (?:l*(?:v+|Av*|B)t*|l+|t+                            # GB6, GB7, GB8
      |RR                                                # GB12, GB13
      |p(?:[EeK]*Zp)*                                    # GB11
      |[Kq](?:[EZ]*k)?                                   # GB9c
      |[^CNX])
    (?:[EeKZS]*K[EZ]*k)*                                 # GB9c
    [EeKZS]*                                             # GB9, GB9a
    """,
    re.VERBOSE,
)
_ALONE: Final = b"oNXpkAB"
"""Classes that never join one another: in most blocks every character is a cluster."""
_BLOCK: Final = 1 << 16


def clusters(text: str) -> Iterator[str]:
    """Yield the user-perceived characters of a text; joined they are the text."""
    begin = 0
    while begin < len(text):
        end = _safe_end(text, begin + _BLOCK)
        block = text[begin:end]
        letters = _letters(block)
        if letters.translate(None, _ALONE):
            yield from (block[slice(*match.span())] for match in _CLUSTER.finditer(letters))
        else:
            yield from block
        begin = end


def _safe_end(text: str, least: int) -> int:
    """Return the end of the line that `least` lies in: no cluster goes on behind a line feed."""
    found = text.find("\n", least)
    return len(text) if found < 0 else found + 1


def _letters(text: str) -> bytes:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    letters: UInt8[np.ndarray, " T"] = _letter_table()[codes]
    return letters.tobytes()


@cache
def _letter_table() -> UInt8[np.ndarray, " T"]:
    table = np.full(_END, _OTHER, dtype=np.uint8)
    begin, end = _SYLLABLES
    table[begin:end] = ord("B")
    table[begin:end:_N_FINALS] = ord("A")
    path = files("serinette.kinds.text.tables") / "grapheme_breaks.txt"
    for line in path.read_text(encoding="ascii").splitlines():
        letter, *ranges = line.split()
        for span in ranges:
            first, _, last = span.partition("-")
            table[int(first, 16) : int(last or first, 16) + 1] = ord(letter)
    return table
