"""Generate sequences with a model: the one door for the command line, the Python API and training.

What a row holds depends on the model, the request's settings, its seed and the row's number alone.
Pieces and samples come in the order of their numbers whatever the batch size, so whoever writes
them out as they come writes the same bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from serinette.artifact.folder import Artifact
from serinette.core.config import nearest
from serinette.core.cores import available_threads
from serinette.core.errors import ConfigError
from serinette.decoding.config import END_NAME, DecodingConfig
from serinette.decoding.engine import Drawn, FinishReason, Limits, Row, draw_sequences
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.sampler import Sampler
from serinette.decoding.stepper import Stepper
from serinette.decoding.stop import StopMatcher
from serinette.kinds.kind import Codec
from serinette.kinds.table import find_kind
from serinette.nets.config import predicted_symbols

_FEWEST_ROWS = 8
"""Rows that make a thread of their own worth its start."""


@dataclass(frozen=True, kw_only=True)
class GenerateRequest:
    """What to generate."""

    n: int = 1
    """Samples for every prefix."""
    prefixes: tuple[str, ...] = ("",)
    """Texts that the samples go on from; an empty one starts afresh."""
    seed: int = 0
    """Same seed, same samples."""
    first_row: int = 0
    """Number of the first sample: 4 with n = 1 gives sample 4 of the seed without 0 to 3."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Context of the samples by field: {"label": "Austen"}."""
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    """How symbols are drawn."""
    batch_size: int = 64
    """Samples that run together; changes the speed and nothing else."""
    n_threads: int | None = None
    """Threads that share the samples; None takes as many as there are cores and as the number of
    samples pays for. Changes the speed and nothing else."""

    def __post_init__(self) -> None:
        problems = [
            f"{name} must be at least {least}, got {value}"
            for name, least in (("n", 1), ("first_row", 0), ("batch_size", 1), ("n_threads", 1))
            if (value := getattr(self, name)) is not None and value < least
        ]
        if not self.prefixes:
            problems.append("prefixes must hold at least one text; an empty one starts afresh")
        if problems:
            raise ConfigError("; ".join(problems))


@dataclass(frozen=True, kw_only=True)
class Piece:
    """New text of a sample, certain to belong to it."""

    row: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A finished sample."""

    row: int
    """Its number among all samples of the seed."""
    prefix: str
    """What it goes on from."""
    text: str
    """What was generated, without the prefix and without the stop text."""
    labels: Mapping[str, str]
    log_prob_nats: float
    """Of all drawn symbols, under the model's own distribution."""
    sampling_log_prob_nats: float
    """Of all drawn symbols, under the distribution that they were drawn from."""
    n_steps: int
    """Drawn symbols, the end and a stop text included."""
    n_unknown: int
    """Steps of the prefix that the model has never seen and reads as `missing`."""
    seed: int
    finish_reason: FinishReason

    @property
    def full_text(self) -> str:
        """Prefix and text."""
        return self.prefix + self.text

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def generate(
    artifact: Artifact, request: GenerateRequest, *, stepper: Stepper | None = None
) -> Iterator[Piece | Sample]:
    """Generate with a saved model.

    Args:
        artifact: The model.
        request: What to generate.
        stepper: What runs the network; by default ONNX Runtime on the artifact's step graph.

    Raises:
        ConfigError: If a label or a bias names what the model does not know.
    """
    codec = find_kind(artifact.kind).codec_from_json(artifact.codec)
    if stepper is not None:
        return generate_with(codec, [stepper], request)
    graph, schema = artifact.graph(), artifact.schema
    steppers = [OnnxStepper(graph, schema) for _ in range(threads_for(request))]
    return generate_with(codec, steppers, request)


