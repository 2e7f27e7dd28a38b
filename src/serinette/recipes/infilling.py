"""Write the middle of a text whose beginning and end are given.

Of every sample so many candidates are drawn as `best_of` says. Each could stop, and the end begin,
after any of its characters within the range of lengths; the candidate and the place are kept
after which the model finds the end likeliest. Rules hold in the whole text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from serinette.artifact.folder import Artifact
from serinette.constraints.config import RulesConfig, span_of
from serinette.core.errors import ConfigError, ConstraintError
from serinette.core.graphemes import extends, tears
from serinette.decoding.engine import Drawer, Drawn, Limits, Row, Watching, draw_sequences
from serinette.decoding.infilling import Ending, Join, best_join
from serinette.kinds.table import find_kind
from serinette.recipes.generate import Opened, commissions_of, training_text_of
from serinette.recipes.samples import GenerateRequest, Piece, Sample
from serinette.recipes.writing import Job, bias_of

DEFAULT_MIDDLE = "20-100"
"""Characters of a middle: from half a line to a few."""
DEFAULT_CANDIDATES = 32
_BYTES_A_CHARACTER = 4


def infill(
    artifact: Artifact,
    request: GenerateRequest,
    *,
    middle: str = DEFAULT_MIDDLE,
    opened: Opened | None = None,
) -> Iterator[Piece | Sample]:
    """Write what stands between a prefix and the ending that the request's rules have.

    Args:
        artifact: A model of texts.
        request: `wishes.ending` is the end; `best_of` candidates are drawn for every sample.
        middle: Characters of the middle: 40, or 20-100.
        opened: The same model, opened before.

    Raises:
        ConfigError: If the model writes no texts, or a setting does not go with an end.
        ConstraintError: If the rules cannot hold.
    """
    opened = opened or Opened(artifact)
    _check(artifact, request)
    suffix = request.wishes.ending or ""
    jobs = [_job(opened, request, prefix, suffix, middle) for prefix in request.prefixes]
    return (
        event
        for place, job in enumerate(jobs)
        for event in _written(opened, replace(job, first=job.first + place * request.n))
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Infilling(Job):
    """The samples of one prefix and the ending that they lead to."""

    suffix: str
    span: tuple[int, int]
    """Characters of the middle, least and most."""


def _check(artifact: Artifact, request: GenerateRequest) -> None:
    if artifact.kind != "text":
        raise ConfigError(f"suffix is for text models; this one is of kind {artifact.kind}")
    if not isinstance(request.wishes, RulesConfig) or not request.wishes.ending:
        raise ConfigError("suffix must have at least one character; without one, generate writes")
    decoding = request.decoding
    for name, is_given in (
        ("beam", request.beam is not None),
        ("resample", (request.resample or 1) > 1),
        ("stop", bool(decoding.stop)),
        ("max_steps", decoding.max_steps is not None),
    ):
        if is_given:
            raise ConfigError(
                f"{name} does not go with suffix; best_of and middle say how a middle is looked for"
            )


def _job(
    opened: Opened, request: GenerateRequest, prefix: str, suffix: str, middle: str
) -> _Infilling:
    codec = opened.codec
    least, most = _span(middle)
    n_given = len(prefix) + len(suffix)
    wishes = replace(
        request.wishes, length=_length(request.wishes, n_given + least, n_given + most)
    )
    is_whole = opened.artifact.codec.get("codec") in ("character", "word")
    per_character = 1 if is_whole else _BYTES_A_CHARACTER
    n_steps = most * per_character + len(codec.encode(suffix)) + 1
    asked = replace(
        request,
        prefixes=(prefix,),
        resample=1,
        wishes=wishes,
        decoding=replace(request.decoding, max_steps=n_steps),
    )
    wishes_type = find_kind(opened.artifact.kind).wishes_type
    (commission,) = commissions_of(codec, wishes_type, asked, lambda: training_text_of(opened))
    return _Infilling(
        codec=codec,
        request=asked,
        commission=commission,
        bias=bias_of(codec, asked.decoding.logit_bias),
        first=asked.first_row,
        suffix=suffix,
        span=(least, most),
    )


def _span(middle: str) -> tuple[int, int]:
    try:
        least, most = span_of(middle)
    except ConfigError as error:
        raise ConfigError(f"middle {error}") from None
    if most is None:
        raise ConfigError(f"middle must have a most; got {middle!r}, write {middle}100")
    return least, most


def _length(wishes: RulesConfig, least: int, most: int) -> str:
    """Return the lengths of the whole that both the middle and the user's rules allow."""
    if wishes.length is not None:
        shortest, longest = span_of(wishes.length)
        least, most = max(least, shortest), most if longest is None else min(most, longest)
        if least > most:
            raise ConstraintError(
                f"--text-length {wishes.length} leaves no room for a middle between prefix and "
                "suffix; change it, or --middle"
            )
    return f"{least}-{most}"


