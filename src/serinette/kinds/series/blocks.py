"""A text file as blocks of whole lines of UTF-8, whatever its own encoding."""

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from serinette.kinds.series.streamed import Encoding, opened

BLOCK: Final = 1 << 20
"""Bytes: what is worked out of a block stays in the caches of a processor."""
_WIDE_BLOCK: Final = 1 << 24
_WIDE: Final = 200


def block_bytes(n_columns: int) -> int:
    """Return how long blocks are: longer where each line is, so that many lines are in one."""
    return BLOCK if n_columns <= _WIDE else _WIDE_BLOCK


def blocks_of_text(text: str, n_bytes: int) -> Iterator[bytes]:
    """Yield a text that is in memory."""
    at = 0
    while at < len(text):
        end = text.find("\n", at + n_bytes) + 1 or len(text)
        yield text[at:end].encode()
        at = end


def blocks_of_file(path: Path, encoding: Encoding, n_bytes: int) -> Iterator[bytes]:
    """Yield a file that is not; bytes that should be UTF-8 and are not stay as they are.

    Raises:
        DataError: If the file cannot be read.
        UnicodeDecodeError: If it has another encoding than it should.
    """
    with opened(path) as binary:
        if encoding.errors == "strict" and encoding.codec in ("utf-8", "utf-8-sig"):
            mark = binary.read(len(codecs.BOM_UTF8))
            is_mark = encoding.codec == "utf-8-sig" and mark == codecs.BOM_UTF8
            yield from _whole_lines(binary, b"" if is_mark else mark, n_bytes)
            return
        with io.TextIOWrapper(binary, encoding.codec, encoding.errors, newline="") as text:
            yield from _whole_lines(_Encoded(text), b"", n_bytes)


class _Encoded:
    """A text that is read as UTF-8."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text

    def read(self, n: int) -> bytes:
        """Return the next characters."""
        return self._text.read(n).encode()


def _whole_lines(source: Any, begin: bytes, n_bytes: int) -> Iterator[bytes]:
    rest = begin
    while more := source.read(n_bytes):
        held = rest + more
        # A file of old has \r alone; the last one may be half of \r\n.
        end = held.rfind(b"\n") + 1 or held.rfind(b"\r", 0, -1) + 1
        if end:
            yield held[:end]
        rest = held[end:]
    if rest:
        yield rest
