"""Settings that suit tables. No torch here."""

from collections.abc import Mapping
from typing import Any, Final

HABITS: Final[Mapping[str, Any]] = {
    "split.validation_share": 0.1,
    "split.test_share": 0.1,
    "training.optimiser": "adamw",
    "training.learning_rate": 4e-3,
    "training.weight_decay": 1e-4,
    "training.warm_up": 0.1,
    "training.average_decay": 0.995,
    "training.n_rows": 128,
    "training.precision": "fp32",
}
"""Settings of a training that suit tables; the user's own win."""
