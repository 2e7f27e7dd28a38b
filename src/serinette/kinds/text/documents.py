"""One file's text to documents: the whole, the blocks between blank lines, or the lines."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from serinette.core.errors import DataError
from serinette.kinds.corpus import RawSequence
from serinette.kinds.text.config import LABEL, Documents


def documents_of(
    text: str, place: str, documents: Documents, context: Mapping[str, str]
) -> Iterator[RawSequence]:
    """Yield the documents of one file; one that holds only white space is left out."""
    if documents == "file":
        if text and not text.isspace():  # a stripped text would be a copy
            yield RawSequence(content=text, context=context, place=place)
        return
    for line, content in _blocks(text) if documents == "blank-line" else _lines(text):
        yield RawSequence(content=content, context=context, place=f"{place}:{line}")


def label_from_column(sequence: RawSequence) -> RawSequence:
    """Split a line at its first tab into label and content.

    Raises:
        DataError: If there is no tab, or nothing on one side of it.
    """
    label, tab, content = sequence.content.partition("\t")
    if not (tab and label.strip() and content.strip()):
        raise DataError(
            f"{sequence.place}: labels 'column' needs LABEL, tab, TEXT on every line, "
            f"got {sequence.content[:40]!r}; add the label or choose other labels"
        )
    return replace(sequence, content=content, context={LABEL: label.strip()})


def _lines(text: str) -> Iterator[tuple[int, str]]:
    # Only "\n" ends a line here: str.splitlines would also cut at form feeds and U+2028.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    block: list[str] = []
    for number, line in enumerate((*text.split("\n"), ""), start=1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), "\n".join(block)
            block = []
