"""Stochastic beam search: different sequences, drawn without replacement.

A beam keeps the sequences whose log-probability, perturbed by Gumbel noise, is largest. The noise
of a sequence is drawn so that the largest among its continuations equals its own; the `width`
sequences at the end are then a sample without replacement from the distribution drawn from.

Reference: Kool, van Hoof and Welling 2019, arXiv:1903.06059, algorithm 1 and appendix B.3.

Shape letters: `W` sequences of the beam, `V` symbols, `T` steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from serinette.core.distributions import categorical_log_probs
from serinette.core.errors import ConstraintError
from serinette.core.seeds import derive
from serinette.decoding.engine import Drawn, FinishReason, Row
from serinette.decoding.reading import read
from serinette.decoding.sampler import Memory, Sampler
from serinette.decoding.stepper import Stepper


@dataclass(frozen=True, kw_only=True)
class Beam:
    """How wide and how far to look."""

    width: int
    """Sequences that are kept; at least 1."""
    max_steps: int
    """Longest sequence."""
    seed: int


@dataclass(frozen=True, eq=False)
class _Running:
    """Sequences that are not finished, best first."""

    state: Any
    memory: Memory
    logits: np.ndarray  # [W, V]
    perturbed: Float64[np.ndarray, " W"]
    drawn_nats: Float64[np.ndarray, " W"]
    """log p under the distribution that is drawn from, summed."""
    symbols: Int[np.ndarray, "W T"]
    log_probs: Float64[np.ndarray, "W T"]
    sampling_log_probs: Float64[np.ndarray, "W T"]
    kept: Float64[np.ndarray, "W T"]


def stochastic_beam(stepper: Stepper, sampler: Sampler, row: Row, beam: Beam) -> Iterator[Drawn]:
    """Yield up to `width` different sequences, the largest perturbed log-probability first.

    What a row holds depends on the network, the settings, the seed, the width and the row's number.

    Raises:
        ConstraintError: If the rules leave no sequence at all.
    """
    generator = np.random.Generator(np.random.Philox(derive(beam.seed, row.number, beam.width)))
    running: _Running | None = _begun(stepper, sampler, row)
    finished: list[tuple[float, Drawn]] = []
    for step in range(beam.max_steps):
        if running is None:
            break
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            chosen = _expanded(running, sampler, beam, step, generator)
        running, ended = _advanced(running, chosen, stepper, sampler, row)
        finished += ended
        best = sorted(finished, key=lambda pair: -pair[0])
        finished = best[: beam.width]
        running = _still_in_reach(running, finished, beam.width)
    finished += _cut_off(running, row)
    if not finished:
        raise ConstraintError(
            f"sample {row.number}: the rules that cannot look ahead left the beam no sequence; "
            "give a wider --beam, or loosen one of them"
        )
    finished.sort(key=lambda pair: -pair[0])
    yield from (drawn for _, drawn in finished[: beam.width])


@dataclass(frozen=True, eq=False)
class _Choice:
    """The continuations that are kept."""

    parents: Int[np.ndarray, " W"]
    symbols: Int[np.ndarray, " W"]
    perturbed: Float64[np.ndarray, " W"]
    log_probs: Float64[np.ndarray, " W"]
    sampling_log_probs: Float64[np.ndarray, " W"]
    kept: Float64[np.ndarray, " W"]


def _begun(stepper: Stepper, sampler: Sampler, row: Row) -> _Running:
    logits, state = read(stepper, row.read, row.context)
    memory = sampler.start(1)
    for symbol in row.read[1:]:
        memory = sampler.remember(memory, np.array([symbol]))
    nothing = np.zeros((1, 0))
    return _Running(
        state, memory, logits, np.zeros(1), np.zeros(1), np.zeros((1, 0), dtype=np.int64),
        nothing, nothing, nothing,
    )  # fmt: skip


def _expanded(
    running: _Running, sampler: Sampler, beam: Beam, step: int, generator: np.random.Generator
) -> _Choice:
    remaining = np.full(len(running.symbols), beam.max_steps - step)
    shaped = sampler.shape(running.logits, running.memory, remaining)
    alive = np.flatnonzero(~shaped.is_dead)
    drawn_from = np.full(shaped.logits.shape, -np.inf)
    drawn_from[alive] = categorical_log_probs(shaped.logits[alive])
    totals = running.drawn_nats[:, None] + drawn_from  # [W, V]
    noise = -np.log(-np.log(generator.random(totals.shape)))
    perturbed = _conditioned(totals + noise, running.perturbed)
    flat = perturbed.ravel()
    n_possible = int(np.isfinite(flat).sum())
    best = np.argsort(-flat, kind="stable")[: min(beam.width, n_possible)]
    parents, symbols = np.unravel_index(best, perturbed.shape)
    own = categorical_log_probs(running.logits.astype(np.float64))
    return _Choice(
        parents,
        symbols,
        flat[best],
        own[parents, symbols],
        drawn_from[parents, symbols],
        shaped.kept[parents],
    )


def _conditioned(
    gumbels: Float64[np.ndarray, "W V"], largest: Float64[np.ndarray, " W"]
) -> Float64[np.ndarray, "W V"]:
    """Shift Gumbel variables so that the largest of each row is the one given (appendix B.3)."""
    top = gumbels.max(axis=1, keepdims=True)
    goal = largest[:, None]
    v = goal - gumbels + np.log1p(-np.exp(gumbels - top))
    shifted = goal - np.maximum(v, 0) - np.log1p(np.exp(-np.abs(v)))
    shifted = np.where(gumbels == top, goal, shifted)
    return np.where(np.isfinite(gumbels), shifted, -np.inf)


def _advanced(
    running: _Running, choice: _Choice, stepper: Stepper, sampler: Sampler, row: Row
) -> tuple[_Running | None, list[tuple[float, Drawn]]]:
    grown = _grown(running, choice)
    is_end = choice.symbols == stepper.schema.end
    ended = [_finish(grown, int(k), row, "end") for k in np.flatnonzero(is_end)]
    going = np.flatnonzero(~is_end)
    if len(going) == 0:
        return None, ended
    parents, symbols = choice.parents[going], choice.symbols[going]
    memory = sampler.remember(running.memory.select(parents), symbols)
    hidden, state = stepper.advance(symbols[:, None, None], running.state.select(parents))
    nothing = np.empty((len(going), 1, 0), dtype=np.int64)
    logits = stepper.field(0, hidden, nothing)[:, 0]
    return replace(_taken(grown, going), state=state, memory=memory, logits=logits), ended


def _grown(running: _Running, choice: _Choice) -> _Running:
    """Return the kept continuations; state, memory and logits are still those of the parents."""

    def longer(past: np.ndarray, new: np.ndarray) -> np.ndarray:
        return np.concatenate([past[choice.parents], new[:, None]], axis=1)

    return replace(
        running,
        perturbed=choice.perturbed,
        drawn_nats=running.drawn_nats[choice.parents] + choice.sampling_log_probs,
        symbols=longer(running.symbols, choice.symbols),
        log_probs=longer(running.log_probs, choice.log_probs),
        sampling_log_probs=longer(running.sampling_log_probs, choice.sampling_log_probs),
        kept=longer(running.kept, choice.kept),
    )


def _taken(running: _Running, rows: Int[np.ndarray, " R"]) -> _Running:
    """Keep the account of some sequences."""
    return replace(
        running,
        perturbed=running.perturbed[rows],
        drawn_nats=running.drawn_nats[rows],
        symbols=running.symbols[rows],
        log_probs=running.log_probs[rows],
        sampling_log_probs=running.sampling_log_probs[rows],
        kept=running.kept[rows],
    )


def _still_in_reach(
    running: _Running | None, finished: list[tuple[float, Drawn]], width: int
) -> _Running | None:
    """Leave out what can no longer be among the `width` best: a continuation is never better."""
    if running is None or len(finished) < width:
        return running
    rows = np.flatnonzero(running.perturbed > finished[-1][0])
    if len(rows) == 0:
        return None
    return replace(
        _taken(running, rows),
        state=running.state.select(rows),
        memory=running.memory.select(rows),
        logits=running.logits[rows],
    )


def _cut_off(running: _Running | None, row: Row) -> list[tuple[float, Drawn]]:
    if running is None:
        return []
    return [_finish(running, k, row, "length") for k in range(len(running.symbols))]


def _finish(running: _Running, k: int, row: Row, reason: FinishReason) -> tuple[float, Drawn]:
    drawn = Drawn(
        number=row.number,
        symbols=running.symbols[k],
        log_probs=running.log_probs[k],
        sampling_log_probs=running.sampling_log_probs[k],
        kept=running.kept[k],
        attempt=row.attempt,
        finish_reason=reason,
    )
    return float(running.perturbed[k]), drawn
