"""A codec that learns more symbols: old ones keep their numbers, new ones are numbered after them.

What an old codec could write, the longer one writes the same way, with one exception: a text that
holds an added word is cut at that word.
"""

from collections.abc import Iterable

from serinette.kinds.corpus import Corpus
from serinette.kinds.text.alphabet import FIRST, Alphabet
from serinette.kinds.text.characters import CharacterAlphabet
from serinette.kinds.text.codec import TextCodec
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.words import WordAlphabet


def extended_codec(codec: TextCodec, train: Corpus, config: TextConfig) -> TextCodec:
    """Return `codec` with what the train part of another corpus has besides.

    Args:
        codec: What a model was trained with.
        train: Characters, words and facts of this part are added.
        config: `max_vocabulary` is of all symbols together; `min_count` is counted in `train`.
    """
    contexts = (sequence.context for sequence in train.sequences)
    facts = codec.facts.extended(contexts, config.context_values)
    return TextCodec(_extended(codec.alphabet, train.blocks(), config), facts)


def _extended(alphabet: Alphabet, texts: Iterable[str], config: TextConfig) -> Alphabet:
    """Add pieces where some may lack: what is spelt in bytes lacks none."""
    if isinstance(alphabet, CharacterAlphabet):
        found = CharacterAlphabet.fit(texts, config.max_vocabulary, config.min_count).characters
        more = missing_pieces(found, alphabet.characters)
        return CharacterAlphabet(alphabet.characters + "".join(_room(alphabet, more, config)))
    if isinstance(alphabet, WordAlphabet):
        fresh = WordAlphabet.fit(texts, config.max_vocabulary, config.min_count)
        known = (*alphabet.characters, *alphabet.words, *alphabet.added)
        more = missing_pieces((*fresh.characters, *fresh.words), known)
        added = (*alphabet.added, *_room(alphabet, more, config))
        return WordAlphabet(alphabet.characters, alphabet.words, added)
    return alphabet


def missing_pieces(found: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return what is found and not known, in the order in which it is found."""
    old = set(known)
    return [piece for piece in found if piece not in old]


def _room(alphabet: Alphabet, pieces: list[str], config: TextConfig) -> list[str]:
    """Leave out what the vocabulary has no room for; what counts most stands first."""
    n_known = alphabet.size - FIRST
    return pieces[: max(0, config.max_vocabulary - n_known)]
