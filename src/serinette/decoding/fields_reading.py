"""How likely given steps of many fields are: teacher forcing with the NumPy network.

Shape letters: `B` windows, `T` steps that are read, `F` fields, `T1` one step more than are read.
"""

import numpy as np
from jaxtyping import Float

from serinette.decoding.fields import BlockReader, FieldsNetwork, field_log_prob
from serinette.kinds.series.encoding import Windows


def window_nats(network: FieldsNetwork, windows: Windows) -> Float[np.ndarray, "B T1"]:
    """Return -log p of every row of some windows, in nats: the opening, then each step.

    Args:
        network: Trained.
        windows: Encoded; what does not count there adds nothing.
    """
    n, n_steps = windows.numbers.shape[:2]
    found = np.zeros((n, n_steps + 1))
    if network.opening is not None:
        opened = block_nats(
            network.opening, windows.opening_given, windows.opening_choices, windows.opening_values
        )
        found[:, 0] = (opened * windows.opening_counts).sum(1)
    memory = network.start(n)
    for t in range(n_steps):
        hidden, memory = network.advance(
            windows.numbers[:, t], windows.symbols[:, t], windows.context, memory
        )
        nats = block_nats(network.following, hidden, windows.choices[:, t], windows.values[:, t])
        found[:, t + 1] = (nats * windows.counts[:, t]).sum(1)
    return found


def block_nats(
    reader: BlockReader, read: np.ndarray, choices: np.ndarray, values: np.ndarray
) -> Float[np.ndarray, "B F"]:
    """Return -log p of every field of one step, in nats.

    Args:
        reader: The block of the fields.
        read: What all of them read.
        choices: What stands in each field.
        values: And its value, where it has one.
    """
    reading = reader.begin(read)
    found = np.zeros(choices.shape)
    for k, kind in enumerate(reader.fields):
        value = values[:, k].astype(np.float64)
        found[:, k] = -field_log_prob(kind, reading.params(k), choices[:, k], value)
        reading.tell(k, choices[:, k], value)
    return found
