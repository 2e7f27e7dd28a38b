"""Files that are long: read block by block into a scratch file, so that they need no memory.

Only what is plainly text is read so: in the encoding that the user says, that a byte-order mark
says, or UTF-8 without a fault. Everything else is for `encodings`, which looks at a file as a
whole.
"""

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serinette.core.line_ends import with_line_feeds
from serinette.core.long_text import LongText, LongTextWriter
from serinette.kinds.text.encodings import MARKS

LONG_BYTES: Final = 1 << 26
"""Files of so many bytes are read block by block."""
_BLOCK: Final = 1 << 22
_LONGEST_MARK: Final = 4


@dataclass(frozen=True, kw_only=True)
class LongFile:
    """A text that was read into a scratch file, and how."""

    text: LongText
    """With line ends LF."""
    sha256: str
    """Of the bytes."""
    encoding: str
    """As it is told to the user."""
    has_carriage_returns: bool
    """Whether some line ends were CR LF or CR."""


def read_long(path: Path, encoding: str | None) -> LongFile | None:
    """Read a file block by block; None: it must be looked at as a whole.

    Args:
        path: The file.
        encoding: What the user says it is; None finds out.
    """
    decoder, label, n_mark = _decoder(path, encoding)
    digest, writer = hashlib.sha256(), LongTextWriter()
    has_carriage_returns, held = False, ""
    with path.open("rb") as file:
        digest.update(file.read(n_mark))
        while True:
            data = file.read(_BLOCK)
            digest.update(data)
            try:
                text = held + decoder.decode(data, final=not data)
            except UnicodeError:
                return None
            if "\0" in text:
                return None
            # A CR at the end of a block may be half a line end.
            held = "\r" if data and text.endswith("\r") else ""
            text = text.removesuffix(held)
            if "\r" in text:
                has_carriage_returns = True
                text = with_line_feeds(text)
            writer.add(text)
            if not data:
                break
    return LongFile(
        text=writer.long_text(),
        sha256=digest.hexdigest(),
        encoding=label,
        has_carriage_returns=has_carriage_returns,
    )


def _decoder(path: Path, encoding: str | None) -> tuple[codecs.IncrementalDecoder, str, int]:
    """Return what decodes a file, what that is called, and the bytes of the mark before it."""
    if encoding is not None:
        return codecs.getincrementaldecoder(encoding)(), encoding, 0
    with path.open("rb") as file:
        head = file.read(_LONGEST_MARK)
    for mark, codec, label in MARKS:
        if head.startswith(mark):
            return codecs.getincrementaldecoder(codec)(), label, len(mark)
    return codecs.getincrementaldecoder("utf-8")(), "UTF-8", 0
