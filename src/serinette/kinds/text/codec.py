"""The text codec: an alphabet, and the labels that a document can be conditioned on.

Shape letters: `T` time, `F` fields of a step (1), `C` context fields (0 or 1).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Int, Int32

from serinette.constraints.config import RulesConfig
from serinette.constraints.plan import constraint_of
from serinette.constraints.protocol import Constraint
from serinette.core.coercion import nearest
from serinette.core.errors import ArtifactError, ConfigError
from serinette.core.schema import Schema, SymbolField
from serinette.kinds.commission import Commission
from serinette.kinds.corpus import Corpus
from serinette.kinds.kind import Call, Streamer
from serinette.kinds.text.alphabet import END, MISSING, Alphabet
from serinette.kinds.text.bpe import BpeAlphabet
from serinette.kinds.text.characters import CharacterAlphabet
from serinette.kinds.text.config import TextConfig, default_vocabulary
from serinette.kinds.text.graphemes import GraphemeAlphabet
from serinette.kinds.text.octets import ByteAlphabet
from serinette.kinds.text.words import WordAlphabet

LABEL = "label"
_NO_LABEL = 0


class TextCodec:
    """Text to steps and back. Immutable; equal if its plain values are.

    Args:
        alphabet: Text to symbols.
        labels: Every label of the train part once, in the order of their symbols; label `k` is
            symbol `k + 1` of the context, 0 stands for none or one that is not known.
    """

    def __init__(self, alphabet: Alphabet, labels: tuple[str, ...]) -> None:
        self.alphabet = alphabet
        self.labels = labels
        self._label_symbol = {label: i + 1 for i, label in enumerate(labels)}
        label_field = SymbolField(name=LABEL, size=1 + len(labels), missing=_NO_LABEL)
        self.schema = Schema(
            fields=(SymbolField(name=alphabet.name, size=alphabet.size, missing=MISSING),),
            context=(label_field,) if labels else (),
            end=END,
        )

    @property
    def label_field(self) -> str:
        """Labels are the one fact about a document."""
        return LABEL

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
        """Turn the label into its symbol."""
        if not self.labels:
            return np.zeros(0, dtype=np.int32)
        label = context.get(LABEL, "")
        return np.array([self._label_symbol.get(label, _NO_LABEL)], dtype=np.int32)

    def measured_context(self, context: Mapping[str, str]) -> Mapping[str, str]:
        """Keep the label."""
        return context

    def check_context(self, context: Mapping[str, str]) -> None:
        """Refuse a label that the model does not know.

        Raises:
            ConfigError: With the nearest known one.
        """
        for name, label in context.items():
            if not self.labels:
                raise ConfigError(
                    f"label '{label}': this model was trained without labels; leave it out"
                )
            if name != LABEL:
                raise ConfigError(f"unknown context '{name}' ({nearest(name, [LABEL])})")
            if label not in self.labels:
                raise ConfigError(f"unknown label '{label}' ({nearest(label, self.labels)})")

    def commission(
        self, wishes: RulesConfig, prefix: str, labels: Mapping[str, str], call: Call
    ) -> Commission:
        """Turn rules on text into an automaton over this codec's symbols.

        Raises:
            ConfigError: If a label is not known.
            ConstraintError: If the rules cannot hold, with the ones that cannot.
        """
        self.check_context(labels)
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
            context=labels,
            constraint=self.rules() if found is None else found,
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
            "labels": list(self.labels),
            **self.alphabet.to_json(),
        }


def fit_codec(train: Corpus, config: TextConfig) -> TextCodec:
    """Learn the alphabet and the labels of the train part."""
    alphabet = _fit_alphabet([sequence.content for sequence in train.sequences], config)
    labels = {sequence.context.get(LABEL, "") for sequence in train.sequences} - {""}
    return TextCodec(alphabet, tuple(sorted(labels)))


def _fit_alphabet(texts: list[str], config: TextConfig) -> Alphabet:
    if config.codec == "byte":
        return ByteAlphabet()
    if config.codec == "bpe":
        size = config.vocabulary_size or default_vocabulary(sum(map(len, texts)))
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
        return TextCodec(_alphabet_from_json(plain), _distinct(plain["labels"]))
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
    return "".join(_distinct(list(plain["characters"])))


def _clusters(plain: Mapping[str, Any]) -> tuple[str, ...]:
    found = _distinct(plain["clusters"])
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
    words, added = _distinct(plain["words"]), _distinct(plain.get("added", []))
    _distinct([*plain["characters"], *words, *added])
    return WordAlphabet(_characters(plain), words, added)


_FROM_JSON: Mapping[str, Callable[[Mapping[str, Any]], Alphabet]] = {
    "bpe": lambda plain: BpeAlphabet(_merges(plain)),
    "byte": lambda plain: ByteAlphabet(),
    "character": lambda plain: CharacterAlphabet(_characters(plain)),
    "grapheme": lambda plain: GraphemeAlphabet(_clusters(plain)),
    "word": _words,
}


def _distinct(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("expected a list of strings")
    if len(set(values)) != len(values):
        raise ValueError("a symbol is there twice")
    return tuple(values)
