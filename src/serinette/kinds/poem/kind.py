"""The kind poem: classical Chinese verse, with its forms, tones and rhymes."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from serinette.kinds.corpus import Canary, Corpus
from serinette.kinds.poem.codec import PoemCodec, codec_from_json, extended_codec, fit_codec
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.entries import looks_like_poems
from serinette.kinds.poem.reader import read_poems
from serinette.kinds.poem.traits import poem_traits
from serinette.kinds.poem.wishes import PoemWishes
from serinette.kinds.poem.writing import shown
from serinette.kinds.poem.yardstick import PoemYardstick
from serinette.kinds.text.canaries import CanarySpace
from serinette.kinds.trait import Trait

HABITS: Final[Mapping[str, Any]] = {
    "model.embedding_size": 192,
    "model.hidden_size": 384,
    "model.n_layers": 1,
    "model.tied": True,
    "model.readout": "last",
    "model.context_dropout": 0.4,
    "training.batching": "documents",
    "training.window": 128,
    "training.n_rows": 16,
    "training.sampled_symbols": 1_000,
    "training.start": "spectral",
    "training.learning_rate": 8e-3,
    "training.matrix_learning_rate": 8e-3,
}
"""Found by trial on Tang verse, docs/why/experiments.md."""


class PoemKind:
    """One symbol field, a character or a mark; form, author and title as context."""

    name = "poem"
    suffix = ".txt"
    config_type: type = PoemConfig
    wishes_type: type = PoemWishes
    habits: Mapping[str, Any] = HABITS

    def follows(self, config: PoemConfig) -> Mapping[str, Any]:
        """Nothing follows from how poems are read."""
        return {}

    def suits(
        self, sources: Sequence[Path] | Sequence[str], said: Collection[str]
    ) -> Mapping[str, Any]:
        """Poems are always read alike."""
        return {}

    def recognises(self, path: Path) -> bool:
        """Say whether a file is JSON in the layout of the chinese-poetry project."""
        return looks_like_poems(path)

    def read(
        self,
        sources: Sequence[Path] | Sequence[str],
        config: PoemConfig,
        *,
        for_training: bool = False,
    ) -> Corpus:
        """Read files and folders (paths), or the poems themselves (strings)."""
        return read_poems(sources, config, for_training=for_training)

    def plant(self, train: Corpus, config: PoemConfig) -> tuple[Corpus, tuple[Canary, ...]]:
        """Plant nothing: a line of made-up words would be no poem."""
        return train, ()

    def fit(self, train: Corpus, config: PoemConfig) -> PoemCodec:
        """Learn characters, authors and title characters."""
        return fit_codec(train, config)

    def extend(self, codec: PoemCodec, train: Corpus, config: PoemConfig) -> PoemCodec:
        """Add characters, forms, authors and title characters."""
        return extended_codec(codec, train, config)

    def codec_from_json(self, plain: Mapping[str, Any]) -> PoemCodec:
        """Rebuild a stored codec."""
        return codec_from_json(plain)

    def canary_space(self, train: Corpus, planted: Sequence[Canary]) -> CanarySpace:
        """Never asked for: nothing is planted."""
        raise NotImplementedError("poems have no canaries")

    def yardstick(self, documents: Sequence[str]) -> PoemYardstick:
        """Poems are measured whole."""
        return PoemYardstick()

    def render(self, content: str) -> bytes:
        """Return UTF-8, two lines of verse on a row."""
        return (shown(content) + "\n").encode()

    def traits(self, codec: PoemCodec, content: str) -> tuple[Trait, ...]:
        """Return where each character stands in its line and poem, and how it sounds."""
        return poem_traits(codec, content)
