"""Settings of the kind text."""

import codecs
from dataclasses import dataclass
from typing import Final, Literal

from serinette.core.errors import ConfigError
from serinette.kinds.text.octet_pieces import N_BYTES

CodecName = Literal["character", "byte", "word", "grapheme", "bpe"]
Documents = Literal["file", "blank-line", "line"]
MOST_TIMES: Final = 1_000
"""Largest weight of a source."""
LABEL: Final = "label"
"""The name of the field that holds a label."""


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """How text is read, divided into documents and turned into symbols."""

    codec: CodecName = "character"
    """What one step is: a character, a byte of UTF-8, a frequent word, a user-perceived character
    (an emoji with its joiners, a letter with its marks), or a frequent piece of a word that is
    merged from bytes."""
    documents: Documents | None = None
    """What one document is: a whole file, a block between blank lines, or a line.
    Not set: a whole file, or a line when labels come from a column."""
    encoding: str | None = None
    """The encoding of the files: `utf-8`, `cp1252`, `gb18030`. Not set: found out and said."""
    labels: Literal["none", "folder", "file", "column", "field"] = "none"
    """What a document is conditioned on: nothing, the name of its folder, the name of its file
    without suffix, what stands before the first tab of its line, or the field `label_field` of its
    record."""
    text_field: str | None = None
    """Read files as records, each a document: lines of JSON, the rows of a table, of a database.
    This field or column holds the text; in JSON, dots lead into objects: `post.body`. Not set:
    `text`, or the first column of a query, if a setting below asks for records."""
    label_field: str | None = None
    """The field of a record that is its label."""
    context_fields: tuple[str, ...] = ()
    """Fields of a record that a document is conditioned on besides, divided by commas:
    `author,year`. Of a query all of its other columns if not set."""
    context_values: int = 1_000
    """Most values of a context field that are told apart, the most frequent ones of the train part,
    at least 1; a rarer value is read as unknown."""
    query: str | None = None
    """What to read of an SQLite database: `SELECT body, author FROM posts`."""
    weights: tuple[float, ...] = ()
    """How many times in an epoch the train part of each of the data is read, in their order: 2, or
    0.5 for half of it. Not set: all once."""
    max_vocabulary: int = 20_000
    """Most symbols that the vocabulary may hold, words and characters together, at least 2."""
    min_count: int = 1
    """A character seen fewer times than this in the train part is read as missing, at least 1; the
    codec grapheme spells it in bytes."""
    vocabulary_size: int | None = None
    """Of the codec bpe: most pieces, the 256 bytes included, at least 257. Not set: by the length
    of the train part, 512 for a short one, 2,048 for a megabyte, at most 8,192."""
    canaries: int = 0
    """Made-up lines to hide in the train part, so that an evaluation can tell how well the model
    keeps what it saw: so many once, so many twice, and so on for 4, 8 and 16 times; 0 hides none.
    Samples may show them."""

    def __post_init__(self) -> None:
        if self.canaries and self.weights:
            raise ConfigError(
                "canaries: with weights it is not known how often each is read; leave one of them "
                "out"
            )
        if self.labels == "column" and self.documents not in (None, "line"):
            raise ConfigError(
                f"labels 'column' needs documents 'line', got '{self.documents}'; "
                "leave documents out or set it to line"
            )
        self._check_counts()
        self._check_records()
        if self.encoding is not None:
            _check_encoding(self.encoding)

    @property
    def is_of_records(self) -> bool:
        """Whether files hold records with fields."""
        named = (self.text_field, self.query, self.label_field)
        return any(name is not None for name in named) or bool(self.context_names)

    @property
    def context_names(self) -> tuple[str, ...]:
        """The names in `context_fields`, one by one."""
        names = (name.strip() for text in self.context_fields for name in text.split(","))
        return tuple(dict.fromkeys(name for name in names if name))

    def _check_counts(self) -> None:
        if self.max_vocabulary < 2:  # noqa: PLR2004 - one symbol leaves nothing to predict
            raise ConfigError(f"max_vocabulary must be at least 2, got {self.max_vocabulary}")
        if self.min_count < 1:
            raise ConfigError(f"min_count must be at least 1, got {self.min_count}")
        self._check_vocabulary_size()
        if self.canaries < 0:
            raise ConfigError(f"canaries must be at least 0, got {self.canaries}")
        if self.context_values < 1:
            raise ConfigError(f"context_values must be at least 1, got {self.context_values}")
        for weight in self.weights:
            if not 0 < weight <= MOST_TIMES:
                raise ConfigError(
                    f"weights must be above 0 and at most {MOST_TIMES}, got {weight:g}"
                )

    def _check_records(self) -> None:
        if self.labels == "field" and self.label_field is None:
            raise ConfigError(
                "labels 'field' needs the name of the field; give it, as in "
                "--data.label_field author"
            )
        if not self.is_of_records:
            return
        if self.documents is not None:
            raise ConfigError(
                f"documents '{self.documents}' is for plain text, and of records each is a "
                "document; leave it out"
            )
        if self.labels in ("column", "folder") or (self.label_field and self.labels == "file"):
            raise ConfigError(
                f"labels '{self.labels}' is for plain text; records have labels 'field'"
            )
        taken = {self.text_field, self.label_field} - {None}
        for name in self.context_names:
            if name in taken or (name == LABEL and self.label_field is not None):
                raise ConfigError(f"context_fields: '{name}' is the text or the label already")

    def _check_vocabulary_size(self) -> None:
        size = self.vocabulary_size
        if size is not None and size <= N_BYTES:
            raise ConfigError(f"vocabulary_size must be at least {N_BYTES + 1}, got {size}")
        if size is not None and self.codec != "bpe":
            raise ConfigError(
                f"data.vocabulary_size belongs to the codec bpe, got codec '{self.codec}'; "
                "leave it out, or set max_vocabulary"
            )


def default_vocabulary(n_characters: int) -> int:
    """Return how many pieces byte-pair encoding learns from so much text: a power of two.

    About one for every 512 characters, from 512 to 8,192; measured in docs/why/experiments.md.
    """
    return min(max(1 << (n_characters >> 9).bit_length(), 512), 8192)


def _check_encoding(name: str) -> None:
    try:
        is_text = codecs.lookup(name)._is_text_encoding
    except LookupError:
        is_text = False
    if not is_text:
        raise ConfigError(
            f"encoding '{name}' is not known; "
            "leave it out or give utf-8, utf-16, utf-32, cp1252 or gb18030"
        )
