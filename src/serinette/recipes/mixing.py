"""Mix several models of texts: which can be, which symbols are the same, which weights are best."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from serinette.artifact.folder import Artifact
from serinette.core.errors import ConfigError, DataError
from serinette.core.schema import SymbolField
from serinette.decoding.mixing import Guest, MixBy, MixedStepper
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats
from serinette.decoding.stepper import Stepper
from serinette.kinds.corpus import Corpus
from serinette.kinds.text.codec import TextCodec, codec_from_json
from serinette.nets.config import predicted_symbols
from serinette.recipes.score import closed_steps, contexts_of
from serinette.recipes.training_data import prepared_again

_TEXT = "text"
_WRITTEN = ("character", "word")
"""Units whose symbols are each a text of their own."""
_ROUNDS = 500
_SMALLEST_GAIN = 1e-9
_ALMOST = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Partner:
    """A model that is mixed in."""

    artifact: Artifact
    weight: float
    """Share of the mixture, in [0, 1]; the model that is mixed into keeps the rest."""
    name: str = "the other model"
    """What messages call it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Mix:
    """What is mixed into a model."""

    partners: tuple[Partner, ...]
    by: MixBy = "probabilities"

    def __post_init__(self) -> None:
        for partner in self.partners:
            if not 0 <= partner.weight <= 1:
                raise ConfigError(
                    f"mix: the weight of {partner.name} must be in [0, 1]; got {partner.weight}"
                )
        total = sum(partner.weight for partner in self.partners)
        if total > 1 + _ALMOST:
            raise ConfigError(
                f"mix: the weights must be at most 1 together, got {total:g}; the model itself "
                "keeps the rest"
            )

    def stepper(self, host: Artifact) -> Stepper:
        """Return a stepper of the mixture, of the symbols of `host`.

        Raises:
            ConfigError: If models cannot be mixed.
        """
        guests = [_guest(host, partner) for partner in self.partners]
        return MixedStepper(OnnxStepper(host.graph(), host.schema), guests, self.by)

    def notes(self, host: Artifact) -> list[str]:
        """Say which symbols a model lacks that the other has.

        Raises:
            ConfigError: If models cannot be mixed.
        """
        found = []
        for partner in self.partners:
            ours, theirs = _pieces(codec_of(host)), _pieces(_codec_beside(host, partner))
            lacking, extra = ours.keys() - theirs.keys(), theirs.keys() - ours.keys()
            if lacking or extra:
                found.append(
                    f"{partner.name} lacks {len(lacking):,} of the model's {len(ours):,} symbols "
                    f"and has {len(extra):,} others"
                )
        return found


def mix_into(host: Artifact, others: Mapping[Any, Any], by: Any = "probabilities") -> Mix:
    """Return the mixture of a model and others, as the Python API is asked for it.

    Args:
        host: The model.
        others: Models of the Python API, which have an `artifact`, and their weights.
        by: `probabilities` or `logits`.

    Raises:
        ConfigError: If they cannot be mixed.
    """
    if by not in ("probabilities", "logits"):
        raise ConfigError(f"mix_by must be probabilities or logits; got {by!r}")
    partners = []
    for other, weight in others.items():
        if not hasattr(other, "artifact") or not isinstance(weight, int | float):
            raise ConfigError(
                f"mix: must be a table of models and weights; got {other!r}: {weight!r}"
            )
        name = str(other.artifact.folder)
        partners.append(Partner(artifact=other.artifact, weight=float(weight), name=name))
    mix = Mix(partners=tuple(partners), by=by)
    mix.notes(host)  # refuses what cannot be mixed
    return mix


def codec_of(artifact: Artifact) -> TextCodec:
    """Return the codec of a model of texts.

    Raises:
        ConfigError: If it is none.
    """
    if artifact.kind != _TEXT:
        raise ConfigError(
            f"mix: only models of texts can be mixed, and this one is of kind {artifact.kind}"
        )
    return codec_from_json(artifact.codec)


def _codec_beside(host: Artifact, partner: Partner) -> TextCodec:
    """Return the codec of a partner that goes with a model."""
    if partner.artifact.kind != _TEXT:
        raise ConfigError(
            f"mix: only models of texts can be mixed, and {partner.name} is of kind "
            f"{partner.artifact.kind}"
        )
    ours, theirs = _unit(host), _unit(partner.artifact)
    if ours != theirs:
        raise ConfigError(
            f"mix: {partner.name} writes in {theirs}s and the model in {ours}s; mix models of the "
            "same --data.codec"
        )
    if ours not in (*_WRITTEN, "byte") and _symbols(host) != _symbols(partner.artifact):
        raise ConfigError(
            f"mix: {partner.name} has other symbols of kind {ours} than the model; mix models that "
            "share them, or models of characters, bytes or words"
        )
    return codec_from_json(partner.artifact.codec)


def _symbols(artifact: Artifact) -> dict[str, Any]:
    return {
        name: value for name, value in artifact.codec.items() if name not in ("labels", "facts")
    }


