"""A manuscript as it is shown and exported: plain, with marks, as a page, as data."""

from dataclasses import dataclass
from html import escape
from typing import Final

from serinette.cli.output import SCHEMA_VERSION, pictured
from serinette.core import plain_json
from serinette.recipes.manuscript import MODEL, YOU, Session

_PAGE: Final = """<!doctype html>
<html lang="und"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font: 1.1rem/1.6 Georgia, serif }}
main {{ white-space: pre-wrap; overflow-wrap: break-word }}
.model {{ background: #dceef7; color: #123 }}
footer {{ margin-top: 2rem; color: #667; font-size: .85rem }}
</style>
<main>{text}</main>
<footer>{words}</footer>
</html>
"""


@dataclass(frozen=True, kw_only=True)
class Ink:
    """How text is put on the screen or into a pipe."""

    is_terminal: bool = False
    """Whether control characters are shown as pictures."""
    is_coloured: bool = False

    def safe(self, text: str) -> str:
        """Return text as it may be shown."""
        return pictured(text) if self.is_terminal else text

    def marked(self, text: str) -> str:
        """Return what the model wrote: in a colour, or between brackets."""
        begin, end = ("\x1b[36m", "\x1b[0m") if self.is_coloured else ("⟦", "⟧")
        return begin + self.safe(text) + end

    def dim(self, text: str) -> str:
        """Return text in a faint colour where there is any."""
        return f"\x1b[2m{self.safe(text)}\x1b[0m" if self.is_coloured else self.safe(text)


def marked(session: Session, ink: Ink) -> str:
    """Return the text with the model's words marked."""
    return "".join(
        ink.safe(span.text) if span.by == YOU else ink.marked(span.text)
        for span in session.manuscript.spans
    )


def shares(session: Session) -> str:
    """Say who wrote how much."""
    manuscript = session.manuscript
    if not manuscript.text:
        return "nothing is written yet"
    share = 100 * manuscript.share_of(MODEL)
    return f"{len(manuscript.text):,} characters, {share:.0f} % by {session.model}"


def page(session: Session) -> bytes:
    """Return a page of HTML that stands alone."""
    text = "".join(
        escape(span.text) if span.by == YOU else f'<span class="model">{escape(span.text)}</span>'
        for span in session.manuscript.spans
    )
    words = f"{escape(shares(session))} (marked), the rest by a person"
    return _PAGE.format(title=escape(session.model), text=text, words=words).encode()


def plain(session: Session) -> bytes:
    """Return the text alone, with a line break at its end."""
    text = session.manuscript.text
    return (text if text.endswith("\n") or not text else text + "\n").encode()


def data(session: Session) -> bytes:
    """Return who wrote what, for programs."""
    return plain_json.dump(
        {
            "schema_version": SCHEMA_VERSION,
            "model": session.model,
            "text": session.manuscript.text,
            "spans": [span._asdict() for span in session.manuscript.spans],
        }
    )
