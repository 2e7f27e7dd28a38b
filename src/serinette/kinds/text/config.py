"""Settings of the kind text."""

import codecs
from dataclasses import dataclass
from typing import Literal

from serinette.core.errors import ConfigError

Documents = Literal["file", "blank-line", "line"]


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """How text is read, divided into documents and turned into symbols."""

    codec: Literal["character", "byte", "word"] = "character"
    """What one step is: a character, a byte of UTF-8, or a frequent word."""
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
    """A character seen fewer times than this in the train part is read as missing, at least 1."""
    canaries: int = 0
    """Made-up lines to hide in the train part, so that an evaluation can tell how well the model
    keeps what it saw: so many once, so many twice, and so on for 4, 8 and 16 times; 0 hides none.
    Samples may show them."""

    def __post_init__(self) -> None:
        if self.max_vocabulary < 2:  # noqa: PLR2004 - one symbol leaves nothing to predict
            raise ConfigError(f"max_vocabulary must be at least 2, got {self.max_vocabulary}")
        if self.min_count < 1:
            raise ConfigError(f"min_count must be at least 1, got {self.min_count}")
        if self.canaries < 0:
            raise ConfigError(f"canaries must be at least 0, got {self.canaries}")
        if self.labels == "column" and self.documents not in (None, "line"):
            raise ConfigError(
                f"labels 'column' needs documents 'line', got '{self.documents}'; "
                "leave documents out or set it to line"
            )
        if self.encoding is not None:
            _check_encoding(self.encoding)


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
