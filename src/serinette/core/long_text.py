"""Text that is too long for memory: its characters lie in a scratch file, each as many bytes wide.

The file has no name: it is gone when nobody reads it any more, after a crash too. It lies where
`TMPDIR` says. It is read, not mapped: pages of a map would count as memory.
"""

import tempfile
from typing import Any, Final

from serinette.core import disk

_ENCODINGS: Final = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}
"""Of each width, what is that wide: two bytes hold the characters up to U+FFFF."""
_BLOCK: Final = 1 << 20


class _Scratch:
    """A file without a name, which is closed when nobody needs it any more."""

    def __init__(self) -> None:
        with disk.scratch_explained("written"):
            self.file: Any = tempfile.TemporaryFile()  # noqa: SIM115 - see `__del__`

    def __del__(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


class LongText:
    """A text in a scratch file; made by `LongTextWriter`.

    Args:
        scratch: The text lies in it.
        width: Bytes of a character.
        start: Its first character.
        stop: The character behind its last one.
    """

    def __init__(self, scratch: _Scratch, width: int, start: int, stop: int) -> None:
        self._scratch, self._width, self._start, self._stop = scratch, width, start, stop

    def __len__(self) -> int:
        """How many characters it has."""
        return self._stop - self._start

    def text(self, start: int, stop: int) -> str:
        """Return characters `start` to `stop`; places beyond the ends are those of the ends."""
        start, stop = max(0, start), min(len(self), stop)
        with disk.scratch_explained("read", 0):
            self._scratch.file.seek((self._start + start) * self._width)
            data: bytes = self._scratch.file.read(max(0, stop - start) * self._width)
        return data.decode(_ENCODINGS[self._width], "surrogatepass")

    def part(self, start: int, stop: int) -> "LongText":
        """Return a text that is characters `start` to `stop` of this one; nothing is copied."""
        return LongText(self._scratch, self._width, self._start + start, self._start + stop)


class LongTextWriter:
    """Takes a text piece by piece. The first character that needs it widens all before it."""

    def __init__(self) -> None:
        self._scratch = _Scratch()
        self._width = 1
        self._n = 0

    def add(self, text: str) -> None:
        """Add characters at the end."""
        while (data := _encoded(text, self._width)) is None:
            self._widen()
        with disk.scratch_explained("written", len(data)):
            self._scratch.file.write(data)
        self._n += len(text)

    def long_text(self) -> LongText:
        """Return what was added; nothing can be added any more."""
        with disk.scratch_explained("written", 0):
            self._scratch.file.flush()
        return LongText(self._scratch, self._width, 0, self._n)

    def _widen(self) -> None:
        narrow, width = self.long_text(), 2 * self._width
        wide = _Scratch()
        with disk.scratch_explained("written", self._n * width):
            for start in range(0, self._n, _BLOCK):
                wide.file.write(narrow.text(start, start + _BLOCK).encode(_ENCODINGS[width]))
        self._scratch, self._width = wide, width


def _encoded(text: str, width: int) -> bytes | None:
    """Return the characters, each so many bytes wide; None: one of them is wider."""
    try:
        data = text.encode(_ENCODINGS[width], "strict" if width == 1 else "surrogatepass")
    except UnicodeEncodeError:
        return None
    return data if len(data) == width * len(text) else None
