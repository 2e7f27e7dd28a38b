"""Bytes to text: which encoding it is, decided and said aloud, never a byte dropped.

In this order: what the user says; a byte-order mark; NUL bytes in the pattern of UTF-16 or UTF-32;
valid UTF-8; UTF-8 with a few bad bytes; GB18030 or cp1252, whichever is more plausible.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from serinette.core.errors import DataError
from serinette.kinds.text.legacy import decode_bad_byte, decode_legacy

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32 LE"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32 BE"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16 LE"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16 BE"),
)
"""UTF-32 before UTF-16: the mark of one begins with the mark of the other."""
_WIDE: Final = {"UTF-32 LE": 4, "UTF-32 BE": 4, "UTF-16 LE": 2, "UTF-16 BE": 2}
_SAMPLE: Final = 1 << 16
_SEPARATORS: Final = frozenset("\n\r \t,.、。,")
_UNLIKELY: Final = frozenset(("Cn", "Co", "Cs", "Cc"))
_PLAUSIBLE: Final = 0.98
_MOST_BAD: Final = 10_000
_GOOD_TO_BAD: Final = 4
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A text and how it was found in the bytes."""

    text: str
    encoding: str
    """As it is told to the user: `UTF-8`, `UTF-16 LE`, `cp1252`."""
    warnings: tuple[str, ...] = ()


def decode(data: bytes, place: str, encoding: str | None = None) -> Decoded:
    """Turn the bytes of one file into text.

    Args:
        data: The whole file.
        place: The file's name, for messages.
        encoding: What the user says it is; None finds out.

    Raises:
        DataError: If the bytes are not text in the encoding, with the offset of the first bad one.
    """
    if encoding is not None:
        return Decoded(text=_strict(data, encoding, encoding, place), encoding=encoding)
    for mark, codec, label in MARKS:
        if data.startswith(mark):
            return _decode_marked(data, mark, (codec, label), place)
    if b"\0" in data:
        wide = _guess_wide(data)
        if wide is None:
            offset = data.index(b"\0")
            raise DataError(
                f"{place}: byte {offset} is NUL, which text never holds: this looks like a binary "
                "file; export it as plain text, or give its encoding"
            )
        text = _strict(data, wide.replace(" ", "-"), wide, place)
        return Decoded(text=text, encoding=f"{wide} without byte-order mark")
    return _decode_unmarked(data, place)


def check_text(text: str, place: str) -> None:
    """Refuse what is no text: a lone surrogate or a NUL character.

    Raises:
        DataError: With the place, the position and the value.
    """
    try:
        # In blocks: the bytes of the whole would take as much memory as the text.
        for start in range(0, len(text), _SAMPLE):
            text[start : start + _SAMPLE].encode("utf-8")
    except UnicodeEncodeError as error:
        value = ord(error.object[error.start])
        raise DataError(
            f"{place}: character {start + error.start} is a lone surrogate (U+{value:04X}), which "
            "is not a character; remove it or decode the text again"
        ) from error
    if "\0" in text:
        raise DataError(
            f"{place}: character {text.index(chr(0))} is NUL (U+0000), which text never holds; "
            "remove it"
        )


def _decode_marked(data: bytes, mark: bytes, codec: tuple[str, str], place: str) -> Decoded:
    if mark != codecs.BOM_UTF8:
        text = _strict(data, *codec, place)
        return Decoded(text=text.removeprefix("\ufeff"), encoding=codec[1])
    decoded = _decode_unmarked(data, place)
    label = codec[1] if decoded.encoding == "UTF-8" else decoded.encoding
    text = decoded.text.removeprefix("\ufeff")
    return Decoded(text=text, encoding=label, warnings=decoded.warnings)


def _decode_unmarked(data: bytes, place: str) -> Decoded:
    try:
        return Decoded(text=data.decode("utf-8"), encoding="UTF-8")
    except UnicodeDecodeError as error:
        _refuse_surrogates(data, error.start, place)
    mixed = _decode_mixed(data)
    if mixed is None:
        text, label, warnings = decode_legacy(data, place)
        return Decoded(text=text, encoding=label, warnings=warnings)
    text, first, n_bad = mixed
    warning = (
        f"{place}: mixed encodings: {n_bad} {'byte is' if n_bad == 1 else 'bytes are'} not UTF-8, "
        f"the first at byte {first}; read as cp1252, the rest as UTF-8"
    )
    return Decoded(text=text, encoding="UTF-8", warnings=(warning,))


def _strict(data: bytes, codec: str, label: str, place: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        value = error.object[error.start : error.end].hex(" ")
        if "surrogate" in error.reason:
            what = f"a lone surrogate ({value}), which is not a character; save the file as UTF-8"
        else:
            what = f"not {label} ({value}: {error.reason}); leave the encoding out or give another"
        raise DataError(f"{place}: byte {error.start} is {what}") from error


def _refuse_surrogates(data: bytes, start: int, place: str) -> None:
    """Stop at a surrogate that was written as if it were a character of UTF-8."""
    if data[start] != 0xED:  # noqa: PLR2004 - the lead byte of U+D000 to U+DFFF
        return
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return
    raise DataError(
        f"{place}: byte {start} is a lone surrogate ({data[start : start + 3].hex(' ')}), "
        "which is not a character; save the file as UTF-8"
    )


def _decode_mixed(data: bytes) -> tuple[str, int, int] | None:
    """Read UTF-8 with a few bad bytes: (text, first bad offset, how many); None: too many."""
    pieces: list[str] = []
    bad: list[int] = []
    position, n_good = 0, 0
    view = memoryview(data)
    while position < len(data) and len(bad) < _MOST_BAD:
        try:
            piece, used = codecs.utf_8_decode(view[position:], "strict", True)
            pieces.append(piece)
        except UnicodeDecodeError as error:
            used = error.start
            piece = codecs.utf_8_decode(view[position : position + used], "strict", True)[0]
            bad.append(position + used)
            pieces += (piece, decode_bad_byte(data[position + used]))
            used += 1
        # Every character beyond ASCII in a valid stretch speaks for UTF-8.
        n_good += 0 if piece.isascii() else len(_BEYOND_ASCII.findall(piece))
        position += used
    if position < len(data) or n_good < _GOOD_TO_BAD * len(bad):
        return None
    return "".join(pieces), bad[0], len(bad)


def _guess_wide(data: bytes) -> str | None:
    """Return which of UTF-16 and UTF-32 the bytes are, or None: the one with most separators."""
    best, most = None, 0
    for label, width in _WIDE.items():
        if len(data) % width:
            continue
        try:
            text = data[:_SAMPLE].decode(label.replace(" ", "-"), "strict")
        except UnicodeDecodeError as error:
            if error.end < min(len(data), _SAMPLE):
                continue
            text = data[: error.start].decode(label.replace(" ", "-"))
        n_separators = sum(character in _SEPARATORS for character in text)
        if n_separators > most and _is_plausible(text):
            best, most = label, n_separators
    return best


def _is_plausible(text: str) -> bool:
    if "\0" in text:
        return False
    n_likely = sum(c in "\n\r\t" or unicodedata.category(c) not in _UNLIKELY for c in text)
    return n_likely >= _PLAUSIBLE * len(text)
