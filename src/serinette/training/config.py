"""How a model is trained. No torch here: the command line and the plan read this page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from serinette.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Settings of one training. `None` means "chosen by the plan"."""

    updates: int = 2000
    """Updates of the optimiser, at least 1; those of a game that follows are not among them."""
    objective: Literal["likelihood", "adversarial"] = "likelihood"
    """`adversarial`: after the likelihood stage the model plays against a critic or a mediator, and
    the better of the two models is kept."""
    n_rows: int = 32
    """Streams that are read side by side; divisible by `n_workers`."""
    window: int = 64
    """Steps of truncated back-propagation through time, at least 1. Under batching `documents`:
    steps of the longest sequence that is read whole."""
    batching: Literal["streams", "documents", "windows", "many-to-one"] = "streams"
    """`streams`: rows read on where they stopped, for long texts. `documents`: batches of whole
    sequences of like lengths, for short ones. `windows`: windows of random places, each read from a
    state of zeros; `many-to-one`: the same, but only the last step of each is predicted."""
    reset: Literal["document", "never"] = "document"
    """Where the state of `streams` begins anew: at every document, or never. Shorter documents
    (`data.documents` `blank-line`, `line`) reset it by paragraph or line, `windows` by window."""
    n_workers: int = 2
    """Groups of rows whose gradients are added. They run on threads of their own where there are
    cores; the result is the same on one core."""
    start: Literal["random", "spectral"] = "random"
    """Where the vectors of the symbols begin: at random, or from which symbols stand side by side
    in the training part. For vocabularies of thousands."""
    optimiser: Literal["soap", "adamw", "adam", "rmsprop", "sgd", "muon"] = "soap"
    """Which optimiser. `soap` and `muon` serve the LSTM matrices, AdamW the rest."""
    learning_rate: float = 8e-3
    """Largest learning rate, above 0 (of AdamW's part under `soap`, `muon`)."""
    matrix_learning_rate: float = 8e-3
    """Largest learning rate of the LSTM matrices under `soap` and `muon`, above 0."""
    beta2: float = 0.99
    """Decay of the second moment of Adam, AdamW and RMSprop, in [0, 1)."""
    momentum: float = 0.9
    """Momentum of SGD and of RMSprop; first-moment decay of Adam and AdamW; in [0, 1)."""
    weight_decay: float = 0.2
    """Decoupled decay of matrices under SOAP, Muon and AdamW, at least 0; others: see `l2`."""
    l1: float = 0.0
    """Weight of the sum of absolute weights in the loss, at least 0."""
    l2: float = 0.0
    """Weight of half the sum of squared weights in the loss, at least 0."""
    clip_norm: float = 1.0
    """Largest norm of the gradient; 0 turns clipping off."""
    sampled_symbols: int = 0
    """Symbols, besides those to be told, that take part in the softmax while training, drawn anew
    for every update; 0: all. For vocabularies of thousands it trains faster; at least 0."""
    schedule: Literal["cosine", "linear", "plateau", "constant"] = "cosine"
    """How the learning rate falls after warm-up. `plateau` halves it when validation stalls."""
    warm_up: float = 0.02
    """Share of the updates over which the learning rate rises, in [0, 1)."""
    final_rate: float = 0.0
    """Learning rate at the end as a share of the largest, in [0, 1]."""
    average_decay: float = 0.0
    """Decay of the exponential moving average of the weights; 0 turns averaging off. The average
    is what is measured and kept."""
    n_evaluations: int = 20
    """How often validation is measured, at least 1, the end included."""
    patience: int = 0
    """Evaluations without a better one before training stops early; 0 never stops early."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Arithmetic of the forward and backward pass; `auto` measures both and takes the faster."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where training runs; `auto` takes a GPU where torch finds one."""
    checkpoint_seconds: float = 30.0
    """Seconds between two checkpoints, above 0."""
    keep_checkpoints: int = 2
    """How many checkpoints stay on disk, at least 1."""
    seed: int = 0
    """Where initial weights, order and dropout come from."""

    def __post_init__(self) -> None:
        for names, is_fine, range_ in _RANGES:
            for name in names:
                value = getattr(self, name)
                if not is_fine(value):
                    raise ConfigError(f"training.{name} must be {range_}, got {value}")
        if self.n_rows % self.n_workers:
            raise ConfigError(
                f"training.n_rows must be divisible by n_workers ({self.n_workers}), "
                f"got {self.n_rows}"
            )


_COUNTS = ("updates", "n_rows", "window", "n_workers", "n_evaluations", "keep_checkpoints")
_RANGES: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
    (_COUNTS, lambda x: x >= 1, "at least 1"),
    (
        ("learning_rate", "matrix_learning_rate", "checkpoint_seconds"),
        lambda x: x > 0,
        "above 0",
    ),
    (
        ("weight_decay", "l1", "l2", "clip_norm", "patience", "sampled_symbols"),
        lambda x: x >= 0,
        "at least 0",
    ),
    (("beta2", "momentum", "warm_up", "average_decay"), lambda x: 0 <= x < 1, "in [0, 1)"),
    (("final_rate",), lambda x: 0 <= x <= 1, "in [0, 1]"),
)
