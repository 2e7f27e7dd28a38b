"""Draw what was commissioned and turn symbols into text as they come."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int

from serinette.constraints.guarded import Guarded
from serinette.core.errors import ConfigError
from serinette.core.graphemes import may_extend
from serinette.core.seeds import derive
from serinette.decoding.beam import Beam, stochastic_beam
from serinette.decoding.config import END_NAME
from serinette.decoding.engine import Drawer, Drawn, Limits, Row, Watching, draw_sequences
from serinette.decoding.row_critic import RowCritic
from serinette.decoding.sampler import Sampler
from serinette.decoding.stepper import Stepper
from serinette.decoding.stop import StopMatcher
from serinette.decoding.temperature import Heat
from serinette.kinds.commission import Commission
from serinette.kinds.kind import Codec
from serinette.kinds.text.alphabet import REPLACEMENT
from serinette.nets.config import predicted_symbols
from serinette.recipes.heating import heat_of
from serinette.recipes.samples import GenerateRequest, Piece, Sample

_CHOICE = 1
"""The stream of a row that chooses among candidates, beside the one that draws symbols."""


def write(
    codec: Codec,
    steppers: Sequence[Stepper],
    request: GenerateRequest,
    commissions: Sequence[Commission],
    critic: RowCritic | None = None,
) -> Iterator[Piece | Sample]:
    """Draw what was commissioned, one commission a prefix.

    Args:
        codec: Symbols to text and back.
        steppers: One for each thread.
        request: How many, and how.
        commissions: What each prefix asks for.
        critic: Chooses among the candidates of a sample where the request resamples.

    Raises:
        ConfigError: If the request resamples and there is no critic.
    """
    is_resampling = (request.resample or 1) > 1
    if is_resampling and critic is None:
        raise ConfigError(f"resample {request.resample}: there is no critic here; leave it out")
    bias = bias_of(codec, request.decoding.logit_bias)
    n_each = request.n
    written = []
    for place, commission in enumerate(commissions):
        first = request.first_row + place * n_each
        judge = critic if is_resampling else None
        job = Job(
            codec=codec,
            request=request,
            commission=commission,
            bias=bias,
            first=first,
            critic=judge,
        )
        if request.beam is not None:
            written.append(_by_beam(job, steppers))
        else:
            written.append(_emit(_run(job, steppers), job))
    return itertools.chain.from_iterable(written)


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """The samples of one prefix."""

    codec: Codec
    request: GenerateRequest
    commission: Commission
    bias: Float64[np.ndarray, " V"]
    first: int
    """Number of the first sample."""
    critic: RowCritic | None = None
    """Draws one of the candidates; None: the likeliest is kept."""

    @cached_property
    def may_extend(self) -> bool:
        """Whether a symbol can belong to the character before it, as an accent does."""
        (field,) = predicted_symbols(self.codec.schema)
        written = (self.codec.decode(np.array([[symbol]])) for symbol in range(field.size))
        return any(
            text == REPLACEMENT or may_extend(text)
            for symbol, text in enumerate(written)
            if symbol != field.missing
        )

    @cached_property
    def heat(self) -> Heat | None:
        """Where the temperature changes; None if it is always the same."""
        return heat_of(self.codec, self.request.decoding, self.max_steps)

    @property
    def max_steps(self) -> int:
        """Longest sample; where the rules fix the length, nothing cuts it off."""
        return self.commission.n_steps or self.request.decoding.step_limit

    def sampler(self) -> Sampler:
        """Return what draws symbols."""
        decoding = self.request.decoding
        penalty = decoding.frequency_penalty + self.commission.frequency_penalty
        return Sampler(
            replace(decoding, frequency_penalty=penalty),
            self.codec.schema,
            self.bias,
            self.commission.constraint,
            self.heat,
        )

    def rows(self) -> list[Row]:
        """Return the sequences to draw; the candidates of each sample are neighbours."""
        schema = self.codec.schema
        context = self.codec.encode_context(self.commission.context).astype(np.int64)
        begin = np.concatenate([np.array([schema.end]), self.commission.read])
        n = self.request.n_candidates
        first = self.first * n
        numbers = range(first, first + self.request.n * n)
        return [Row(number=number, read=begin, context=context) for number in numbers]


class _Writer:
    """Turns the symbols of one row into text as they come."""

    def __init__(self, job: Job, row: Row) -> None:
        self.row = row
        self._job = job
        self._n_unknown = job.codec.n_missing(row.read[1:, None])
        self.sample: Sample | None = None
        self.rank = 0.0
        """Nats in favour of the sample."""
        self.restart()

    def restart(self) -> None:
        """Forget what was written."""
        self._streamer = self._job.codec.streamer()
        stop = self._job.request.decoding.stop
        self._matcher = StopMatcher(stop, may_extend=bool(stop) and self._job.may_extend)
        self._written: list[str] = []
        self._n_passed = 0

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
        if self._matcher.has_stopped:
            drawn = replace(drawn, finish_reason="stop")
        job, content = self._job, "".join(self._written)
        log_prob = float(drawn.log_probs.sum())
        if job.critic is None:
            self.rank = log_prob + job.commission.prefer(content)
        else:
            self.rank = self._word_of(job.critic, drawn)
        has_rules = job.commission.constraint is not None and len(drawn.kept) > 0
        mass = math.exp(np.log(np.maximum(drawn.kept, 1e-300)).mean()) if has_rules else None
        self.sample = Sample(
            row=self.row.number // job.request.n_candidates,
            prefix=job.commission.prefix,
            text=job.commission.show(content),
            labels=dict(job.commission.context),
            log_prob_nats=log_prob,
            sampling_log_prob_nats=float(drawn.sampling_log_probs.sum()),
            n_steps=len(drawn.symbols),
            n_unknown=self._n_unknown,
            seed=job.request.seed,
            finish_reason=drawn.finish_reason,
            mask_mass=mass,
            n_attempts=drawn.attempt + 1,
        )

    def _word_of(self, critic: RowCritic, drawn: Drawn) -> float:
        """Return the critic's word with Gumbel noise: the largest is a draw by softmax.

        Reference: Deng et al. 2020, arXiv:2004.11714 (residual energy, drawn by resampling).
        """
        symbols = np.concatenate([self.row.read[1:], drawn.symbols])
        share = derive(self._job.request.seed, self.row.number, 0, _CHOICE) / 2.0**63
        u = min(max(share, 2.0**-60), 1 - 2.0**-53)
        return critic.word(symbols) - math.log(-math.log(u))

    def take_new(self) -> str:
        """Return what was written since the last call."""
        text = "".join(self._written[self._n_passed :])
        self._n_passed = len(self._written)
        return text


def _run(job: Job, steppers: Sequence[Stepper]) -> Iterator[dict[int, _Writer]]:
    """Yield the writers after every block; every stepper has a thread and its share of the rows.

    The threads wait for one another after each block, so that nobody looks at a writer while
    another thread adds to it.
    """
    n, request = len(steppers), job.request
    constraint = job.commission.constraint
    if n > 1 and constraint is not None:
        job = replace(job, commission=replace(job.commission, constraint=Guarded(constraint)))
    rows = job.rows()
    writers = {row.number: _Writer(job, row) for row in rows}
    limits = Limits(max_steps=job.max_steps, batch_size=-(-request.batch_size // n))
    watching = Watching(
        watch=lambda number, symbols: writers[number].push(symbols),
        restart=lambda number: writers[number].restart(),
    )
    waiting = [
        draw_sequences(Drawer(stepper, job.sampler(), request.seed), rows[k::n], limits, watching)
        for k, stepper in enumerate(steppers)
    ]
    return _blocks(waiting, writers)


def _blocks(
    waiting: list[Iterator[list[Drawn]]], writers: dict[int, _Writer]
) -> Iterator[dict[int, _Writer]]:
    if len(waiting) == 1:
        for finished in waiting[0]:
            _close(finished, writers)
            yield writers
        return
    with ThreadPoolExecutor(len(waiting)) as pool:
        while waiting:
            blocks = list(pool.map(lambda blocks: next(blocks, None), waiting))
            for block in blocks:
                _close(block or [], writers)
            waiting = [w for w, block in zip(waiting, blocks, strict=True) if block is not None]
            yield writers


def _close(finished: list[Drawn], writers: dict[int, _Writer]) -> None:
    for drawn in finished:
        writers[drawn.number].finish(drawn)


def _emit(blocks: Iterator[dict[int, _Writer]], job: Job) -> Iterator[Piece | Sample]:
    """Pass on what is new, the samples strictly one after the other."""
    n = job.request.n_candidates
    is_streaming = n == 1 and not job.commission.is_shown_whole
    for writers in blocks:
        while writers:
            candidates = list(itertools.islice(writers.values(), n))
            if is_streaming and (text := candidates[0].take_new()):
                yield Piece(row=candidates[0].row.number, text=text)
            if any(writer.sample is None for writer in candidates):
                break
            yield from _chosen(candidates, is_streaming=is_streaming)
            for writer in candidates:
                del writers[writer.row.number]


def _chosen(candidates: Sequence[_Writer], *, is_streaming: bool) -> Iterator[Piece | Sample]:
    """Yield the best of a sample's candidates, the first of equals."""
    sample = max(candidates, key=lambda writer: writer.rank).sample
    if sample is not None:
        if not is_streaming and sample.text:
            yield Piece(row=sample.row, text=sample.text)
        yield sample


