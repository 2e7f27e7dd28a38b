"""A critic by formula, put into the folder of a model that was saved without one."""

import json

import numpy as np
from safetensors.numpy import save

from serinette.core import durable
from serinette.core.config import plain
from serinette.nets.critic_config import CriticConfig, expected_shapes

SIZES = CriticConfig(widths=(2, 3), channels=3, dense_size=5)


def guide_weights(n_symbols, width, sizes=SIZES, scale=0.8):
    """Return weights for a critic of these sizes."""
    generator = np.random.default_rng(3)
    return {
        name: generator.normal(0, scale, shape).astype(np.float32)
        for name, shape in expected_shapes(sizes, n_symbols, width).items()
    }


def reseal(folder, *, config=None, **changes):
    """Change files and write a manifest that fits; `config` changes the settings in place.

    Args:
        folder: Of a model.
        config: Is given the settings as plain values.
        **changes: Contents by name, with _ for the dot; None takes a file away.
    """
    files = dict(durable.read_folder(folder).files)
    files |= {name.replace("_", "."): content for name, content in changes.items()}
    if config is not None:
        settings = json.loads(files["config.json"])
        config(settings)
        files["config.json"] = json.dumps(settings).encode()
    files = {name: content for name, content in files.items() if content is not None}
    durable.write_folder(folder, files, replace=True)


def add_guide(folder, n_symbols, width, *, candidates=1, window=None):
    """Give a saved model a critic."""
    guide = {"sizes": plain(SIZES), "candidates": candidates, "window": window}
    reseal(
        folder,
        config=lambda settings: settings.update(guide=guide),
        critic_safetensors=save(guide_weights(n_symbols, width)),
    )
