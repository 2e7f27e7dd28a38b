"""The kind text: prose, source code, poems, lists of names."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from serinette.constraints.config import RulesConfig
from serinette.kinds.corpus import Canary, Corpus
from serinette.kinds.text.canaries import CanarySpace, plant
from serinette.kinds.text.codec import TextCodec, codec_from_json, fit_codec
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.extension import extended_codec
from serinette.kinds.text.reader import read_text
from serinette.kinds.text.records import DEFAULT_TEXT, holds_texts
from serinette.kinds.text.traits import text_traits
from serinette.kinds.text.yardstick import TextYardstick, yardstick_of
from serinette.kinds.trait import Trait

_WITHHELD: Final = 0.1
"""Chance that a fact is not told for a window."""
_HOW_READ: Final = frozenset(
    f"data.{name}"
    for name in ("documents", "labels", "text_field", "label_field", "context_fields", "query")
)
"""Where one of these is said, the user knows what the data are."""


class TextKind:
    """One symbol field: a character, a byte or a word."""

    name = "text"
    suffix = ".txt"
    config_type: type = TextConfig
    wishes_type: type = RulesConfig
    habits: Mapping[str, Any] = {}

    def follows(self, config: TextConfig) -> Mapping[str, Any]:
        """Facts from records are withheld now and then, so that a model also writes without them.

        Labels from folders, files and lines are always told, as ever.
        """
        return {"model.context_dropout": _WITHHELD} if config.is_of_records else {}

    def suits(
        self, sources: Sequence[Path] | Sequence[str], said: Collection[str]
    ) -> Mapping[str, Any]:
        """Lines of JSON that hold texts are read as records."""
        if not _HOW_READ.isdisjoint(said) or not sources:
            return {}
        are_records = all(isinstance(path, Path) and holds_texts(path) for path in sources)
        return {"data.text_field": DEFAULT_TEXT} if are_records else {}

    def recognises(self, path: Path) -> bool:
        """Text is what is taken when nothing else fits."""
        return False

    def read(
        self,
        sources: Sequence[Path] | Sequence[str],
        config: TextConfig,
        *,
        for_training: bool = False,
    ) -> Corpus:
        """Read files and folders (paths), or the texts themselves (strings)."""
        return read_text(sources, config, for_training=for_training)

    def plant(self, train: Corpus, config: TextConfig) -> tuple[Corpus, tuple[Canary, ...]]:
        """Hide lines of frequent words in the train part."""
        planted = plant(train, config.canaries)
        return planted.corpus, planted.canaries

    def fit(self, train: Corpus, config: TextConfig) -> TextCodec:
        """Learn the alphabet and the labels."""
        return fit_codec(train, config)

    def extend(self, codec: TextCodec, train: Corpus, config: TextConfig) -> TextCodec:
        """Add characters, words and labels."""
        return extended_codec(codec, train, config)

    def codec_from_json(self, plain: Mapping[str, Any]) -> TextCodec:
        """Rebuild a stored codec."""
        return codec_from_json(plain)

    def canary_space(self, train: Corpus, planted: Sequence[Canary]) -> CanarySpace:
        """Lines of frequent words."""
        return CanarySpace.of(train, planted)

    def yardstick(self, documents: Sequence[str]) -> TextYardstick:
        """Short documents are measured whole, long ones in passages of 30 words."""
        return yardstick_of(documents)

    def render(self, content: str) -> bytes:
        """Return UTF-8 that ends in a line break."""
        return (content if content.endswith("\n") else content + "\n").encode()

    def traits(self, codec: TextCodec, content: str) -> tuple[Trait, ...]:
        """Return where each character stands: in its line, its word, quotes and brackets."""
        return text_traits(content)
