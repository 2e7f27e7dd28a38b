"""Look into a model of tables while it reads rows. No torch.

Shape letters: `B` windows, `H` hidden, `N` rows, `S` sequences, `T` rows of a window, `F` fields.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from serinette.artifact.folder import Artifact
from serinette.core.errors import ConfigError, NotFoundError, SerinetteError
from serinette.core.thinning import thinned
from serinette.decoding.fields import FieldsNetwork
from serinette.decoding.fields_reading import block_nats, window_nats
from serinette.explaining.context import ContextCost, Reach, WindowSize, context_costs, reach_of
from serinette.explaining.explanation import CellTrace, Curve, Explanation
from serinette.explaining.fields import RowNetwork, untrained_rows
from serinette.explaining.probes import FEWEST_PLACES, Finding, StateSample, probe
from serinette.kinds.series.codec import SeriesCodec, Steps
from serinette.kinds.series.encoding import Windows, encode_windows
from serinette.kinds.series.fitting import take_apart
from serinette.kinds.series.table import Table
from serinette.kinds.series.traits import series_traits
from serinette.recipes.explain.choosing import chosen_cells
from serinette.recipes.explain.request import ExplainRequest, cells_of
from serinette.recipes.series.engines import AutoregressiveEngine
from serinette.recipes.series.evaluate import table_and_parts
from serinette.recipes.series.generate import OpenedSeries
from serinette.recipes.series.score import table_again

WINDOWS = (
    WindowSize(9, 256, (1, 2, 3, 4, 6, 8)),
    WindowSize(72, 48, (12, 16, 24, 32, 48, 64)),
)
_GRADIENTS = (WindowSize(48, 24, ()), WindowSize(24, 24, ()), WindowSize(12, 24, ()))
"""How far back gradients are followed: as far as the sequences allow."""
_SHOWN_ROWS = 2_000
_MOST_CURVES = 12
_MOST_PROBED = 16_000
_BLOCK = 40
_NUDGE = 1e-2
"""By which an output is moved to see what it does to the prediction."""


class _Sequence(NamedTuple):
    """One sequence, as far as it was read."""

    first: int
    """Its first row in the table."""
    nats: Float[np.ndarray, " N"]
    gates: dict[str, Float[np.ndarray, "N L H"]]
    control: StateSample


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rows:
    """Sequences of a table, as far as they are read, and what happened meanwhile."""

    name: str
    table: Table
    steps: Steps
    numbers: Int[np.ndarray, " N"]
    """Row of the table of each row that was read."""
    ages: Int[np.ndarray, " N"]
    """How many rows of its sequence were read before."""
    lasts: Int[np.ndarray, " N"]
    """Last row of its sequence that was read."""
    nats: Float[np.ndarray, " N"]
    gates: dict[str, Float[np.ndarray, "N L H"]]
    control: StateSample


def explain_series(artifact: Artifact, source: str | None, request: ExplainRequest) -> Explanation:
    """Look into a model while it reads a table.

    Args:
        artifact: The model.
        source: A file; None: what was held out of the training.
        request: What is wanted.

    Raises:
        ConfigError: If a cell is asked for that there is not, or the engine has no such network.
        NotFoundError: If there is no table.
        DataError: If it does not fit the model.
    """
    opened = OpenedSeries(artifact)
    engine = opened.engine
    if not isinstance(engine, AutoregressiveEngine):
        raise ConfigError(
            f"explain: {artifact.folder} has the {engine.name} engine, which writes whole windows; "
            "train with --engine autoregressive"
        )
    config = artifact.model_config
    asked = cells_of(request.cells, config.n_layers, config.hidden_size)
    read = _read(opened, engine.network, source, request)
    findings: list[Finding] = []
    about: dict[str, Any] = {}
    notes: list[str] = []
    if not request.is_quick and len(read.nats) < FEWEST_PLACES:
        notes.append(f"cells are not looked for: {len(read.nats):,} rows are too few")
    elif not request.is_quick:
        findings = _findings(read)
        about = {
            "probed": f"{read.name}, {len(read.nats):,} rows",
            "full_bits": float(read.nats.mean() / math.log(2)),
            "costs": _costs(opened.codec, engine.network, read),
            "reach": _reach(artifact, opened.codec, engine.network, read),
        }
    shown = slice(0, min(request.shown, _SHOWN_ROWS))
    return Explanation(
        subject=artifact.name,
        unit="row",
        pieces=_row_names(read.table, read.numbers[shown]),
        starts=tuple(np.flatnonzero(read.ages[shown] == 0).tolist()),
        nats=read.nats[shown],
        alternatives=(),
        bits_per_symbol=float(read.nats.mean() / math.log(2)),
        n_symbols=len(read.nats),
        curves=_curves(read.table, read.numbers[shown]),
        cells=tuple(
            CellTrace(
                cell=cell,
                why=why,
                is_asked=cell in asked,
                values={
                    name: values[shown, cell.layer, cell.number]
                    for name, values in read.gates.items()
                },
            )
            for cell, why in chosen_cells(asked, findings, request.n_cells)
        ),
        findings=tuple(findings),
        notes=tuple(notes),
        **about,
    )


def _read(
    opened: OpenedSeries, network: FieldsNetwork, source: str | None, request: ExplainRequest
) -> _Rows:
    artifact, codec = opened.artifact, opened.codec
    table, firsts, lengths, name = _sequences(opened, source)
    steps = take_apart(codec, table)
    rows = RowNetwork(artifact.weights(), artifact.model_config)
    control = untrained_rows(artifact.model_config, artifact.schema)
    done: list[_Sequence] = []
    left = request.limit
    for first, length in zip(firsts.tolist(), lengths.tolist(), strict=True):
        n = min(length, left)
        if n <= 0:
            break
        windows = encode_windows(codec, steps, np.array([first]), max(2, n))
        n = min(n, windows.numbers.shape[1])  # without an end nothing is read of the last row
        nats = window_nats(network, windows)[0, :n]
        gates, blank = _traced(rows, windows, n), _traced(control, windows, n)
        done.append(_Sequence(first, nats, gates, StateSample(blank["h"], blank["c"])))
        left -= n
    ages = [np.arange(len(one.nats)) for one in done]
    return _Rows(
        name=name,
        table=table,
        steps=steps,
        numbers=np.concatenate([one.first + age for one, age in zip(done, ages, strict=True)]),
        ages=np.concatenate(ages),
        lasts=np.repeat(
            [one.first + len(one.nats) - 1 for one in done], [len(one.nats) for one in done]
        ),
        nats=np.concatenate([one.nats for one in done]),
        gates={key: np.concatenate([one.gates[key] for one in done]) for key in "ifgoch"},
        control=StateSample(
            np.concatenate([one.control.h for one in done]),
            np.concatenate([one.control.c for one in done]),
        ),
    )


def _sequences(
    opened: OpenedSeries, source: str | None
) -> tuple[Table, Int[np.ndarray, " S"], Int[np.ndarray, " S"], str]:
    """Return the table, where its sequences begin, their lengths, and what to call them."""
    if source is not None:
        table = table_again(opened.artifact, opened.codec, (Path(source),))
        return table, table.starts[:-1], np.diff(table.starts), Path(source).name
    try:
        table, parts = table_and_parts(opened, ())
    except SerinetteError as error:
        raise type(error)(f"{error}; or give a table to explain") from error
    held = np.concatenate([parts.test, parts.validation])
    if len(held) == 0:
        raise NotFoundError("the training held nothing out; give a table to explain")
    firsts, lengths = parts.starts[:-1][held], np.diff(parts.starts)[held]
    return table, firsts, lengths, "the model's own held-out rows"


def _traced(network: RowNetwork, windows: Windows, n: int) -> dict[str, Float[np.ndarray, "N L H"]]:
    """Return gates and states after each row of one sequence."""
    traces = network.forward(network.inputs(windows.numbers, windows.symbols, windows.context))
    return {
        name: np.stack([getattr(trace, name)[0, :n] for trace in traces], axis=1)
        for name in "ifgoch"
    }


def _findings(read: _Rows) -> list[Finding]:
    places = thinned(np.arange(len(read.nats)), _MOST_PROBED)
    blocks = read.lasts * 1_000_003 + read.ages // _BLOCK
    return probe(
        StateSample(read.gates["h"][places], read.gates["c"][places]),
        series_traits(read.table, read.numbers[places], read.ages[places]),
        StateSample(read.control.h[places], read.control.c[places]),
        blocks[places],
    )


def _window_rows(read: _Rows, size: WindowSize) -> Int[np.ndarray, " B"]:
    """Return the places, among the rows that were read, where windows begin."""
    fits = (read.ages > 0) & (read.numbers + size.n_steps <= read.lasts)
    found: Int[np.ndarray, " B"] = thinned(np.flatnonzero(fits), size.n_windows)
    return found


def _costs(codec: SeriesCodec, network: FieldsNetwork, read: _Rows) -> tuple[ContextCost, ...]:
    costs: list[ContextCost] = []
    for size in WINDOWS:
        places = _window_rows(read, size)
        if len(places) < 2:  # noqa: PLR2004 - an average of one has no interval
            continue
        windows = encode_windows(codec, read.steps, read.numbers[places], size.n_steps + 1)
        after = np.arange(1, size.n_steps + 1)
        excess = window_nats(network, windows)[:, after] - read.nats[places[:, None] + after]
        costs += context_costs(size, excess, read.numbers[places] // _BLOCK)
    return tuple(costs)


def _reach(
    artifact: Artifact, codec: SeriesCodec, network: FieldsNetwork, read: _Rows
) -> Reach | None:
    """Follow the gradient of some predictions back to the rows; windows begin empty."""
    fitting = [size for size in _GRADIENTS if len(_window_rows(read, size))]
    if not fitting:
        return None
    n = fitting[0].n_steps
    places = _window_rows(read, fitting[0])
    windows = encode_windows(codec, read.steps, read.numbers[places], n + 1)
    rows = RowNetwork(artifact.weights(), artifact.model_config, dtype=np.float64)
    inputs = rows.inputs(windows.numbers, windows.symbols, windows.context)[:, :n]
    traces = rows.forward(inputs)
    d_last = _output_gradient(network, windows, traces[-1].h[:, -1], n - 1)
    return reach_of(np.linalg.norm(rows.input_gradients(traces, d_last), axis=-1))


def _output_gradient(
    network: FieldsNetwork, windows: Windows, hidden: Float[np.ndarray, "B H"], t: int
) -> Float[np.ndarray, "B H"]:
    """Return the derivative of -log p of the row after t by the LSTM's output: central differences.

    The heads are a few small layers: twice as many runs of them as there are outputs cost little.
    """
    size = hidden.shape[1]
    nudges = np.concatenate([np.eye(size), -np.eye(size)]) * _NUDGE
    found = np.empty(hidden.shape)
    for k, row in enumerate(hidden):
        choices = np.repeat(windows.choices[k : k + 1, t], 2 * size, axis=0)
        values = np.repeat(windows.values[k : k + 1, t], 2 * size, axis=0)
        nats = block_nats(network.following, row + nudges, choices, values)
        nats = (nats * windows.counts[k, t]).sum(1)
        found[k] = (nats[:size] - nats[size:]) / (2 * _NUDGE)
    return found


def _curves(table: Table, rows: Int[np.ndarray, " N"]) -> tuple[Curve, ...]:
    told = [column for column in table.stepwise if column.name != table.time]
    return tuple(
        Curve(name=column.name, values=np.asarray(column.values, dtype=np.float64)[rows])
        for column in told[:_MOST_CURVES]
    )


def _row_names(table: Table, rows: Int[np.ndarray, " N"]) -> tuple[str, ...]:
    """Return when each row is, or its number from 1 on."""
    if table.time is None or table.column(table.time).type != "datetime":
        return tuple(f"row {row + 1}" for row in rows.tolist())
    times = np.asarray(table.column(table.time).values)[rows].astype("datetime64[s]")
    return tuple(str(time).replace("T", " ") for time in times)
