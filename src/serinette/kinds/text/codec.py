"""The text codec: an alphabet, and the facts that a document can be conditioned on.

Shape letters: `T` time, `F` fields of a step (1), `C` context fields.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Int, Int32

from serinette.constraints.config import RulesConfig
from serinette.constraints.plan import constraint_of
from serinette.constraints.protocol import Constraint
from serinette.core.errors import ArtifactError
from serinette.core.schema import Schema, SymbolField
from serinette.kinds.commission import Commission
from serinette.kinds.corpus import Corpus
from serinette.kinds.kind import Call, Streamer
from serinette.kinds.text.alphabet import END, MISSING, Alphabet
from serinette.kinds.text.bpe import BpeAlphabet
from serinette.kinds.text.characters import CharacterAlphabet
from serinette.kinds.text.config import LABEL, TextConfig, default_vocabulary
from serinette.kinds.text.facts import Facts, distinct
from serinette.kinds.text.graphemes import GraphemeAlphabet
from serinette.kinds.text.octets import ByteAlphabet
from serinette.kinds.text.words import WordAlphabet


class TextCodec:
    """Text to steps and back. Immutable; equal if its plain values are.

    Args:
        alphabet: Text to symbols.
        facts: What a document can be conditioned on.
    """

    def __init__(self, alphabet: Alphabet, facts: Facts) -> None:
        self.alphabet = alphabet
        self.facts = facts
        self.schema = Schema(
            fields=(SymbolField(name=alphabet.name, size=alphabet.size, missing=MISSING),),
            context=facts.fields,
            end=END,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that a document can be conditioned on; empty where there are none."""
        return self.facts.values.get(LABEL, ())

    @property
    def measured(self) -> None:
        """Every symbol counts when predictions are measured."""
        return

    @property
    def border(self) -> int | None:
        """The symbol of a line feed, where it is one symbol and known."""
        steps = self.encode("\n")
        is_known = len(steps) == 1 and self.n_missing(steps) == 0
        return int(steps[0, 0]) if is_known else None

    def encode(self, content: str) -> Int32[np.ndarray, "T F"]:
        """Turn text into steps, without `end`."""
        return self.alphabet.encode(content)[:, None]

    def decode(self, steps: Int[np.ndarray, "T F"]) -> str:
        """Turn steps into text: `missing` becomes U+FFFD, `end` nothing."""
        return self.alphabet.decode(steps[:, 0])

    def encode_context(self, context: Mapping[str, str]) -> Int32[np.ndarray, " C"]:
        """Turn the facts into their symbols."""
        return self.facts.encode(context)

    def measured_context(self, context: Mapping[str, str]) -> Mapping[str, str]:
        """Keep all facts."""
        return context

    def knows(self, name: str, value: str) -> bool:
        """Say whether a document can be conditioned on this value of a field."""
        return self.facts.knows(name, value)

    def check_context(self, context: Mapping[str, str]) -> None:
        """Refuse a fact that the model does not know.

        Raises:
            ConfigError: With the nearest known one.
        """
        self.facts.named(context)

    def commission(
        self, wishes: RulesConfig, prefix: str, labels: Mapping[str, str], call: Call
    ) -> Commission:
        """Turn rules on text into an automaton over this codec's symbols.

        Raises:
            ConfigError: If a fact is not known.
            ConstraintError: If the rules cannot hold, with the ones that cannot.
        """
        context = self.facts.named(labels)
        found = constraint_of(
            wishes,
            self.alphabet.spelling(),
            prefix=prefix,
            max_steps=call.max_steps,
            training_text=None if wishes.no_copy is None else call.training_text(),
        )
        return Commission(
            read=self.encode(prefix)[:, 0].astype(np.int64),
            prefix=prefix,
            context=context,
            constraint=self.rules() if found is None else found,
            broken_by_a_cut=wishes.broken_by_a_cut,
            is_shown_whole=getattr(found, "may_dead_end", False),
        )

    def showpieces(self) -> tuple[RulesConfig, ...]:
        """Show one sample without rules."""
        return (RulesConfig(),)

    def n_characters(self, content: str) -> int:
        """Count code points."""
        return len(content)

    def n_bytes(self, content: str) -> int:
        """Count the bytes of the UTF-8."""
        return len(content.encode("utf-8", "surrogatepass"))

    def n_missing(self, steps: Int[np.ndarray, "T F"]) -> int:
        """Count unknown characters."""
        return int(np.count_nonzero(steps == MISSING))

    def step_lengths(self, content: str) -> Int32[np.ndarray, " T"]:
        """Say how many characters each step completes."""
        return self.alphabet.step_lengths(content)

    def streamer(self) -> Streamer:
        """Return a fresh streaming decoder."""
        return self.alphabet.streamer()

    def rules(self) -> Constraint | None:
        """Return what keeps generated steps valid text."""
        return self.alphabet.rules()

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "codec": self.alphabet.name,
            **self.facts.to_json(),
            **self.alphabet.to_json(),
        }


