"""Writes sequences with a trained engine of whole windows: features become rows of a table.

What a sequence holds depends on the model, the seed and the sequence's number alone. Every row
goes through the codec as a drawn row of the other engine does: rounded, clipped, put right by the
relations.

Shape letters: `N` sequences, `T` rows, `F` features, `V` value columns, `K` symbol columns, `O`
fields of the opening, `C` static symbols, `S` symbols of a column.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int, UInt64

from serinette.core.schema import Schema
from serinette.core.seeds import mix, uniforms
from serinette.decoding.growing import Grown, grown_of, row_of
from serinette.decoding.growing_wishes import Wishes
from serinette.decoding.latent_decoder import lengths_of, n_uniforms, normal_noise
from serinette.decoding.window_decoders import WindowDecoder
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.encoding import opened
from serinette.kinds.series.unrolling import Unrolling
from serinette.kinds.series.whole_windows import (
    fact_sizes,
    feature_places,
    missing_cells,
    window_context,
)
from serinette.nets.latent_config import FACTS

_FACTS_U, _END_U, _STEP_U = 0, 1, 2
"""Places of uniform numbers in a stream, after those of the noise."""
_SELDOM = 1e-9
"""Added to the share of every combination of facts: one that never stood can be asked for."""


class WindowNetwork:
    """What turns noise into windows, and how often static symbols stand together.

    Args:
        decoder: Trained.
        weights: Of the artifact.
        schema: From `kinds.series.whole_windows.window_schema`.
    """

    def __init__(
        self, decoder: WindowDecoder, weights: Mapping[str, np.ndarray], schema: Schema
    ) -> None:
        self.decoder = decoder
        self.schema = schema
        self.fact_shares: Float32[np.ndarray, " P"] | None = weights.get(FACTS)


def write_windows(
    network: WindowNetwork, codec: SeriesCodec, keys: UInt64[np.ndarray, " N"], wishes: Wishes
) -> Grown:
    """Write one sequence a key.

    Args:
        network: Trained.
        codec: That belongs to it.
        keys: From `core.seeds.stream_keys`.
        wishes: What is settled: times, rows at most, static symbols; nothing else. The temperature
            widens the noise.
    """
    n, decoder = len(keys), network.decoder
    begin = np.full(n, n_uniforms(decoder.n_noise))
    places = feature_places(codec)
    n_drawn = len(places.missing) + len(places.symbols)
    n_rows = int(wishes.n_rows.max())
    u = uniforms(keys, begin, _STEP_U + n_rows * n_drawn)
    facts = _facts(network, codec, u[_FACTS_U], wishes)
    temperature = np.float32(wishes.temperature)
    noise = normal_noise(keys, decoder.n_noise) * temperature
    row_noise = None
    if decoder.n_row_noise:
        # A stream of its own: what else is drawn stands where it stands without it.
        numbers = normal_noise(mix(keys), (1 + n_rows) * decoder.n_row_noise)
        row_noise = numbers.reshape(n, 1 + n_rows, decoder.n_row_noise) * temperature
    context = window_context(codec, facts, wishes.times)
    written = decoder.draw(noise, context, n_rows, row_noise)
    lengths = wishes.n_rows
    if written.end_chances is not None and wishes.ends:
        lengths = np.minimum(lengths, lengths_of(written.end_chances, u[_END_U]))
    windows = FeatureWindows(
        values=written.values, lengths=lengths, facts=facts, times=wishes.times, u=u[_STEP_U:]
    )
    return rows_of(codec, windows)


class FeatureWindows(NamedTuple):
    """Windows as features, and what else decides their rows."""

    values: Float32[np.ndarray, "N T F"]
    lengths: Int[np.ndarray, " N"]
    facts: Int[np.ndarray, "N C"]
    """Static symbols."""
    times: Float[np.ndarray, " N"]
    """Of the first rows, in seconds."""
    u: Float[np.ndarray, "U N"]
    """In [0, 1): what cells are missing and which symbols are drawn by, row by row."""


def rows_of(codec: SeriesCodec, windows: FeatureWindows) -> Grown:
    """Turn features of whole windows into rows; `whole_windows` undone.

    Args:
        codec: Fitted.
        windows: Features in the order of `kinds.series.whole_windows`.
    """
    places = feature_places(codec)
    n_drawn = len(places.missing) + len(places.symbols)
    unrolling = Unrolling(codec, windows.times.copy())
    rows = []
    for t in range(int(windows.lengths.max(initial=1))):
        row = windows.values[:, t].astype(np.float64)
        _add_row(codec, unrolling, row, windows.u[t * n_drawn :][:n_drawn], windows.facts)
        rows.append(row_of(unrolling))
    return grown_of(unrolling, rows, windows.lengths)


def _facts(
    network: WindowNetwork, codec: SeriesCodec, u: Float[np.ndarray, " N"], wishes: Wishes
) -> Int[np.ndarray, "N C"]:
    """Return static symbols: as given, the others drawn as often as they stand beside these."""
    if network.fact_shares is None:
        return np.zeros((len(u), 0), dtype=np.int64)
    sizes = fact_sizes(codec)
    table = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)  # [P, C]
    shares = np.tile(network.fact_shares.astype(np.float64) + _SELDOM, (len(u), 1))  # [N, P]
    for k, given in wishes.opening.items():
        shares = np.where(table[:, k] == given[:, None], shares, 0.0)
    below = np.cumsum(shares, axis=1)
    chosen = (below <= u[:, None] * below[:, -1:]).sum(1)
    facts: Int[np.ndarray, "N C"] = table[np.minimum(chosen, len(table) - 1)]
    return facts


def _add_row(
    codec: SeriesCodec,
    unrolling: Unrolling,
    row: Float[np.ndarray, "N F"],
    u: Float[np.ndarray, "U N"],
    facts: Int[np.ndarray, "N C"],
) -> None:
    """Put a row of features after those that are there."""
    places = feature_places(codec)
    n_flags, n_values = len(places.missing), len(codec.values)
    levels = np.where(missing_cells(codec, row, u[:n_flags]), np.nan, row[:, :n_values])
    symbols = [
        _symbol(row[:, place], one) for place, one in zip(places.symbols, u[n_flags:], strict=True)
    ]
    if unrolling.n_rows == 0:
        unrolling.open(*_opening(codec, facts, row[:, places.statics], symbols, levels))
        return
    steps = [(symbol, np.zeros(len(row))) for symbol in symbols]
    steps += [unrolling.place(k, code.value(levels[:, k])) for k, code in enumerate(codec.values)]
    if codec.has_end:
        steps.insert(0, (np.zeros(len(row), dtype=np.int64), np.zeros(len(row))))
    choices, values = (np.stack(part, axis=1) for part in zip(*steps, strict=True))
    unrolling.push(choices, values)


def _symbol(chances: Float[np.ndarray, "N S"], u: Float[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    """Draw a symbol; what was written for it is its chance, which may be a little off 0 and 1."""
    below = np.cumsum(np.clip(chances, 1e-6, None), axis=1)
    drawn: Int[np.ndarray, " N"] = (below[:, :-1] <= u[:, None] * below[:, -1:]).sum(1)
    return drawn


def _opening(
    codec: SeriesCodec,
    facts: Int[np.ndarray, "N C"],
    statics: Float[np.ndarray, "N M"],
    symbols: list[Int[np.ndarray, " N"]],
    levels: Float[np.ndarray, "N V"],
) -> tuple[Int[np.ndarray, "N O"], Float[np.ndarray, "N O"]]:
    """Return choices and values of the codec's opening that put the first row where it is."""
    n = len(facts)
    none = np.zeros(n)
    fields = [(facts[:, k], none) for k in range(facts.shape[1])]
    for code, level in zip(codec.static_values, statics.T, strict=True):
        fields.append((np.full(n, code.n_atoms), level))
    fields += [(symbol, none) for symbol in symbols]
    for code, level in zip(codec.values, levels.T, strict=True):
        if not code.has_opening:
            continue
        fields.append(opened(code, level)[:2])
        if code.mode == "curve":
            fields.append((np.zeros(n, dtype=np.int64), none))  # places are given: no pace needed
    if not fields:
        return np.zeros((n, 0), dtype=np.int64), np.zeros((n, 0))
    choices, values = (np.stack(part, axis=1) for part in zip(*fields, strict=True))
    return choices.astype(np.int64), values
