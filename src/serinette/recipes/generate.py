"""Generate sequences with a model: the one door for the command line, the Python API and training.

What a row holds depends on the model, the request's settings, its seed and the row's number alone.
Pieces and samples come in the order of their numbers whatever the batch size, so whoever writes
them out as they come writes the same bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from serinette.artifact.folder import Artifact
from serinette.core.cores import available_threads
from serinette.core.errors import ConfigError
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.row_critic import RowCritic
from serinette.decoding.stepper import Stepper
from serinette.kinds.commission import Commission
from serinette.kinds.kind import Call, Codec
from serinette.kinds.table import find_kind
from serinette.recipes.mixing import Mix
from serinette.recipes.samples import GenerateRequest, Piece, Sample
from serinette.recipes.writing import write

__all__ = [
    "GenerateRequest",
    "Opened",
    "Piece",
    "Sample",
    "commissions_of",
    "generate",
    "generate_with",
    "threads_for",
    "training_text_of",
]

_FEWEST_ROWS = 8
"""Rows that make a thread of their own worth its start."""


class Opened:
    """A model whose codec and network are loaded when they are first needed, and kept.

    One thread at a time may generate with it.

    Args:
        artifact: The model.
        mix: What is mixed into it; None: nothing.
        make_stepper: Makes what runs its network where nothing is mixed in; None: ONNX Runtime on
            its step graph.
    """

    def __init__(
        self,
        artifact: Artifact,
        mix: Mix | None = None,
        make_stepper: Callable[[], Stepper] | None = None,
    ) -> None:
        self.artifact = artifact
        self.mix = mix
        self._make_stepper = make_stepper
        self._steppers: list[Stepper] = []

    @cached_property
    def codec(self) -> Codec:
        """The codec."""
        return find_kind(self.artifact.kind).codec_from_json(self.artifact.codec)

    @cached_property
    def critic(self) -> RowCritic | None:
        """What chooses among candidates; None: the model has no critic."""
        guide = self.artifact.guide()
        return None if guide is None else RowCritic(guide.weights, guide.sizes, guide.window)

    def settled(self, request: GenerateRequest) -> GenerateRequest:
        """Say how many candidates the critic chooses from, where the request leaves it open.

        Raises:
            ConfigError: If a critic is asked for and the model has none.
        """
        guide = self.artifact.guide_facts
        if request.resample is None:
            is_free = request.beam is None and request.best_of == 1 and self.mix is None
            n = int(guide["candidates"]) if is_free and guide is not None else 1
            return replace(request, resample=n)
        if request.resample > 1 and guide is None:
            raise ConfigError(
                f"resample {request.resample}: this model has no critic; leave it out, or train "
                "with --objective adversarial"
            )
        return request

    def steppers(self, n: int) -> list[Stepper]:
        """Return so many steppers of the network."""
        while len(self._steppers) < n:
            self._steppers.append(self._stepper())
        return self._steppers[:n]

    def _stepper(self) -> Stepper:
        if self.mix is not None:
            return self.mix.stepper(self.artifact)
        if self._make_stepper is not None:
            return self._make_stepper()
        return OnnxStepper(self.artifact.decoding_graph(), self.artifact.schema)


def generate(
    artifact: Artifact,
    request: GenerateRequest,
    *,
    stepper: Stepper | None = None,
    opened: Opened | None = None,
    training_text: Callable[[], str] | None = None,
) -> Iterator[Piece | Sample]:
    """Generate with a saved model.

    Args:
        artifact: The model.
        request: What to generate.
        stepper: What runs the network; by default ONNX Runtime on the artifact's step graph.
        opened: The same model, opened before: it need not be loaded again.
        training_text: Reads the training text, where a rule needs it; by default from where the
            training data were.

    Raises:
        ConfigError: If a label or a bias names what the model does not know.
        ConstraintError: If the rules cannot hold.
        NotFoundError: If a rule needs the training data and they are gone.
    """
    opened = opened or Opened(artifact)
    request = opened.settled(request)
    codec = opened.codec
    text = training_text or (lambda: training_text_of(opened))
    commissions = commissions_of(codec, find_kind(artifact.kind).wishes_type, request, text)
    steppers = opened.steppers(threads_for(request)) if stepper is None else [stepper]
    return write(codec, steppers, request, commissions, opened.critic)


def training_text_of(opened: Opened) -> str:
    """Return what the model learnt from, and what every other one learnt that is mixed in."""
    from serinette.recipes.training_data import earlier_again, prepared_again

    partners = () if opened.mix is None else opened.mix.partners
    remedy = "; --no-copy needs the training data"
    contents: list[str] = []
    for artifact in (opened.artifact, *(partner.artifact for partner in partners)):
        read = (prepared_again(artifact, remedy=remedy), *earlier_again(artifact, remedy=remedy))
        contents += (s.content for prepared in read for s in prepared.parts.train.sequences)
    return "\n".join(contents)


def threads_for(request: GenerateRequest) -> int:
    """Return how many threads a request is worth: the samples are dealt out among them."""
    n_rows = min(request.n * len(request.prefixes) * request.n_candidates, request.batch_size)
    return max(1, min(request.n_threads or available_threads(), n_rows // _FEWEST_ROWS))


def generate_with(
    codec: Codec,
    steppers: Sequence[Stepper],
    request: GenerateRequest,
    critic: RowCritic | None = None,
) -> Iterator[Piece | Sample]:
    """Generate with a codec and a stepper that belong together.

    The request is checked before the first piece is asked for.

    Args:
        codec: Symbols to text and back.
        steppers: One for each thread, all of the same network.
        request: What to generate; `wishes` must be of the codec's kind.
        critic: Chooses among candidates where the request resamples.
    """
    return write(codec, steppers, request, commissions_of(codec, None, request, str), critic)


def commissions_of(
    codec: Codec,
    wishes_type: type | None,
    request: GenerateRequest,
    training_text: Callable[[], str],
) -> list[Commission]:
    """Turn a request into one commission for every prefix."""
    wishes = request.wishes
    if wishes is None:
        if wishes_type is None:
            return [_plain_commission(codec, prefix, request) for prefix in request.prefixes]
        wishes = wishes_type()
    call = Call(
        max_steps=request.decoding.step_limit, seed=request.seed, training_text=training_text
    )
    found = [codec.commission(wishes, prefix, request.labels, call) for prefix in request.prefixes]
    broken = found[0].broken_by_a_cut if found and request.decoding.stop else ()
    if broken:
        raise ConfigError(
            f"stop: a text that is cut off there may break {', '.join(broken)}; leave stop out, or "
            "these"
        )
    return found


def _plain_commission(codec: Codec, prefix: str, request: GenerateRequest) -> Commission:
    """Ask for nothing but what keeps a sequence renderable."""
    codec.check_context(request.labels)
    return Commission(
        read=codec.encode(prefix)[:, 0].astype(np.int64),
        prefix=prefix,
        context=request.labels,
        constraint=codec.rules(),
    )
