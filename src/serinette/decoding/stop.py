"""Find the first stop text in a stream of text, and hold back what might still become one."""

from collections.abc import Sequence

from serinette.core.graphemes import tears


class StopMatcher:
    """Pass text on until a stop text appears.

    The text that may be the beginning of a stop text is held back until it is known, so nothing
    that was passed on ever has to be taken back. Which stop text ends the stream: the one that is
    complete first; of two complete at the same character, the longer. A stop text never ends
    within what a reader takes for one character: an e is no stop in e and an accent on it.

    Args:
        stop: The texts to look for, none of them empty; none at all passes everything on.
        may_extend: Whether a character can come that belongs to the one before it. Then a stop text
            is known only when the next character has come.
    """

    def __init__(self, stop: Sequence[str], *, may_extend: bool = False) -> None:
        self._stop = sorted(stop, key=len, reverse=True)
        self._may_extend = may_extend
        self._held = ""
        self._match: str | None = None
        self.has_stopped = False

    def push(self, text: str) -> str:
        """Add text; return what is now certain to belong to the sample."""
        if not self._stop:
            return text
        passed = []
        for character in text:
            if self._match is not None and not tears(self._held, character):
                passed.append(self._close())
            if self.has_stopped:
                break
            self._held += character
            passed.append(self._release())
        return "".join(passed)

    def flush(self) -> str:
        """End the stream; return what was held back, up to a stop text."""
        if self._match is not None:
            return self._close()
        held, self._held = self._held, ""
        return held

    def _release(self) -> str:
        self._match = next((stop for stop in self._stop if self._held.endswith(stop)), None)
        if self._match is not None:
            is_sure = not self._may_extend or self._held[-1] in "\n\r\t"
            return self._close() if is_sure else ""
        n_held = max(_longest_beginning(self._held, stop) for stop in self._stop)
        cut = len(self._held) - n_held
        certain, self._held = self._held[:cut], self._held[cut:]
        return certain

    def _close(self) -> str:
        self.has_stopped = True
        certain, self._held = self._held.removesuffix(self._match or ""), ""
        return certain


def _longest_beginning(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
