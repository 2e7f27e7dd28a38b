"""The closed table of networks: what is here is all that an artifact can make us build."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from serinette.core.errors import ArtifactError
from serinette.core.schema import Schema
from serinette.nets import config, fields_config, latent_config, lstm_gan_config, timegan_config


@dataclass(frozen=True)
class Network:
    """One kind of network, as an artifact knows it."""

    config_type: type
    """The dataclass of its sizes."""
    expected_shapes: Callable[[Any, Schema], dict[str, tuple[int, ...]]]
    """Lists every weight by name and shape."""
    has_graph: bool
    """Whether it is decoded by a step graph in the artifact, not by our NumPy code."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """What settings were before they were settings: older artifacts do not name them."""


NETWORKS: Final[Mapping[str, Network]] = {
    "symbols": Network(config.ModelConfig, config.expected_shapes, True),
    "fields": Network(fields_config.FieldsConfig, fields_config.expected_shapes, False),
    "latent": Network(
        latent_config.LatentConfig, latent_config.artifact_shapes, False, {"residuals": False}
    ),
    "lstm-gan": Network(lstm_gan_config.LstmGanConfig, lstm_gan_config.lstm_gan_shapes, False),
    "timegan": Network(timegan_config.TimeganConfig, timegan_config.timegan_shapes, False),
}
SYMBOLS: Final = "symbols"
"""The network of artifacts that name none."""


def find_network(name: object) -> Network:
    """Return a network by its name.

    Raises:
        ArtifactError: If this version has no such network.
    """
    if not isinstance(name, str) or name not in NETWORKS:
        known = ", ".join(sorted(NETWORKS))
        raise ArtifactError(
            f"network {name!r} is not known to this version (known: {known}); upgrade serinette"
        )
    return NETWORKS[name]


def n_parameters(name: str, sizes: Any, schema: Schema) -> int:
    """Count the numbers that training adjusts."""
    return config.n_numbers(find_network(name).expected_shapes(sizes, schema))
