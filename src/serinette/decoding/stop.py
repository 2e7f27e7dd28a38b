"""Find the first stop text in a stream of text, and hold back what might still become one."""

from collections.abc import Sequence


class StopMatcher:
    """Pass text on until a stop text appears.

    The text that may be the beginning of a stop text is held back until it is known, so nothing
    that was passed on ever has to be taken back. Which stop text ends the stream: the one that is
    complete first; of two complete at the same character, the longer.

    Args:
        stop: The texts to look for, none of them empty; none at all passes everything on.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = sorted(stop, key=len, reverse=True)
        self._held = ""
        self.has_stopped = False

    def push(self, text: str) -> str:
        """Add text; return what is now certain to belong to the sample."""
        if not self._stop:
            return text
        passed = []
        for character in text:
            if self.has_stopped:
                break
            self._held += character
            passed.append(self._release())
        return "".join(passed)

    def flush(self) -> str:
        """End the stream; return what was held back."""
        held, self._held = self._held, ""
        return held

    def _release(self) -> str:
        for stop in self._stop:
            if self._held.endswith(stop):
                self.has_stopped = True
                certain, self._held = self._held.removesuffix(stop), ""
                return certain
        n_held = max(_longest_beginning(self._held, stop) for stop in self._stop)
        cut = len(self._held) - n_held
        certain, self._held = self._held[:cut], self._held[cut:]
        return certain


def _longest_beginning(text: str, stop: str) -> int:
    """Length of the longest end of `text` that begins `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
