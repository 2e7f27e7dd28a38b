"""Canaries: made-up lines hidden in the train part, to see later how well a model kept them.

A canary is a line of words, each drawn evenly from the most frequent words of the train part:
nothing about it is new but the order of its words. So it is known how many lines it could have
been, and lines drawn in the same way that were *not* planted show what chance would give.

All depends on the train part and the seed alone: the same data, prepared again, hold the same
canaries in the same places, whatever the version of NumPy.

Reference: Carlini et al. 2019, "The Secret Sharer", arXiv:1802.08232.

Shape letters: `N` numbers.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from statistics import median
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from serinette.core.errors import ConfigError
from serinette.core.seeds import stream_key, uniforms
from serinette.kinds.corpus import Canary, Corpus, RawSequence
from serinette.kinds.text.tokens import UNSPACED, is_word, spans

REPEATS: Final = (1, 2, 4, 8, 16)
"""How often a canary is planted; as many canaries of each."""
_MOST_WORDS: Final = 256
"""Rarer words would make a canary unlikely by what it holds instead of by its order."""
_FEWEST_WORDS: Final = 32
"""Of a text with fewer different words the characters are drawn."""
_SHORTEST_LINE: Final = 5
_FEWEST_BITS: Final = 35
_MANY_DOCUMENTS: Final = 20
_SHORT_DOCUMENT: Final = 1_000
"""Characters; where most of many documents have fewer, a canary is a document of its own."""
_PLACE: Final = "canary"
"""Where a canary that is a document says that it stands."""
_WORDS, _PLACES, _MODELS = range(3)
"""Streams of random numbers."""


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A train part with canaries in it."""

    corpus: Corpus
    canaries: tuple[Canary, ...]


@dataclass(frozen=True, kw_only=True)
class CanarySpace:
    """All lines that a canary could have been, each as likely as any other."""

    words: tuple[str, ...]
    """Each word of a line is one of these."""
    n_words: int
    """Words of a line."""
    joiner: str
    """What stands between two words."""

    @classmethod
    def of(cls, train: Corpus, planted: Sequence[Canary] = ()) -> "CanarySpace":
        """Find the frequent words of a train part.

        Args:
            train: The train part.
            planted: Canaries that it holds already; they are not counted.

        Raises:
            ConfigError: If all of the text is one character.
        """
        texts = [sequence.content for sequence in train.sequences]
        counts = _counts(texts, planted, _words)
        is_spaced = any(" " in text for text in texts)
        if len(counts) < _FEWEST_WORDS:
            counts, is_spaced = _counts(texts, planted, _signs), False
        words = sorted(counts, key=lambda word: (-counts[word], word))[:_MOST_WORDS]
        if len(words) < 2:  # noqa: PLR2004 - one word is no choice
            raise ConfigError(
                "canaries need at least two different characters in the train part, "
                f"got {len(words)}; give more text or leave canaries out"
            )
        n_words = max(_SHORTEST_LINE, math.ceil(_FEWEST_BITS / math.log2(len(words))))
        n_unspaced = sum(re.match(f"[{UNSPACED}]", word) is not None for word in words)
        joiner = " " if is_spaced and n_unspaced < len(words) / 2 else ""
        return cls(words=tuple(words), n_words=n_words, joiner=joiner)

    @property
    def bits(self) -> float:
        """log2 of how many lines there are, at least 35."""
        return self.n_words * math.log2(len(self.words))

    def draw(self, n: int, seed: int) -> tuple[str, ...]:
        """Return `n` lines; the first ones are the same however many are drawn.

        Lines to compare canaries with need another seed than the canaries.
        """
        numbers = _numbers(seed, _WORDS, n * self.n_words).reshape(n, self.n_words)
        chosen = (numbers * len(self.words)).astype(np.int64)
        return tuple(self.joiner.join(self.words[k] for k in line) for line in chosen.tolist())


