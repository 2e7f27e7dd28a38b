"""How poems are measured: each one whole, by characters and marks."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float32, Int

from serinette.kinds.poem.layout import canonical
from serinette.kinds.poem.metrics import PoemMeasures
from serinette.kinds.text.embedding import embed, embedding_name
from serinette.kinds.yardstick import OwnMetrics, Stretch


class PoemYardstick:
    """Measures poems.

    Args:
        book: `pingshui` or `xinyun`, by which tones and rhymes are judged.
    """

    is_whole = True
    piece_name = "poems"
    pieces_per_stretch = 1

    def __init__(self, book: str = "pingshui") -> None:
        self._book = book

    def cut(self, content: str) -> list[Stretch]:
        """Return the poem, written canonically; a text without any character is left out.

        What is no poem is measured too: as one that keeps no form.
        """
        poem = canonical(content)
        return [Stretch(content=poem, spans=((0, len(poem)),))] if poem else []

    def tokens(self, piece: str) -> list[str]:
        """Return the characters and the marks, one by one."""
        return list(piece)

    def embed(
        self, pieces: Sequence[str], on_progress: Callable[[int], None]
    ) -> Float32[np.ndarray, "N D"]:
        """Return sentence embeddings, or hashed n-grams where no encoder is installed."""
        return embed(pieces, on_progress=on_progress)

    @property
    def embedding(self) -> str:
        """What made the embeddings."""
        return embedding_name()

    def own_metrics(
        self,
        real: Sequence[str],
        groups: Int[np.ndarray, " N"],
        others: Sequence[str],
        *,
        seed: int,
    ) -> OwnMetrics:
        """Measure form, tones, rhyme, 对仗, and what is repeated or copied."""
        return PoemMeasures(real, others, groups=groups, seed=seed, book=self._book)
