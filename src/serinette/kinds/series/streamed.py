"""Long text files as they flow through: opened, packed or not, and their encoding found out.

A file that fits in memory is judged as a whole (`kinds.text.encodings`); of a longer one, its mark,
or the surroundings of the first byte that is not UTF-8, must say enough.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.text.encodings import decode
from serinette.kinds.text.legacy import decode_bad_byte

_BLOCK: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32 LE"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32 BE"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16 LE"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16 BE"),
)
"""UTF-32 before UTF-16: the mark of one begins with the mark of the other."""
_MENDING: Final = "serinette-cp1252"
_ENOUGH: Final = 4
"""So many bytes of valid characters beyond ASCII make a file UTF-8, whatever follows."""


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How the bytes of a file become text."""

    label: str
    """As it is told to the user."""
    codec: str = "utf-8"
    errors: str = "strict"
    """What `open` does with bytes that the codec does not know."""
    warnings: tuple[str, ...] = ()


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file, packed (`.gz`) or not, for its bytes.

    Raises:
        DataError: If it cannot be read, then or later.
    """
    try:
        with path.open("rb") as plain:
            if path.suffix != ".gz":
                yield plain
                return
            with gzip.GzipFile(fileobj=plain) as unpacked:
                yield unpacked
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: not a whole gzip file ({error}); pack it again") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); copy it and try again") from (
            error
        )


def check_encoding(told: str) -> None:
    """Refuse an encoding that does not exist.

    Raises:
        ConfigError: With the name.
    """
    try:
        b"a".decode(told)
    except LookupError as error:
        raise ConfigError(
            f"data.encoding: no encoding is named {told!r}; use utf-8, cp1252 or "
            "gb18030, or leave it out"
        ) from error
    except UnicodeDecodeError:  # one byte is too few for it
        return


def stream_encoding(path: Path, told: str | None) -> Encoding:
    """Find out the encoding of a long file.

    Args:
        path: The file, perhaps packed.
        told: What the user says it is.
    """
    if told is not None:
        return Encoding(label=told, codec=told)
    with opened(path) as binary:
        begin: bytes = binary.read(_BLOCK)
    for mark, codec, label in _MARKS:
        if begin.startswith(mark):
            return Encoding(label=label, codec=codec)
    if b"\0" in begin:
        label = decode(begin[: len(begin) // 4 * 4], str(path)).encoding
        plain = label.removesuffix(" without byte-order mark")
        return Encoding(label=label, codec=plain.replace(" ", "-"))
    found = _first_bad(path)
    return Encoding(label="UTF-8") if found is None else _judged(path, *found)


def _judged(path: Path, at: int, n_beyond: int) -> Encoding:
    """Decide on a file that is not UTF-8 at byte `at`, but in `n_beyond` bytes before it."""
    codecs.register_error(_MENDING, _mended)
    decoded = decode(_surroundings(path, at), str(path))
    if n_beyond >= _ENOUGH or decoded.encoding == "UTF-8":
        warning = (
            f"{path}: mixed encodings: byte {at} is not UTF-8; it and others like it are read as "
            "cp1252, the rest as UTF-8"
        )
        return Encoding(label="UTF-8", errors=_MENDING, warnings=(warning,))
    label = decoded.encoding
    warning = (
        f"{path}: not UTF-8 (byte {at}); read as {label}, which may be wrong; if the text looks "
        "broken, give its encoding"
    )
    errors = _MENDING if label == "cp1252" else "strict"
    warnings = (warning,) if decoded.warnings else ()
    return Encoding(label=label, codec=label.lower(), errors=errors, warnings=warnings)


def _mended(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101
    return decode_bad_byte(error.object[error.start]), error.start + 1


def _first_bad(path: Path) -> tuple[int, int] | None:
    """Return where UTF-8 ends, and how many bytes beyond ASCII stand before that."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = n_beyond = 0
    with opened(path) as binary:
        while True:
            block: bytes = binary.read(_BLOCK)
            n_held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                head = error.object[: error.start]
                return offset - n_held + error.start, n_beyond + _n_beyond(head)
            if not block:
                return None
            offset += len(block)
            n_beyond += 0 if text.isascii() else _n_beyond(block)


def _n_beyond(block: bytes) -> int:
    return len(block.translate(None, bytes(range(128))))


def _surroundings(path: Path, at: int) -> bytes:
    """Return the whole lines around a byte: a cut character would look like a wrong one."""
    start = max(at - _BLOCK // 2, 0)
    with opened(path) as binary:
        binary.seek(start)
        block: bytes = binary.read(_BLOCK)
    begin = block.find(b"\n") + 1 if start else 0
    end = block.rfind(b"\n") + 1 if len(block) == _BLOCK else len(block)
    return block[begin:end] if start + begin <= at < start + end else block