def _written(opened: Opened, job: _Infilling) -> Iterator[Piece | Sample]:
    request = job.request
    n = request.n_candidates
    (stepper,) = opened.steppers(1)
    rows = job.rows()
    limits = Limits(max_steps=job.max_steps, batch_size=request.batch_size)
    drawer = Drawer(stepper, job.sampler(), request.seed)
    watching = Watching(watch=lambda number, symbols: None)
    ending = Ending(
        symbols=job.codec.encode(job.suffix)[:, 0].astype(np.int64),
        end=drawer.end or 0,
        rule=job.commission.constraint,
    )
    for k in range(request.n):
        mine = rows[k * n : (k + 1) * n]
        found = [one for block in draw_sequences(drawer, mine, limits, watching) for one in block]
        candidates = sorted(found, key=lambda one: one.number)
        symbols = [_without_end(one) for one in candidates]
        places = [_places(job, drawn) for drawn in symbols]
        join = best_join(stepper, mine[0], symbols, places, ending)
        if join is None:
            raise ConstraintError(
                f"sample {mine[0].number // n}: none of {n} candidates can stand before "
                f"{job.suffix!r}; ask for more with --best-of, or loosen a rule"
            )
        sample = _sample(job, candidates[join.candidate], join, mine[0])
        yield Piece(row=sample.row, text=sample.text)
        yield sample


def _without_end(drawn: Drawn) -> Int[np.ndarray, " T"]:
    return drawn.symbols[:-1] if drawn.finish_reason == "end" else drawn.symbols


def _places(job: _Infilling, symbols: Int[np.ndarray, " T"]) -> set[int]:
    """Return after how many symbols a middle may stop: its length fits, no grapheme is torn."""
    (least, most), prefix = job.span, job.commission.prefix
    streamer = job.codec.streamer()
    places = {0} if least == 0 else set()
    text = ""
    for n, symbol in enumerate(symbols.tolist(), start=1):
        new = streamer.push(symbol)
        text += new
        if not new or not least <= len(text) <= most:
            continue
        if tears(prefix, text):
            return {0} & places
        if extends(job.suffix[0]) or not tears(text, job.suffix):
            places.add(n)
    return places


def _sample(job: _Infilling, drawn: Drawn, join: Join, row: Row) -> Sample:
    n = join.n_steps
    middle = job.codec.decode(drawn.symbols[:n, None])
    return Sample(
        row=drawn.number // job.request.n_candidates,
        prefix=job.commission.prefix,
        text=middle + job.suffix,
        labels=dict(job.commission.context),
        log_prob_nats=float(drawn.log_probs[:n].sum()) - join.nats,
        sampling_log_prob_nats=float(drawn.sampling_log_probs[:n].sum()),
        n_steps=n + len(job.codec.encode(job.suffix)),
        n_unknown=job.codec.n_missing(row.read[1:, None]),
        seed=job.request.seed,
        finish_reason="suffix",
        n_attempts=drawn.attempt + 1,
        suffix=job.suffix,
        join_nats=join.nats,
    )
