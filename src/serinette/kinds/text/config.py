"""Settings of the kind text."""

import codecs
from dataclasses import dataclass
from typing import Literal

from serinette.core.errors import ConfigError
from serinette.kinds.text.octet_pieces import N_BYTES

CodecName = Literal["character", "byte", "word", "grapheme", "bpe"]
Documents = Literal["file", "blank-line", "line"]


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
    labels: Literal["none", "folder", "file", "column"] = "none"
    """What a document is conditioned on: nothing, the name of its folder, the name of its file
    without suffix, or what stands before the first tab of its line."""
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
        if self.max_vocabulary < 2:  # noqa: PLR2004 - one symbol leaves nothing to predict
            raise ConfigError(f"max_vocabulary must be at least 2, got {self.max_vocabulary}")
        if self.min_count < 1:
            raise ConfigError(f"min_count must be at least 1, got {self.min_count}")
        self._check_vocabulary_size()
        if self.canaries < 0:
            raise ConfigError(f"canaries must be at least 0, got {self.canaries}")
        if self.labels == "column" and self.documents not in (None, "line"):
            raise ConfigError(
                f"labels 'column' needs documents 'line', got '{self.documents}'; "
                "leave documents out or set it to line"
            )
        if self.encoding is not None:
            _check_encoding(self.encoding)

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
