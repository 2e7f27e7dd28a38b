"""`train --dry-run` of a table: what would happen, with windows as the network would read them."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from serinette.core.cores import available_threads
from serinette.core.seeds import derive
from serinette.decoding.growing import grown_of, row_of
from serinette.kinds.series.encoding import encode_windows
from serinette.kinds.series.unrolling import Unrolling
from serinette.kinds.series.whole_windows import window_schema
from serinette.kinds.series.writer import spell
from serinette.nets.networks import n_parameters
from serinette.recipes.fit.dry_run import BASE_BYTES
from serinette.recipes.requests import DryRun
from serinette.recipes.series.begin import SeriesPlan
from serinette.recipes.series.engine_config import SECTIONS
from serinette.recipes.series.plan import seconds_per_update
from serinette.recipes.series.prepare import PreparedSeries
from serinette.recipes.series.written import as_table

_N_BATCHES, _N_WINDOWS, _N_ROWS = 3, 4, 3
_PLACE = 31


def describe_plan(plan: SeriesPlan) -> DryRun:
    """Return the estimates of a plan, and some windows, encoded and decoded again."""
    prepared, settings = plan.prepared, plan.settings
    training, sizes = settings.groups["training"], settings.groups["model"]
    if plan.choice.plan in SECTIONS:
        own = settings.groups[SECTIONS[plan.choice.plan]]
        parameters = n_parameters(plan.choice.plan, own, window_schema(prepared.codec))
        seconds = plan.choice.latent_seconds or 0.0
    else:
        schema = prepared.codec.schema(sizes.parts, sizes.opening_parts)
        parameters = n_parameters("fields", sizes, schema)
        seconds = plan.train_seconds or training.updates * seconds_per_update(
            prepared, sizes, training, available_threads()
        )
    width = 12 * sizes.hidden_size * sizes.n_layers + 40 * len(prepared.codec.parallel_values)
    steps = training.n_rows * prepared.codec.window
    return DryRun(
        parameters=parameters,
        memory_bytes=BASE_BYTES + 32 * parameters + 4 * steps * width,
        seconds=seconds,
        decoded_batches=tuple(_decoded(prepared, training.seed)),
        summary=plan.summary,
        resolved=settings,
    )


def _decoded(prepared: PreparedSeries, seed: int) -> Iterator[tuple[str, ...]]:
    codec, steps, training = prepared.codec, prepared.steps, prepared.parts.train
    generator = np.random.Generator(np.random.Philox(derive(seed, _PLACE)))
    for _ in range(_N_BATCHES):
        chosen = generator.choice(training, size=min(_N_WINDOWS, len(training)), replace=False)
        last = np.maximum(steps.starts[chosen + 1] - codec.window, steps.starts[chosen])
        first = generator.integers(steps.starts[chosen], last + 1)
        yield tuple(_told(prepared, first))


def _told(prepared: PreparedSeries, first: Int[np.ndarray, " B"]) -> Iterator[str]:
    """Yield the first rows of each window, from what the network would be asked for."""
    codec, steps = prepared.codec, prepared.steps
    windows = encode_windows(codec, steps, first, _N_ROWS)
    unrolling = Unrolling(codec, steps.times[first])
    unrolling.open(windows.opening_choices, windows.opening_values.astype(np.float64))
    rows = [row_of(unrolling)]
    for t in range(_N_ROWS - 1):
        unrolling.push(windows.choices[:, t], windows.values[:, t].astype(np.float64))
        rows.append(row_of(unrolling))
    stops = steps.starts[np.searchsorted(steps.starts, first, side="right")]
    table = as_table(codec, grown_of(unrolling, rows, np.minimum(stops - first, _N_ROWS)))
    columns = [column for column in table.columns if column.name not in table.entity]
    spelt = [spell(column, np.asarray(column.values)) for column in columns]
    lines = [
        ", ".join(f"{column.name} {cell}" for column, cell in zip(columns, row, strict=True))
        for row in zip(*spelt, strict=True)
    ]
    for begin, stop in zip(table.starts[:-1], table.starts[1:], strict=True):
        yield " | ".join(lines[begin:stop])
