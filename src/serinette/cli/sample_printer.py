"""Samples as pages for people or as JSON lines for programs.

A terminal gets every piece as it comes. A file gets samples whole: single lines one below the
other, longer ones with a line of `---` between them.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from serinette.cli.output import Stream, dim, has_colour, json_line, safe, say
from serinette.recipes.generate import Piece, Sample

_FLUSH_SECONDS = 0.02
_RULE_WIDTH = 40
_SEPARATOR = "---\n"


@contextmanager
def printing(
    stream: Stream, prefixes: Sequence[str], *, as_json: bool
) -> "Iterator[JsonLines | Pages]":
    """Give the printer that suits the stream; a page that is cut off still ends its line.

    Args:
        stream: Where samples go.
        prefixes: What each sample goes on from, in the order of the samples.
        as_json: Whether programs are to read it.
    """
    if as_json:
        yield JsonLines(stream)
        return
    pages = Pages(stream, prefixes)
    try:
        yield pages
    finally:
        pages.close()


class JsonLines:
    """One JSON object a sample."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def take(self, event: Piece | Sample) -> None:
        """Print finished samples."""
        if isinstance(event, Sample):
            self._stream.write(json_line(event.to_json()))
            self._stream.flush()


class Pages:
    """Prefix and text of each sample, told apart."""

    def __init__(self, stream: Stream, prefixes: Sequence[str]) -> None:
        self._stream = stream
        self._prefixes = prefixes
        self._is_terminal = stream.isatty()
        self._is_streaming = self._is_terminal or len(prefixes) == 1
        self._n_done = 0
        self._is_open = False
        self._last_character = "\n"
        self._last_had_lines = False
        self._was_cut_at: int | None = None
        self._flushed_at = 0.0

    def take(self, event: Piece | Sample) -> None:
        """Print a piece of the current sample, or end it."""
        if isinstance(event, Piece):
            if self._is_streaming:
                self._open()
                self._write(event.text)
            return
        if self._is_streaming:
            self._open()
        else:
            self._write_whole(event.prefix + event.text)
        self._end(event)

    def close(self) -> None:
        """End the line of a sample that was cut off, and say what length cut off."""
        if self._is_open:
            self._end_line()
        self._stream.flush()
        if self._is_terminal and self._was_cut_at is not None:
            say(f"ended after {self._was_cut_at:,} steps; --max-steps N allows more")

    def _open(self) -> None:
        if self._is_open:
            return
        self._is_open = True
        if len(self._prefixes) > 1:
            title = f"── {self._n_done + 1} of {len(self._prefixes)} "
            self._stream.write(dim(title.ljust(_RULE_WIDTH, "─"), self._stream) + "\n")
        prefix = self._prefixes[self._n_done]
        if prefix:
            is_bold = has_colour(self._stream)
            self._write(prefix, before="\x1b[1m" * is_bold, after="\x1b[0m" * is_bold)

    def _write(self, text: str, before: str = "", after: str = "") -> None:
        if not text:
            return
        self._stream.write(before + safe(text, self._stream) + after)
        self._last_character = text[-1]
        now = time.monotonic()
        if now - self._flushed_at >= _FLUSH_SECONDS:
            self._stream.flush()
            self._flushed_at = now

    def _write_whole(self, text: str) -> None:
        has_lines = "\n" in text.rstrip("\n")
        if self._n_done and (has_lines or self._last_had_lines):
            self._stream.write(_SEPARATOR)
        self._last_had_lines = has_lines
        self._last_character = "x"
        self._write(text)

    def _end(self, sample: Sample) -> None:
        self._end_line()
        self._is_open = False
        self._n_done += 1
        if sample.finish_reason == "length":
            self._was_cut_at = sample.n_steps

    def _end_line(self) -> None:
        if self._last_character != "\n":
            self._stream.write("\n")
        self._last_character = "\n"
