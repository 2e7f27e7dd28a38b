"""Streaming decoders: symbols go in one by one, only complete characters come out."""

import codecs


class PieceStreamer:
    """For alphabets whose symbols are whole characters or words.

    Args:
        pieces: What each symbol is written as.
    """

    def __init__(self, pieces: tuple[str, ...]) -> None:
        self._pieces = pieces

    def push(self, symbol: int) -> str:
        """Return what the symbol is written as."""
        return self._pieces[symbol]

    def flush(self) -> str:
        """Nothing is ever held back."""
        return ""


class ByteStreamer:
    """For bytes: holds back a character until its last byte has come.

    Args:
        octets: What each symbol is written as.
    """

    def __init__(self, octets: tuple[bytes, ...]) -> None:
        self._octets = octets
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, symbol: int) -> str:
        """Return the characters that this symbol completes, or nothing yet."""
        return self._decoder.decode(self._octets[symbol])

    def flush(self) -> str:
        """Return U+FFFD if the bytes stopped in the middle of a character."""
        held = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return held
