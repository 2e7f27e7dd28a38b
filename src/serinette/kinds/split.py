"""Divide a corpus into train, validation and test before anything is cut into windows.

Many documents are divided by a hash of their content: duplicates fall on one side, and adding
documents never moves the others. Few documents (fewer than 20 different ones) are each cut near
their end: train, then validation, then test.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from serinette.core.errors import ConfigError
from serinette.kinds.corpus import Corpus, RawSequence

FEWEST_DOCUMENTS = 20
_LONGEST_MOVE = 200
_BLOCK = 1 << 20
_PARTS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """How much of the data is kept away from training."""

    validation_share: float = 0.05
    """Share of the data on which training is watched, from 0 to below 1."""
    test_share: float = 0.05
    """Share of the data that is looked at once, after training, from 0 to below 1."""
    seed: int = 0
    """Another seed puts other documents into the parts."""
    exact: bool = False
    """Cut documents at the exact character, not at the nearest line break."""

    def __post_init__(self) -> None:
        for name in ("validation_share", "test_share"):
            share = getattr(self, name)
            if not 0 <= share < 1:
                raise ConfigError(f"{name} must be at least 0 and below 1, got {share}")
        if self.validation_share + self.test_share >= 1:
            raise ConfigError(
                f"validation_share and test_share must leave something to train on, "
                f"got {self.validation_share} + {self.test_share}"
            )


@dataclass(frozen=True, kw_only=True)
class Split:
    """The three parts and how they were made."""

    train: Corpus
    """What the model learns from."""
    validation: Corpus
    """What training is watched on; empty where its share is 0."""
    test: Corpus
    """What is looked at once; empty where its share is 0."""
    how: str
    """One sentence for the user and the artifact."""


def split(corpus: Corpus, config: SplitConfig) -> Split:
    """Divide a corpus; each part keeps the order and the sources of the whole."""
    identities = [_identity(sequence, config.seed) for sequence in corpus.sequences]
    if len(set(identities)) >= FEWEST_DOCUMENTS:
        parts = _by_document(corpus.sequences, identities, config)
        how = "by document, by a hash of its content"
    else:
        parts = _by_tail(corpus.sequences, config)
        how = "the end of every document"
    corpora = [replace(corpus, sequences=parts[name], notes=(), warnings=()) for name in _PARTS]
    return Split(
        train=corpora[0],
        validation=corpora[1],
        test=corpora[2],
        how=f"split {how} (seed {config.seed}): {_sizes(corpora)}",
    )


def content_id(content: str, seed: int = 0) -> str:
    """Return 16 hexadecimal digits that depend on the text and the seed only.

    White space at either end does not count: a copy with one more line break is still a copy.
    """
    return _identity(RawSequence(content=content, place=""), seed)


def _identity(sequence: RawSequence, seed: int) -> str:
    digest = hashlib.blake2b(digest_size=8, key=str(seed).encode()[:64])
    # In blocks: the bytes of a long text would take as much memory as the text.
    for text in _stripped(sequence):
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _stripped(sequence: RawSequence) -> Iterator[str]:
    """Yield the content block by block, without white space at either end."""
    is_begun, waiting = False, ""
    for start in range(0, sequence.n_characters, _BLOCK):
        block = sequence.text(start, start + _BLOCK)
        if not is_begun:
            block = block.lstrip()
        is_begun = is_begun or bool(block)
        kept = block.rstrip()
        if kept:
            yield waiting + kept
            waiting = ""
        waiting += block[len(kept) :]


def _by_document(
    sequences: Iterable[RawSequence], identities: list[str], config: SplitConfig
) -> dict[str, tuple[RawSequence, ...]]:
    part_of = {identity: _part(identity, config) for identity in identities}
    # With few documents the hash may leave a part empty; the nearest documents then stand in.
    lowest = sorted(part_of)
    for name, share in (("validation", config.validation_share), ("test", config.test_share)):
        if share and name not in part_of.values():
            part_of[next(i for i in lowest if part_of[i] == "train")] = name
    if "train" not in part_of.values():
        part_of[lowest[-1]] = "train"
    parts: dict[str, list[RawSequence]] = {name: [] for name in _PARTS}
    for sequence, identity in zip(sequences, identities, strict=True):
        parts[part_of[identity]].append(sequence)
    return {name: tuple(part) for name, part in parts.items()}


def _part(identity: str, config: SplitConfig) -> str:
    place = int(identity, 16) / 2.0**64
    if place < config.test_share:
        return "test"
    return "validation" if place < config.test_share + config.validation_share else "train"


def _by_tail(
    sequences: Iterable[RawSequence], config: SplitConfig
) -> dict[str, tuple[RawSequence, ...]]:
    parts: dict[str, list[RawSequence]] = {name: [] for name in _PARTS}
    for sequence in sequences:
        length = sequence.n_characters
        shares = (1 - config.validation_share - config.test_share, 1 - config.test_share)
        first, second = (_cut(sequence, share, config.exact) for share in shares)
        for name, start, stop in zip(
            _PARTS, (0, first, second), (first, second, length), strict=True
        ):
            if stop > start:
                parts[name].append(_piece(sequence, start, stop))
    return {name: tuple(part) for name, part in parts.items()}


def _cut(sequence: RawSequence, share: float, exact: bool) -> int:
    """Return where to cut: `share` of the way, just after the nearest line break if one is near."""
    length = sequence.n_characters
    # A share that was computed as 1 - 0.05 - 0.05 may miss a whole number by a rounding error.
    point = int(length * share + 1e-9)
    if exact or point in (0, length):
        return point
    reach = min(_LONGEST_MOVE, length // 100)
    first = max(0, point - reach)
    before = sequence.text(first, point).rfind("\n")
    after = sequence.text(point, point + reach).find("\n")
    found = [start + at + 1 for start, at in ((first, before), (point, after)) if at >= 0]
    near = [cut for cut in found if cut < length]
    return min(near, key=lambda cut: abs(cut - point), default=point)


def _piece(sequence: RawSequence, start: int, stop: int) -> RawSequence:
    if (start, stop) == (0, sequence.n_characters):
        return sequence
    return sequence.part(start, stop, f"{sequence.place}, characters {start} to {stop}")


def _sizes(corpora: list[Corpus]) -> str:
    return ", ".join(
        f"{name} {part.n_characters:,} characters of {_documents(len(part.sequences))}"
        for name, part in zip(_PARTS, corpora, strict=True)
    )


def _documents(n: int) -> str:
    return "1 document" if n == 1 else f"{n:,} documents"
