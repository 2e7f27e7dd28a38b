"""What a network must not do: look ahead, or decode otherwise than it was trained.

Both checks run when a model is exported; the first also before a model is scored.

Shape letters: `B` rows, `T` steps.
"""

import numpy as np

from serinette.core.errors import QualityError
from serinette.core.schema import Schema, SymbolField
from serinette.decoding.stepper import Stepper

PARITY_TOLERANCE = 1e-4
_ROWS, _STEPS = 3, 24


def check_causality(stepper: Stepper, *, seed: int = 0) -> None:
    """Change what comes after a step; nothing up to that step may change.

    The rest of the sequence is read in the same call, so a network that reads backwards, or
    normalises over time, shows here. Equal means equal to the bit.

    Raises:
        QualityError: If a logit changed.
    """
    steps, context = _random_steps(stepper.schema, seed)
    whole = _logits(stepper, steps, context)
    n_symbols = whole.shape[-1]
    for last in (0, _STEPS // 3, _STEPS - 2):
        changed = steps.copy()
        changed[:, last + 1 :] = (changed[:, last + 1 :] + 1) % n_symbols
        seen = _logits(stepper, changed, context)
        if not np.array_equal(whole[:, : last + 1], seen[:, : last + 1]):
            raise QualityError(
                f"the network looks ahead: changing the input after step {last} changed its "
                "prediction before; its likelihood would be too good to be true"
            )


def check_parity(
    stepper: Stepper, reference: Stepper, *, seed: int = 0, tolerance: float = PARITY_TOLERANCE
) -> float:
    """Return the largest difference between the logits of two steppers of one network.

    Raises:
        QualityError: If it is above `tolerance`, or not a number.
    """
    steps, context = _random_steps(reference.schema, seed)
    ours, theirs = _logits(stepper, steps, context), _logits(reference, steps, context)
    difference = float(np.abs(ours - theirs).max())
    if not difference <= tolerance:
        raise QualityError(
            f"the step graph's logits differ from the network's by {difference:.2g}, more than "
            f"{tolerance:.2g}; the model is not exported"
        )
    return difference


def _random_steps(schema: Schema, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    fields = [field.size for field in schema.fields if isinstance(field, SymbolField)]
    contexts = [field.size for field in schema.context]
    steps = generator.integers(0, fields, (_ROWS, _STEPS, len(fields)))
    return steps, generator.integers(0, contexts, (_ROWS, len(contexts)))


def _logits(stepper: Stepper, steps: np.ndarray, context: np.ndarray) -> np.ndarray:
    hidden, _ = stepper.advance(steps, stepper.start(context))
    return stepper.field(0, hidden, np.empty((*steps.shape[:2], 0), dtype=np.int64))