def _by_beam(job: Job, steppers: Sequence[Stepper]) -> Iterator[Piece | Sample]:
    """Yield the best candidate of the beam of every sample."""
    sampler = job.sampler()
    width = job.request.beam or 2
    for row in job.rows():
        beam = Beam(width=width, max_steps=job.max_steps, seed=job.request.seed)
        writers = []
        for drawn in stochastic_beam(steppers[0], sampler, row, beam):
            writer = _Writer(job, row)
            n_kept = writer.push(drawn.symbols)
            writer.finish(drawn if n_kept is None else _cut(drawn, n_kept))
            writers.append(writer)
        yield from _chosen(writers, is_streaming=False)


def _cut(drawn: Drawn, n_kept: int) -> Drawn:
    """Return a sequence as far as its stop text."""
    return replace(
        drawn,
        symbols=drawn.symbols[:n_kept],
        log_probs=drawn.log_probs[:n_kept],
        sampling_log_probs=drawn.sampling_log_probs[:n_kept],
        kept=drawn.kept[:n_kept],
        finish_reason="stop",
    )


def bias_of(codec: Codec, by_text: Mapping[str, float]) -> Float64[np.ndarray, " V"]:
    """Return the nats to add to every symbol's logit.

    Raises:
        ConfigError: If a text is no symbol of the codec.
    """
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
