"""Look into a model of symbols while it reads. No torch: step graph, and equations in NumPy.

Shape letters: `B` and `P` predictions, `N` states, `T` steps, `W` windows.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from serinette.artifact.folder import Artifact
from serinette.core.cores import available_threads
from serinette.core.errors import SerinetteError
from serinette.core.thinning import thinned
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.states import States, Wanted, read_states
from serinette.evaluation.score import unknown_nats
from serinette.explaining.explanation import Alternative, CellTrace, Explanation
from serinette.explaining.network import SymbolNetwork
from serinette.explaining.probes import FEWEST_PLACES, Cell, Finding, StateSample, probe
from serinette.kinds.kind import Codec
from serinette.kinds.table import find_kind
from serinette.nets.config import predicted_symbols
from serinette.recipes.explain.choosing import chosen_cells
from serinette.recipes.explain.looking import (
    cell_values,
    context_curve,
    gradient_places,
    reach,
    untrained_states,
)
from serinette.recipes.explain.material import Passage, given_text, held_out_text
from serinette.recipes.explain.request import ExplainRequest, cells_of

_PROBED_WINDOWS, _PROBED_STEPS = 64, 250
"""Stretches of text, spread evenly, whose states cells are chosen and measured on."""
_FEWEST_TO_PROBE = 10_000
"""Symbols of a given text below which the model's own held-out text is probed instead."""
_LEFT_FOR_PROBING = 40_000
"""Symbols of that text which are read."""
_END = "end"


class _Read(NamedTuple):
    """A passage and what the network made of it."""

    passage: Passage
    states: States
    kept: Int[np.ndarray, " N"]
    """The predictions whose states were kept."""
    n_shown: int
    """Items that are shown."""

    def sample(self, predictions: Int[np.ndarray, " B"]) -> StateSample:
        """Return the states that make some predictions."""
        rows = np.searchsorted(self.kept, predictions)
        return StateSample(self.states.h[rows], self.states.c[rows])


def explain_symbols(artifact: Artifact, text: str | None, request: ExplainRequest) -> Explanation:
    """Look into a model while it reads a text.

    Args:
        artifact: The model.
        text: A file, `-` for standard input, or the text itself; None: what it held out.
        request: What is wanted.

    Raises:
        ConfigError: If a cell is asked for that there is not.
        NotFoundError: If there is no text.
        DataError: If the text cannot be read.
    """
    codec = find_kind(artifact.kind).codec_from_json(artifact.codec)
    config = artifact.model_config
    asked = cells_of(request.cells, config.n_layers, config.hidden_size)
    stepper = OnnxStepper(artifact.graph(), artifact.schema, available_threads())
    passage, probed, notes = _texts(artifact, codec, text, request)
    is_same = passage is probed
    read = _read(stepper, passage, request, shown=request.shown, for_probing=is_same)
    findings: list[Finding] = []
    about: dict[str, Any] = {}
    if probed is not None:
        other = read if is_same else _read(stepper, probed, request, shown=0, for_probing=True)
        findings = _findings(artifact, other)
        about = _context(artifact, stepper, other)
    chosen = chosen_cells(asked, findings, request.n_cells)
    return Explanation(
        subject=artifact.name,
        unit=artifact.schema.fields[0].name,
        cells=_traces(artifact, read, chosen, asked),
        findings=tuple(findings),
        notes=tuple(notes),
        **_shown(codec, read),
        **about,
    )


def _context(artifact: Artifact, stepper: OnnxStepper, read: _Read) -> dict[str, Any]:
    passage, nats = read.passage, read.states.nats
    places = gradient_places(passage)[:, 3] - 1
    return {
        "probed": f"{passage.name}, {passage.n_items:,} symbols",
        "costs": context_curve(stepper, passage, nats),
        "full_bits": float(nats.mean() / np.log(2)),
        "reach": reach(artifact, passage, read.sample(places)) if len(places) else None,
    }


def _texts(
    artifact: Artifact, codec: Codec, text: str | None, request: ExplainRequest
) -> tuple[Passage, Passage | None, list[str]]:
    """Return the text that is shown, the one that is probed, and remarks."""
    if text is None:
        own = held_out_text(artifact, codec, request.limit)
        if isinstance(own, SerinetteError):
            raise type(own)(f"{own}; give a text to explain")
        return own, None if request.is_quick or own.n_items < FEWEST_PLACES else own, []
    passage = given_text(artifact, text, codec, request.limit)
    if request.is_quick:
        return passage, None, []
    if passage.n_items >= _FEWEST_TO_PROBE:
        return passage, passage, []
    own = held_out_text(artifact, codec, min(request.limit, _LEFT_FOR_PROBING))
    if isinstance(own, SerinetteError):
        note = f"cells are not looked for: the text is short, and of the model's own {own}"
        return passage, None, [note]
    if own.n_items < FEWEST_PLACES:
        return passage, None, ["cells are not looked for: there is too little text"]
    return passage, own, []