def plant(train: Corpus, n: int, seed: int = 0) -> Planted:
    """Hide canaries: `n` once, `n` twice, `n` each 4, 8 and 16 times, so 31 `n` lines.

    Where documents are many and short each canary is a document of its own, with the label of some
    other document. Otherwise it is a line between two lines; in a text of a single line it stands
    between two words.

    Args:
        train: The train part.
        n: Canaries of each number of repeats, at least 0.
        seed: Other canaries, in other places.

    Raises:
        ConfigError: If the train part has too few lines, or no two different characters.
    """
    if n == 0:
        return Planted(corpus=train, canaries=())
    lines = CanarySpace.of(train).draw(n * len(REPEATS), seed)
    canaries = tuple(Canary(text=line, repeats=REPEATS[k // n]) for k, line in enumerate(lines))
    copies = [canary.text for canary in canaries for _ in range(canary.repeats)]
    lengths = [len(sequence.content) for sequence in train.sequences]
    is_short = len(lengths) >= _MANY_DOCUMENTS and median(lengths) < _SHORT_DOCUMENT
    insert = _as_documents if is_short else _as_lines
    return Planted(
        corpus=replace(train, sequences=insert(train.sequences, copies, seed)), canaries=canaries
    )


def _counts(
    texts: Iterable[str], planted: Sequence[Canary], cut: Callable[[str], Iterator[str]]
) -> Counter[str]:
    """Count what the texts are cut into, without what the canaries added."""
    counts = Counter(part for text in texts for part in cut(text))
    for canary in planted:
        for part in cut(canary.text):
            counts[part] -= canary.repeats
    return +counts


def _words(text: str) -> Iterator[str]:
    # One at a time: a list of all of them would take ten times the memory of the text.
    tokens = (text[start:stop] for start, stop in spans(text))
    return filter(is_word, tokens)


def _signs(text: str) -> Iterator[str]:
    return (sign for sign in text if not sign.isspace())


def _as_documents(
    sequences: tuple[RawSequence, ...], lines: Sequence[str], seed: int
) -> tuple[RawSequence, ...]:
    """Put every line before some document, made up like some other one."""
    places = (_numbers(seed, _PLACES, len(lines)) * len(sequences)).astype(np.int64)
    models = (_numbers(seed, _MODELS, len(lines)) * len(sequences)).astype(np.int64)
    before: dict[int, list[RawSequence]] = defaultdict(list)
    for line, place, model in zip(lines, places.tolist(), models.tolist(), strict=True):
        content = line + "\n" if sequences[model].content.endswith("\n") else line
        before[place].append(replace(sequences[model], content=content, place=_PLACE))
    return tuple(
        sequence for i, document in enumerate(sequences) for sequence in (*before[i], document)
    )


def _as_lines(
    sequences: tuple[RawSequence, ...], lines: Sequence[str], seed: int
) -> tuple[RawSequence, ...]:
    """Put every line behind some line, no two behind the same one."""
    contents = [sequence.content for sequence in sequences]
    separator = next((s for s in "\n " if any(s in content for content in contents)), "")
    ends = [_places_behind(separator, content) for content in contents]
    starts = np.cumsum([0, *map(len, ends)])
    if len(lines) > starts[-1]:
        raise ConfigError(
            f"{len(lines) // sum(REPEATS)} canaries of each number of repeats are {len(lines):,} "
            f"lines, but the train part has only {starts[-1]:,} places for them; plant at most "
            f"{starts[-1] // sum(REPEATS)}"
        )
    order = np.argsort(_numbers(seed, _PLACES, int(starts[-1])), kind="stable")[: len(lines)]
    line_at = dict(zip(order.tolist(), lines, strict=True))
    planted = []
    for i, sequence in enumerate(sequences):
        chosen = np.sort(order[(order >= starts[i]) & (order < starts[i + 1])])
        at = ends[i][chosen - starts[i]].tolist()
        added = [line_at[k] + separator for k in chosen.tolist()]
        planted.append(replace(sequence, content=_inserted(sequence.content, at, added)))
    return tuple(planted)


def _places_behind(separator: str, content: str) -> Int[np.ndarray, " N"]:
    """Return the place behind every separator; without one every place but the first."""
    if not separator:
        return np.arange(1, len(content) + 1)
    places = [match.end() for match in re.finditer(separator, content)]
    return np.array(places, dtype=np.int64)


def _inserted(content: str, at: Sequence[int], added: Sequence[str]) -> str:
    pieces = [content[start:stop] for start, stop in pairwise([0, *at, len(content)])]
    return "".join(chain.from_iterable(zip(pieces, [*added, ""], strict=True)))


def _numbers(seed: int, stream: int, n: int) -> Float[np.ndarray, " N"]:
    """Return `n` random numbers from 0 to below 1."""
    key = np.array([stream_key(seed, stream)], dtype=np.uint64)
    numbers: Float[np.ndarray, " N"] = uniforms(key, np.zeros(1, dtype=np.int64), n)[:, 0]
    return numbers
