"""A drawn sequence as a few lines of blocks, for people who watch a training."""

from collections.abc import Sequence

import numpy as np

from serinette.core.seeds import stream_key
from serinette.decoding.growing_wishes import Wishes
from serinette.kinds.series.codec import SeriesCodec
from serinette.recipes.series.engines import Engine

_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH = 60
_MOST_COLUMNS = 6


def sketch(codec: SeriesCodec, engine: Engine, *, seed: int) -> str:
    """Draw one sequence and picture its columns of numbers, one line a column."""
    keys = np.array([stream_key(seed, 0)], dtype=np.uint64)
    times = codec.clock.start(np.array([0.5]))
    n_rows = min(_WIDTH, codec.lengths[-1]) if not codec.is_single else _WIDTH
    n_rows = min(n_rows, engine.longest(codec) or n_rows)
    told = np.zeros(1, dtype=np.int64)
    wishes = Wishes(times=times, n_rows=np.array([n_rows]), n_told=told, ends=False)
    grown = engine.grow(codec, keys, wishes)
    names = [record.name for record in codec.columns if record.part == "number"]
    lines = []
    for k, name in enumerate(names[:_MOST_COLUMNS]):
        cells = grown.cells[0, :, k]
        lines.append(f"{name} {_numeral(cells)} {spark(cells)}")
    for k, code in enumerate(codec.symbols[: max(0, _MOST_COLUMNS - len(lines))]):
        if codec.symbol_places[k] is None:
            lines.append(f"{code.name} {spark(code.cells(grown.symbols[0, :, k]))}")
    return "  ".join(lines)


def spark(cells: Sequence[float] | np.ndarray) -> str:
    """Picture numbers as blocks between their least and greatest; a missing one is a space."""
    array = np.asarray(cells, dtype=np.float64)
    there = array[~np.isnan(array)]
    if not len(there):
        return ""
    low, high = float(there.min()), float(there.max())
    scaled = (array - low) / (high - low) if high > low else np.full(array.shape, 0.5)
    places = np.nan_to_num(scaled * (len(_BLOCKS) - 1) + 0.5, nan=-1).astype(int)
    return "".join(" " if np.isnan(x) else _BLOCKS[p] for x, p in zip(array, places, strict=True))


def _numeral(cells: np.ndarray) -> str:
    there = cells[~np.isnan(cells)]
    return f"{there.min():.4g}..{there.max():.4g}" if len(there) else "missing"