def fit_codec(train: Corpus, config: TextConfig) -> TextCodec:
    """Learn the alphabet and the facts of the train part."""
    alphabet = _fit_alphabet(train, config)
    contexts = (sequence.context for sequence in train.sequences)
    return TextCodec(alphabet, Facts.fit(contexts, config.context_values))


def _fit_alphabet(train: Corpus, config: TextConfig) -> Alphabet:
    texts = train.blocks()
    if config.codec == "byte":
        return ByteAlphabet()
    if config.codec == "bpe":
        size = config.vocabulary_size or default_vocabulary(train.n_characters)
        return BpeAlphabet.fit(texts, size)
    if config.codec == "grapheme":
        return GraphemeAlphabet.fit(texts, config.max_vocabulary, config.min_count)
    if config.codec == "word":
        return WordAlphabet.fit(texts, config.max_vocabulary, config.min_count)
    return CharacterAlphabet.fit(texts, config.max_vocabulary, config.min_count)


def codec_from_json(plain: Mapping[str, Any]) -> TextCodec:
    """Rebuild a codec from the plain values of `to_json`.

    Raises:
        ArtifactError: If a part is absent, of the wrong type or repeated.
    """
    try:
        return TextCodec(_alphabet_from_json(plain), Facts.from_json(plain))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ArtifactError(
            f"codec.json: the text codec cannot be read ({type(error).__name__}: {error}); "
            "get the model again"
        ) from error


def _alphabet_from_json(plain: Mapping[str, Any]) -> Alphabet:
    name = plain["codec"]
    build = _FROM_JSON.get(name) if isinstance(name, str) else None
    if build is None:
        raise ValueError(f"codec {name!r} is none of {', '.join(sorted(_FROM_JSON))}")
    return build(plain)


def _characters(plain: Mapping[str, Any]) -> str:
    return "".join(distinct(list(plain["characters"])))


def _clusters(plain: Mapping[str, Any]) -> tuple[str, ...]:
    found = distinct(plain["clusters"])
    if any(len(cluster.encode()) < 2 for cluster in found):  # noqa: PLR2004 - one byte is known
        raise ValueError("a cluster has fewer than two bytes")
    return found


def _merges(plain: Mapping[str, Any]) -> list[tuple[int, int]]:
    merges = []
    for left, right in plain["merges"]:
        if type(left) is not int or type(right) is not int:
            raise TypeError("expected pairs of whole numbers")
        merges.append((left, right))
    return merges


def _words(plain: Mapping[str, Any]) -> WordAlphabet:
    words, added = distinct(plain["words"]), distinct(plain.get("added", []))
    distinct([*plain["characters"], *words, *added])
    return WordAlphabet(_characters(plain), words, added)


_FROM_JSON: Mapping[str, Callable[[Mapping[str, Any]], Alphabet]] = {
    "bpe": lambda plain: BpeAlphabet(_merges(plain)),
    "byte": lambda plain: ByteAlphabet(),
    "character": lambda plain: CharacterAlphabet(_characters(plain)),
    "grapheme": lambda plain: GraphemeAlphabet(_clusters(plain)),
    "word": _words,
}