def _unit(artifact: Artifact) -> str:
    return artifact.schema.fields[0].name


def _pieces(codec: TextCodec) -> dict[str, int]:
    """Return the symbol of every text that is one."""
    field = _field(codec)
    if field.name not in _WRITTEN:  # by number: one symbol may be less than a character
        return {str(symbol): symbol for symbol in range(field.size) if symbol != field.missing}
    return {
        codec.decode(np.array([[symbol]])): symbol
        for symbol in range(field.size)
        if symbol != field.missing
    }


def _field(codec: TextCodec) -> SymbolField:
    (field,) = predicted_symbols(codec.schema)
    return field


def _guest(host: Artifact, partner: Partner) -> Guest:
    ours, theirs = codec_of(host), _codec_beside(host, partner)
    field, other = _field(ours), _field(theirs)
    missing, their_missing = field.missing or 0, other.missing or 0
    known = _pieces(theirs)
    symbol_of = np.full(field.size, their_missing, dtype=np.int64)
    for text, symbol in _pieces(ours).items():
        symbol_of[symbol] = known.get(text, their_missing)
    is_extra: Bool[np.ndarray, " U"] = np.ones(other.size, dtype=np.bool_)
    is_extra[symbol_of] = is_extra[their_missing] = False
    artifact = partner.artifact
    return Guest(
        stepper=OnnxStepper(artifact.graph(), artifact.schema),
        weight=partner.weight,
        symbol_of=symbol_of,
        is_lacking=symbol_of == their_missing,
        is_extra=is_extra,
        host_missing=missing,
        contexts=_contexts(ours, theirs),
    )


def _contexts(
    ours: TextCodec, theirs: TextCodec
) -> tuple[tuple[int | None, Int64[np.ndarray, " _"]], ...]:
    """Return the guest's symbol of every fact; one that it does not know is unknown to it."""
    fields = list(ours.facts.values)
    found: list[tuple[int | None, Int64[np.ndarray, " _"]]] = []
    for k, name in enumerate(theirs.facts.values):
        values = ("", *ours.facts.values.get(name, ()))
        symbols = np.array([theirs.encode_context({name: value})[k] for value in values])
        place = fields.index(name) if name in fields else None
        found.append((place, symbols.astype(np.int64)))
    return tuple(found)


def fitted(host: Artifact, mix: Mix, corpus: Corpus | None = None) -> Mix:
    """Return the mix with the weights that predict held-out text best.

    Args:
        host: The model.
        mix: By probabilities; its weights are not looked at.
        corpus: The text; None: what the model held out for validation.

    Raises:
        ConfigError: If models cannot be mixed, or are to be mixed by logits.
        NotFoundError: If the training data are gone.
        DataError: If they have changed, or hold nothing out.
    """
    if mix.by != "probabilities":
        raise ConfigError("mix: weights are fitted for probabilities; leave out --mix-by, or fit")
    remedy = "; give the weights of --mix as numbers"
    corpus = corpus or prepared_again(host, remedy=remedy).parts.validation
    if not corpus.sequences:
        raise DataError(f"there is no validation text to fit weights on{remedy}")
    codec = codec_of(host)
    closed = [closed_steps(codec, sequence.content) for sequence in corpus.sequences]
    contexts = contexts_of(codec, corpus)

    def nats(stepper: Stepper) -> Float64[np.ndarray, " T"]:
        return np.concatenate(list(sequence_nats(stepper, closed, contexts)))

    alone = [Mix(partners=(replace(one, weight=1.0),)).stepper(host) for one in mix.partners]
    own: list[Stepper] = [OnnxStepper(host.graph(), host.schema), *alone]
    weights = best_weights(np.stack([nats(stepper) for stepper in own]))
    found = zip(mix.partners, weights[1:].tolist(), strict=True)
    return replace(
        mix, partners=tuple(replace(one, weight=round(weight, 3)) for one, weight in found)
    )


def best_weights(nats: Float64[np.ndarray, "N T"]) -> Float64[np.ndarray, " N"]:
    """Return the weights whose mixture predicts best, by expectation and maximisation.

    Args:
        nats: -log p of every symbol, by every model.

    Reference: Jelinek and Mercer 1980 (weights of an interpolation on held-out data).
    """
    least = nats.min(axis=0)
    chances = np.exp(least - nats)
    weights = np.full(len(nats), 1 / len(nats))
    before = np.inf
    for _ in range(_ROUNDS):
        mixed = weights @ chances
        now = float(np.mean(least - np.log(mixed)))
        if before - now < _SMALLEST_GAIN:
            break
        before = now
        weights = weights * (chances / mixed).mean(axis=1)
    best: Float64[np.ndarray, " N"] = weights / weights.sum()
    return best


def told(mix: Mix) -> dict[str, Any]:
    """Return plain values."""
    return {
        "by": mix.by,
        "weights": {partner.name: partner.weight for partner in mix.partners},
    }
