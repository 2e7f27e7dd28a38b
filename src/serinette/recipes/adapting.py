"""Let a model's weights follow a text: to score it better, or to write in its manner. No torch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from serinette.artifact.folder import Artifact
from serinette.artifact.graph_weights import with_weights_of
from serinette.core.errors import ConfigError, DataError
from serinette.decoding.adapting import AdaptConfig, Follower
from serinette.decoding.cached_stepper import CachedStepper
from serinette.decoding.neural_cache import NeuralCache
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.trainable import TrainableNetwork
from serinette.evaluation.score import Score
from serinette.kinds.corpus import Corpus
from serinette.kinds.kind import Codec
from serinette.kinds.table import find_kind
from serinette.nets.networks import SYMBOLS
from serinette.recipes.evaluate.progress import Listener, Progress, Stage, silent
from serinette.recipes.score import CountModel, closed_steps, contexts_of, scored

_STEPS_PER_SECOND = 2_000
"""A guess, for the first moments of the progress."""


def adapt_config(rate: float | None, *, is_asked: bool) -> AdaptConfig:
    """Return how weights are to follow.

    Args:
        rate: Length of a step; None: the default.
        is_asked: Whether they are to follow at all.

    Raises:
        ConfigError: If a rate is given and nothing is to follow, or the rate is out of range.
    """
    if not is_asked:
        raise ConfigError(f"adapt rate {rate}: nothing adapts; add --adapt, or leave it out")
    return AdaptConfig() if rate is None else AdaptConfig(rate=rate)


def score_adapting(
    artifact: Artifact,
    corpus: Corpus,
    config: AdaptConfig,
    *,
    baseline: CountModel | None = None,
    listener: Listener = silent,
) -> Score:
    """Score a corpus with weights that follow it: each piece before they have seen it.

    Documents are read in order, each from an empty memory; what one has taught stays for the next.

    Args:
        artifact: A model of texts or poems.
        corpus: What to predict.
        config: How weights follow.
        baseline: The count model fitted on the model's training part.
        listener: Told how far it is.

    Raises:
        ConfigError: If the model has no step graph of symbols.
        DataError: If there is nothing to score.
        DivergedError: If the weights go astray.
    """
    codec, follower = _opened(artifact, config)
    nats = _read(codec, follower, corpus, listener)
    return scored(codec, corpus, nats, baseline=baseline)


@dataclass(frozen=True, kw_only=True, eq=False)
class Adapted:
    """A model as it is after reading a text."""

    artifact: Artifact
    """With the weights that the text has led to; its folder is as it was."""
    network: TrainableNetwork
    cache: NeuralCache
    """Of the end of the text."""
    bits_per_character: float
    """What the text cost on the way."""

    def stepper(self) -> CachedStepper:
        """Return a stepper of the network with the cache's word in it."""
        inner = OnnxStepper(self.artifact.graph(), self.artifact.schema)
        return CachedStepper(inner, self.network, self.cache)


def adapted(
    artifact: Artifact, corpus: Corpus, config: AdaptConfig, *, listener: Listener = silent
) -> Adapted:
    """Read a corpus once, and return the model as it is then.

    Args:
        artifact: A model of texts or poems; it stays as it is.
        corpus: What to follow.
        config: How.
        listener: Told how far it is.

    Raises:
        ConfigError: If the model has no step graph of symbols.
        DataError: If there is nothing to read.
        DivergedError: If the weights go astray.
    """
    codec, follower = _opened(artifact, config)
    found = scored(codec, corpus, _read(codec, follower, corpus, listener))
    return Adapted(
        artifact=with_weights_of(artifact, follower.network.exported()),
        network=follower.network,
        cache=follower.cache,
        bits_per_character=found.bits_per_character,
    )


def _opened(artifact: Artifact, config: AdaptConfig) -> tuple[Codec, Follower]:
    if artifact.network != SYMBOLS:
        raise ConfigError(
            f"adapt: models of texts and poems follow a text; this one is of kind {artifact.kind}"
        )
    codec = find_kind(artifact.kind).codec_from_json(artifact.codec)
    network = TrainableNetwork(artifact.model_config, artifact.schema, artifact.weights())
    return codec, Follower(network, config)


def _read(
    codec: Codec, follower: Follower, corpus: Corpus, listener: Listener
) -> Iterator[Float64[np.ndarray, " _"]]:
    if not corpus.sequences:
        raise DataError("there is no text to read; give a file that holds some")
    contexts = contexts_of(codec, corpus)
    sequences = [closed_steps(codec, one.content) for one in corpus.sequences]
    total = sum(len(sequence) - 1 for sequence in sequences)
    doing = f"following {total:,} steps"
    progress = Progress([Stage(doing=doing, seconds=total / _STEPS_PER_SECOND)], listener)
    done = 0
    with progress.next_stage() as tell:
        for sequence, context in zip(sequences, contexts, strict=True):
            parts = []
            for part in follower.read(sequence, context):
                parts.append(part)
                done += len(part)
                tell(done / total)
            yield np.concatenate(parts)
