"""What is worked out of states and weights: gates of a cell, controls, contexts, gradients.

Shape letters: `B` rows, `C` context fields, `E` embedding, `H` hidden, `I` items, `L` layers,
`N` places, `P` predictions, `T` steps, `W` windows.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from serinette.artifact.folder import Artifact
from serinette.core.distributions import categorical_log_prob
from serinette.core.thinning import thinned
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.explaining.context import (
    WINDOWS,
    ContextCost,
    Reach,
    WindowSize,
    context_costs,
    reach_of,
)
from serinette.explaining.network import SymbolNetwork, untrained
from serinette.explaining.probes import Cell, StateSample
from serinette.primer.cell import LSTMWeights, State, step
from serinette.recipes.explain.material import Passage

_ROWS = 64
_BLOCK = 1_000
_UNTRAINED_WARM_UP = 64


def cell_values(
    network: SymbolNetwork,
    cell: Cell,
    embedded: Float[np.ndarray, "N E"],
    before: StateSample,
    after: StateSample,
) -> Mapping[str, Float[np.ndarray, " N"]]:
    """Return the gates, candidate and states of one cell at every place.

    Args:
        network: The weights.
        cell: Which.
        embedded: What the bottom layer read there.
        before: States before it was read.
        after: And after it.
    """
    weights = network.layers[cell.layer]
    rows = cell.number + network.config.hidden_size * np.arange(4)
    one = LSTMWeights(weights.weight_ih[rows], weights.weight_hh[rows], weights.bias[rows])
    x = network.layer_input(cell.layer, embedded, after.h)
    state = State(before.h[:, cell.layer], before.c[:, cell.layer, cell.number, None])
    found = step(one, x, state)
    return {name: values[:, 0] for name, values in zip("ifgoch", found, strict=True)}


def untrained_states(
    artifact: Artifact,
    passage: Passage,
    firsts: Int[np.ndarray, " W"],
    n_steps: int,
) -> StateSample:
    """Return the states of a network of the same sizes that was never trained.

    Such a network forgets within a few dozen symbols, so a window begins with an empty memory that
    many before its first place, and reads on over the border of two sequences.

    Args:
        artifact: The model.
        passage: What is read.
        firsts: First prediction of each window.
        n_steps: Predictions of a window.
    """
    config, schema = artifact.model_config, artifact.schema
    network = SymbolNetwork(untrained(config, schema), config, schema)
    places = np.maximum(firsts[:, None] + np.arange(-_UNTRAINED_WARM_UP, n_steps), 0)
    read, contexts = passage.stream()
    flat = network.embed(read[places.ravel(), None], contexts[places.ravel()])
    embedded = flat.reshape(*places.shape, -1)
    traces = network.forward(embedded, network.empty(len(firsts))).traces
    h, c = (
        np.stack([getattr(trace, name)[:, _UNTRAINED_WARM_UP:] for trace in traces], axis=2)
        for name in "hc"
    )  # [W, T, L, H]
    return StateSample(h.reshape(-1, *h.shape[2:]), c.reshape(-1, *c.shape[2:]))


def context_curve(
    stepper: OnnxStepper, passage: Passage, nats: Float[np.ndarray, " P"]
) -> tuple[ContextCost, ...]:
    """Measure what shorter contexts cost.

    Windows begin inside a sequence with an empty memory. Sequences shorter than a window have
    none, so the curve ends where no sequence is longer.

    Args:
        stepper: The network.
        passage: What is read.
        nats: -log p of each symbol with all that came before.
    """
    costs: list[ContextCost] = []
    for size in WINDOWS:
        places = window_places(passage, size)
        if len(places) > 1:
            excess = _excess(stepper, passage, nats, size, places)
            costs += context_costs(size, excess, places[:, 2] // _BLOCK)
    return tuple(costs)


def window_places(passage: Passage, size: WindowSize) -> Int[np.ndarray, "W 3"]:
    """Return sequence, first symbol and first prediction of windows, spread evenly."""
    found, place = [], 0
    for number, sequence in enumerate(passage.symbols):
        firsts = np.arange(1, len(sequence) - size.n_steps)
        found.append(np.stack([np.full(len(firsts), number), firsts, place + firsts], axis=1))
        place += len(sequence) - 1
    apart: Int[np.ndarray, "W 3"] = thinned(np.concatenate(found), size.n_windows)
    return apart


def _symbols(
    passage: Passage, places: Int[np.ndarray, "W 3"], n_steps: int
) -> Int[np.ndarray, "W T"]:
    """Return the symbols of windows, and the one after each."""
    spans = np.arange(n_steps + 1)
    return np.stack([passage.symbols[n][first + spans] for n, first, _ in places.tolist()])


def _excess(
    stepper: OnnxStepper,
    passage: Passage,
    nats: Float[np.ndarray, " P"],
    size: WindowSize,
    places: Int[np.ndarray, "W 3"],
) -> Float[np.ndarray, "W T"]:
    symbols = _symbols(passage, places, size.n_steps)
    excess = -nats[places[:, 2:] + np.arange(size.n_steps)]
    for first in range(0, len(places), _ROWS):
        rows = slice(first, first + _ROWS)
        state = stepper.start(passage.contexts[places[rows, 0]])
        for t in range(size.n_steps):
            logits, state = stepper.advance(symbols[rows, t : t + 1, None], state)
            excess[rows, t] -= categorical_log_prob(logits[:, 0], symbols[rows, t + 1])
    return excess


_GRADIENTS = tuple(WindowSize(n_steps, 32, ()) for n_steps in (100, 48, 24, 12))
"""Predictions whose gradient is followed back, and how far: as far as sequences allow."""


def gradient_places(passage: Passage) -> Int[np.ndarray, "W 4"]:
    """Return steps, sequence, first symbol and first prediction of the windows of `reach`."""
    for size in _GRADIENTS:
        places = window_places(passage, size)
        if len(places):
            return np.insert(places, 0, size.n_steps, axis=1)
    return np.zeros((0, 4), dtype=np.int64)


def reach(artifact: Artifact, passage: Passage, before: StateSample) -> Reach:
    """Follow the gradient of some predictions back.

    Args:
        artifact: The model.
        passage: What is read.
        before: States that the windows of `gradient_places` begin with: their true past.
    """
    windows = gradient_places(passage)
    n_steps, places = int(windows[0, 0]), windows[:, 1:]
    network = SymbolNetwork(
        artifact.weights(), artifact.model_config, artifact.schema, dtype=np.float64
    )
    symbols = _symbols(passage, places, n_steps)
    starts = [
        State(before.h[:, k].astype(np.float64), before.c[:, k].astype(np.float64))
        for k in range(artifact.model_config.n_layers)
    ]
    way = network.forward(network.embed(symbols[:, :-1], passage.contexts[places[:, 0]]), starts)
    gradients = network.input_gradients(way, symbols[:, -1])
    return reach_of(np.linalg.norm(gradients, axis=-1))