def _read(
    stepper: OnnxStepper,
    passage: Passage,
    request: ExplainRequest,
    *,
    shown: int,
    for_probing: bool,
) -> _Read:
    places = passage.predictions[:shown]
    wanted = [places, places + 1]
    if for_probing:
        wanted.append(_probed(passage)[0].ravel())
        wanted.append(gradient_places(passage)[:, 3] - 1)
    kept = np.unique(np.concatenate(wanted))
    n_ranked = int(places[-1]) + 1 if len(places) else 0
    keep = Wanted(states=kept, n_alternatives=request.top, n_shown=n_ranked)
    states = read_states(stepper, passage.symbols, passage.contexts, keep)
    return _Read(passage, states, kept, len(places))


def _probed(passage: Passage) -> tuple[Int[np.ndarray, "W T"], Int[np.ndarray, "W T"]]:
    """Return predictions of windows spread over the text, and the item that was read before each.

    Where a sequence opens there is no such item: -1.
    """
    n_windows = passage.n_predictions // _PROBED_STEPS
    firsts = thinned(np.arange(n_windows) * _PROBED_STEPS, _PROBED_WINDOWS)
    places = firsts[:, None] + np.arange(_PROBED_STEPS)
    items = np.full(passage.n_predictions, -1)
    items[passage.predictions + 1] = np.arange(passage.n_items)
    return places, items[places]


def _findings(artifact: Artifact, read: _Read) -> list[Finding]:
    places, items = _probed(read.passage)
    is_read = items.ravel() >= 0
    windows = np.repeat(np.arange(len(places)), _PROBED_STEPS)
    control = untrained_states(artifact, read.passage, places[:, 0], _PROBED_STEPS)
    return probe(
        read.sample(places.ravel()[is_read]),
        read.passage.traits_at(items.ravel()[is_read]),
        StateSample(control.h[is_read], control.c[is_read]),
        windows[is_read],
    )


def _traces(
    artifact: Artifact, read: _Read, cells: Sequence[tuple[Cell, str]], asked: Sequence[Cell]
) -> tuple[CellTrace, ...]:
    network = SymbolNetwork(artifact.weights(), artifact.model_config, artifact.schema)
    passage = read.passage
    places = passage.predictions[: read.n_shown]
    symbols, contexts = passage.stream()
    embedded = network.embed(symbols[places + 1, None], contexts[places + 1])[:, 0]
    before, after = read.sample(places), read.sample(places + 1)
    return tuple(
        CellTrace(
            cell=cell,
            why=why,
            is_asked=cell in asked,
            values=cell_values(network, cell, embedded, before, after),
        )
        for cell, why in cells
    )


def _shown(codec: Codec, read: _Read) -> dict[str, Any]:
    passage, states = read.passage, read.states
    places = passage.predictions[: read.n_shown]
    numbers = passage.sequence_numbers[: read.n_shown]
    pieces = [piece for several in passage.pieces for piece in several][: read.n_shown]
    names = _Names(codec)
    nats = _named_nats(codec, read)
    alternatives = [
        tuple(
            Alternative(text=names[symbol], probability=chance)
            for symbol, chance in zip(row.tolist(), chances.tolist(), strict=True)
        )
        for row, chances in zip(states.alternatives[places], states.chances[places], strict=True)
    ]
    return {
        "pieces": tuple(pieces),
        "starts": tuple(np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()),
        "nats": nats[places],
        "alternatives": tuple(alternatives),
        "bits_per_symbol": float(nats.mean() / np.log(2)),
        "n_symbols": len(nats),
    }


def _named_nats(codec: Codec, read: _Read) -> Float[np.ndarray, " P"]:
    """Return -log p with the naming of characters that the vocabulary lacks, as `score` does."""
    (field,) = predicted_symbols(codec.schema)
    came = np.concatenate([symbols[1:] for symbols in read.passage.symbols])
    nats: Float[np.ndarray, " P"] = read.states.nats.copy()
    nats[came == field.missing] += unknown_nats(field.size)
    return nats


class _Names(dict[int, str]):
    """What each symbol writes; `end` by its name."""

    def __init__(self, codec: Codec) -> None:
        super().__init__()
        self._codec = codec

    def __missing__(self, symbol: int) -> str:
        name = self._codec.decode(np.array([[symbol]]))
        self[symbol] = name or (_END if symbol == self._codec.schema.end else f"#{symbol}")
        return self[symbol]
