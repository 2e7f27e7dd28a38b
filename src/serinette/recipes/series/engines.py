"""The engines that write tables: one that draws row after row, one that writes whole windows.

The network that an artifact names says which engine it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt64

from serinette.artifact.folder import Artifact
from serinette.core.errors import ArtifactError
from serinette.core.manifest import REMEDY
from serinette.core.schema import Schema
from serinette.decoding.fields import FieldsNetwork
from serinette.decoding.growing import Grown, grow
from serinette.decoding.growing_wishes import Wishes
from serinette.decoding.latent_decoder import LatentDecoder
from serinette.decoding.latent_writing import WindowNetwork, write_windows
from serinette.decoding.window_decoders import SteppedDecoder
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.whole_windows import rows_of_window
from serinette.recipes.series.choosing import WindowChooser
from serinette.recipes.series.engine_config import AUTOREGRESSIVE, LATENT, LSTM_GAN, TIMEGAN

_REMEDY = "train with --engine autoregressive"


@runtime_checkable
class Engine(Protocol):
    """A trained engine."""

    name: str

    def longest(self, codec: SeriesCodec) -> int | None:
        """Return the most rows of a sequence; None: any number."""

    def refusal(
        self, codec: SeriesCodec, length: int | None, statics: Mapping[str, Any], told: str | None
    ) -> str | None:
        """Say why it cannot write what is asked for; None: it can.

        Args:
            codec: Of the model.
            length: Rows that are asked for; None: as many as come.
            statics: Facts that are given.
            told: What gives rows: `scenario`, `history`; None: nothing.
        """

    def grow(self, codec: SeriesCodec, keys: UInt64[np.ndarray, " N"], wishes: Wishes) -> Grown:
        """Write one sequence a key."""


class AutoregressiveEngine:
    """Draws row after row.

    Args:
        network: Trained.
    """

    name = AUTOREGRESSIVE

    def __init__(self, network: FieldsNetwork) -> None:
        self.network = network

    def longest(self, codec: SeriesCodec) -> int | None:
        """Return None: a sequence goes on as long as is asked for."""
        return None

    def refusal(
        self, codec: SeriesCodec, length: int | None, statics: Mapping[str, Any], told: str | None
    ) -> str | None:
        """Return None: it can write whatever the codec knows."""
        return None

    def grow(self, codec: SeriesCodec, keys: UInt64[np.ndarray, " N"], wishes: Wishes) -> Grown:
        """Write one sequence a key."""
        return grow(self.network, codec, keys, wishes)


class WindowEngine:
    """Writes whole windows.

    Args:
        name: Of the engine.
        network: Trained.
    """

    def __init__(self, name: str, network: WindowNetwork) -> None:
        self.name = name
        self._network = network

    def longest(self, codec: SeriesCodec) -> int | None:
        """Return the rows of a window."""
        return rows_of_window(codec)

    def refusal(
        self, codec: SeriesCodec, length: int | None, statics: Mapping[str, Any], told: str | None
    ) -> str | None:
        """Say why it cannot write what is asked for; None: it can."""
        if told is not None:
            return (
                f"{told}: the {self.name} engine writes all rows of a sequence at once; {_REMEDY}"
            )
        longest = rows_of_window(codec)
        if length is not None and length > longest:
            return (
                f"length: the {self.name} engine writes at most {longest} rows, got {length}; "
                f"ask for fewer, or {_REMEDY}"
            )
        if length is not None and codec.has_end:
            return (
                f"length: the {self.name} engine decides itself where sequences end, got {length}; "
                f"leave it out, or {_REMEDY}"
            )
        numbers = [code.name for code in codec.static_values if code.name in statics]
        if numbers:
            return (
                f"statics: the {self.name} engine writes the numbers of '{numbers[0]}' itself, got "
                f"{statics[numbers[0]]!r}; leave it out, or {_REMEDY}"
            )
        return None

    def grow(self, codec: SeriesCodec, keys: UInt64[np.ndarray, " N"], wishes: Wishes) -> Grown:
        """Write one sequence a key."""
        return write_windows(self._network, codec, keys, wishes)


def _autoregressive(weights: Mapping[str, np.ndarray], sizes: Any, schema: Schema) -> Engine:
    return AutoregressiveEngine(FieldsNetwork(weights, sizes, schema))


def _latent(weights: Mapping[str, np.ndarray], sizes: Any, schema: Schema) -> Engine:
    return WindowEngine(LATENT, WindowNetwork(LatentDecoder(weights, sizes), weights, schema))


def _stepped(name: str) -> Callable[[Mapping[str, np.ndarray], Any, Schema], Engine]:
    def opened(weights: Mapping[str, np.ndarray], sizes: Any, schema: Schema) -> Engine:
        decoder = SteppedDecoder(weights, sizes, schema)
        return WindowEngine(name, WindowNetwork(decoder, weights, schema))

    return opened


ENGINES: Final[Mapping[str, Callable[[Mapping[str, np.ndarray], Any, Schema], Engine]]] = {
    "fields": _autoregressive,
    "latent": _latent,
    "lstm-gan": _stepped(LSTM_GAN),
    "timegan": _stepped(TIMEGAN),
}
"""What opens a network of `nets.networks.NETWORKS`."""


def open_engine(artifact: Artifact) -> Engine:
    """Return the engine of a model.

    Raises:
        ArtifactError: If its network is not one of tables.
    """
    opener = ENGINES.get(artifact.network)
    if opener is None:
        raise ArtifactError(
            f"{artifact.folder}: network '{artifact.network}' writes no tables; {REMEDY}"
        )
    return opener(artifact.weights(), artifact.model_config, artifact.schema)


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedEngine:
    """An engine with the codec that belongs to it; `OpenedSeries` is one that lies on disk."""

    codec: SeriesCodec
    engine: Engine
    critic: WindowChooser | None = None


@runtime_checkable
class Opened(Protocol):
    """Whatever has a codec and an engine, and perhaps a critic."""

    @property
    def codec(self) -> SeriesCodec:
        """The codec."""

    @property
    def engine(self) -> Engine:
        """The engine."""

    @property
    def critic(self) -> WindowChooser | None:
        """What chooses among candidates; None: nothing does."""
