"""GB18030 or cp1252: two encodings in which almost any bytes are valid, told apart by likelihood.

In Chinese text nearly every byte above 127 belongs to a pair of the GB 2312 table: a sign (rows A1
to A3) or one of the 3,755 common hanzi (rows B0 to D7). In western text such a byte stands mostly
alone, between two letters.
"""

import re
from typing import Final

GB18030: Final = "GB18030"
CP1252: Final = "cp1252"
_COMMON_PAIR = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_ASCII = bytes(range(128))
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_SURELY_CHINESE: Final = 0.9
_SURELY_WESTERN: Final = 0.4
_EVEN: Final = 0.65
_FEW: Final = 4
_WESTERN_RUN: Final = 2


def decode_legacy(data: bytes, place: str) -> tuple[str, str, tuple[str, ...]]:
    """Return the text, its encoding and warnings; no byte is dropped."""
    share, n_high, n_runs = _common_share(data)
    text = _as_gb18030(data) if share >= _EVEN else None
    label = CP1252 if text is None else GB18030
    if text is None:
        text = _as_cp1252(data)
    is_western = share <= _SURELY_WESTERN and n_high < _WESTERN_RUN * n_runs
    is_western = is_western and not _UNDEFINED.search(data)
    is_sure = n_high >= _FEW and (share >= _SURELY_CHINESE or is_western)
    first = len(data) - len(data.lstrip(_ASCII))
    warning = (
        f"{place}: not UTF-8 (byte {first} is {data[first]:#04x}); read as {label}, "
        "which may be wrong; if the text looks broken, give its encoding"
    )
    return text, label, () if is_sure else (warning,)


def decode_bad_byte(value: int) -> str:
    """Read one byte as cp1252; the five that it leaves undefined become control characters."""
    return _as_cp1252(bytes([value]))


def _common_share(data: bytes) -> tuple[float, int, int]:
    """Return which share of the bytes above 127 are in common Chinese pairs, and how many.

    Also how many runs they stand in: in Russian or Greek these are whole words, in cp1252 not.
    """
    runs = _HIGH_RUN.findall(data)
    n_high = sum(map(len, runs))
    n_common = sum(2 * len(_COMMON_PAIR.findall(run)) for run in runs)
    return n_common / max(n_high, 1), n_high, len(runs)


def _as_gb18030(data: bytes) -> str | None:
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        return None


def _as_cp1252(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        # Latin-1 agrees with cp1252 from A0 on and gives the undefined bytes their own numbers.
        return "".join(
            piece.decode("latin-1" if _UNDEFINED.match(piece) else "cp1252")
            for piece in re.split(rb"([\x81\x8d\x8f\x90\x9d])", data)
        )
