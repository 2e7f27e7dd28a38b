"""Learning what byte-pair encoding merges, by the package `tokenizers`.

Only learning needs it: what is learnt is a list of pairs, with which `merging` encodes alone.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from serinette.core.errors import MissingExtraError
from serinette.kinds.text.merging import pieces

_BLOCK: Final = 1 << 20
_FEWEST: Final = 2
_BETWEEN: Final = "\0"
"""Stands between pieces: the reader lets none into a text."""


def learn_merges(texts: Iterable[str], vocabulary_size: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return which pairs of bytes or longer pieces to merge, the first first.

    Args:
        texts: The train part.
        vocabulary_size: Most pieces, the 256 bytes included; fewer where no pair comes twice.

    Raises:
        MissingExtraError: If `tokenizers` is not installed.
    """
    tokenizer, trainer = _tokenizer(vocabulary_size)
    tokenizer.train_from_iterator(map(_BETWEEN.join, map(pieces, _blocks(texts))), trainer)
    octet_of = {letter: octet for octet, letter in enumerate(_letters())}
    return tuple(
        (bytes(map(octet_of.__getitem__, left)), bytes(map(octet_of.__getitem__, right)))
        for left, right in _merges_of(tokenizer)
    )


def _tokenizer(vocabulary_size: int) -> tuple[Any, Any]:
    try:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    except ImportError as error:
        raise MissingExtraError(
            "codec 'bpe' learns its merges with the package tokenizers, which is not installed; "
            "run pip install 'serinette[bpe]', or use the codec 'word'"
        ) from error
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_BETWEEN, "removed"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        min_frequency=_FEWEST,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    return tokenizer, trainer


def _merges_of(tokenizer: Any) -> Iterator[tuple[str, str]]:
    yield from json.loads(tokenizer.to_str())["model"]["merges"]


def _blocks(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for begin in range(0, len(text), _BLOCK):
            yield text[begin : begin + _BLOCK]


def _letters() -> Iterator[str]:
    """Yield the letter that `tokenizers` writes each byte as: itself, or one from U+0100 on."""
    n_moved = 0
    for octet in range(256):
        is_shown = 0x21 <= octet <= 0x7E or 0xA1 <= octet <= 0xAC or octet >= 0xAE  # noqa: PLR2004
        yield chr(octet) if is_shown else chr(0x100 + n_moved)
        n_moved += not is_shown