def threads_for(request: GenerateRequest) -> int:
    """Return how many threads a request is worth: the samples are dealt out among them."""
    n_rows = min(request.n * len(request.prefixes), request.batch_size)
    return max(1, min(request.n_threads or available_threads(), n_rows // _FEWEST_ROWS))


def generate_with(
    codec: Codec, steppers: Sequence[Stepper], request: GenerateRequest
) -> Iterator[Piece | Sample]:
    """Generate with a codec and a stepper that belong together.

    The request is checked before the first piece is asked for.

    Args:
        codec: Symbols to text and back.
        steppers: One for each thread, all of the same network.
        request: What to generate.
    """
    bias = _bias(codec, request.decoding.logit_bias)
    samplers = [Sampler(request.decoding, codec.schema, bias, codec.rules()) for _ in steppers]
    writers = _writers(codec, request)
    pairs = list(zip(steppers, samplers, strict=True))
    return _emit(_run(pairs, request, writers))


class _Writer:
    """Turns the symbols of one row into text as they come."""

    def __init__(self, codec: Codec, row: Row, prefix: str, request: GenerateRequest) -> None:
        self.row = row
        self._prefix = prefix
        self._request = request
        self._n_unknown = codec.n_missing(row.read[1:, None])
        self._streamer = codec.streamer()
        self._matcher = StopMatcher(request.decoding.stop)
        self._written: list[str] = []
        self._n_passed = 0
        self.sample: Sample | None = None

    def push(self, symbols: Int[np.ndarray, " K"]) -> int | None:
        """Add symbols; how many of them there are up to a stop text's last, if there is one."""
        for n, symbol in enumerate(symbols.tolist(), start=1):
            self._written.append(self._matcher.push(self._streamer.push(symbol)))
            if self._matcher.has_stopped:
                return n
        return None

    def finish(self, drawn: Drawn) -> None:
        """Close the row."""
        if drawn.finish_reason != "stop":
            self._written += [self._matcher.push(self._streamer.flush()), self._matcher.flush()]
        self.sample = Sample(
            row=self.row.number,
            prefix=self._prefix,
            text="".join(self._written),
            labels=dict(self._request.labels),
            log_prob_nats=float(drawn.log_probs.sum()),
            sampling_log_prob_nats=float(drawn.sampling_log_probs.sum()),
            n_steps=len(drawn.symbols),
            n_unknown=self._n_unknown,
            seed=self._request.seed,
            finish_reason=drawn.finish_reason,
        )

    def take_new(self) -> str:
        """Return what was written since the last call."""
        text = "".join(self._written[self._n_passed :])
        self._n_passed = len(self._written)
        return text


def _writers(codec: Codec, request: GenerateRequest) -> dict[int, _Writer]:
    context = _context(codec, request.labels)
    writers: dict[int, _Writer] = {}
    for place, prefix in enumerate(request.prefixes):
        symbols = codec.encode(prefix)[:, 0].astype(np.int64)
        begin = np.concatenate([np.array([codec.schema.end]), symbols])
        for k in range(request.n):
            number = request.first_row + place * request.n + k
            row = Row(number=number, read=begin, context=context)
            writers[number] = _Writer(codec, row, prefix, request)
    return writers


def _run(
    pairs: list[tuple[Stepper, Sampler]], request: GenerateRequest, writers: dict[int, _Writer]
) -> Iterator[dict[int, _Writer]]:
    """Yield the writers after every block; every pair has a thread and its share of the rows.

    The threads wait for one another after each block, so that nobody looks at a writer while
    another thread adds to it.
    """
    n = len(pairs)
    rows = [writer.row for writer in writers.values()]
    size = -(-request.batch_size // n)
    limits = Limits(max_steps=request.decoding.step_limit, batch_size=size)
    waiting = [
        draw_sequences(
            *pair,
            rows[k::n],
            limits,
            request.seed,
            lambda number, symbols: writers[number].push(symbols),
        )
        for k, pair in enumerate(pairs)
    ]
    if n == 1:
        for finished in waiting[0]:
            _close(finished, writers)
            yield writers
        return
    with ThreadPoolExecutor(n) as pool:
        while waiting:
            blocks = list(pool.map(lambda blocks: next(blocks, None), waiting))
            for block in blocks:
                _close(block or [], writers)
            waiting = [w for w, block in zip(waiting, blocks, strict=True) if block is not None]
            yield writers


def _close(finished: list[Drawn], writers: dict[int, _Writer]) -> None:
    for drawn in finished:
        writers[drawn.number].finish(drawn)


def _emit(blocks: Iterator[dict[int, _Writer]]) -> Iterator[Piece | Sample]:
    """Pass on what is new, the rows strictly one after the other."""
    for writers in blocks:
        for number in list(writers):
            writer = writers[number]
            if text := writer.take_new():
                yield Piece(row=number, text=text)
            if writer.sample is None:
                break
            yield writer.sample
            del writers[number]


def _bias(codec: Codec, by_text: Mapping[str, float]) -> Float64[np.ndarray, " V"]:
    (symbol_field,) = predicted_symbols(codec.schema)
    bias = np.zeros(symbol_field.size)
    for text, nats in by_text.items():
        bias[_symbol(codec, text)] += nats
    return bias


def _symbol(codec: Codec, text: str) -> int:
    if text == END_NAME and codec.schema.end is not None:
        return codec.schema.end
    steps = codec.encode(text)
    if len(steps) != 1:
        raise ConfigError(
            f"decoding.logit_bias: {text!r} is {len(steps)} symbols of this model; name one"
        )
    if codec.n_missing(steps):
        raise ConfigError(f"decoding.logit_bias: {text!r} is not among this model's symbols")
    return int(steps[0, 0])


def _context(codec: Codec, labels: Mapping[str, str]) -> Int[np.ndarray, " C"]:
    names = [context_field.name for context_field in codec.schema.context]
    for name, label in labels.items():
        if name not in names:
            raise ConfigError(
                f"label '{label}': this model was trained without labels; leave it out"
                if not names
                else f"unknown context '{name}' ({nearest(name, names)})"
            )
        if label not in codec.labels:
            raise ConfigError(f"unknown label '{label}' ({nearest(label, codec.labels)})")
    return codec.encode_context(labels).astype(np.int64)
