"""The count model beside every figure: an interpolated Witten-Bell n-gram of the same split."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from serinette.batching.corpus import EncodedCorpus
from serinette.counts.ngram import WittenBell, choose_order
from serinette.nets.config import predicted_symbols
from serinette.recipes.prepare import Prepared

MOST_MEASURED = 1_000_000
"""Steps of a held-out part that its final figures are taken on, at most."""
MAX_SYMBOLS = 20_000_000
"""Most training symbols that are counted."""
_LONG, _OF_LONG = 100_000_000, 2_000_000
"""Of a training part of so many symbols, so many are counted."""
_CHECKED_SYMBOLS = 100_000
_COUNTED_A_SECOND = 40_000


def affordable_symbols(budget_seconds: float | None, n_steps: int) -> int:
    """Return how many symbols may be counted.

    Args:
        budget_seconds: Counting takes a few per cent of it; None: it may take what it needs.
        n_steps: Of the training part; the count model of one that lies on disk because it is long
            takes no more memory than the training.
    """
    most = MAX_SYMBOLS if n_steps < _LONG else _OF_LONG
    if budget_seconds is None:
        return most
    return min(most, max(1_000_000, int(_COUNTED_A_SECOND * budget_seconds)))


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A fitted count model."""

    model: WittenBell
    order: int
    validation_nats: float | None
    """Nats per measured step on the validation part; None when there is none."""


@dataclass(frozen=True, kw_only=True)
class LineToBeat:
    """What a count model came to; the model itself, which is large, is gone."""

    order: int
    validation_nats: float | None
    """As of a `Baseline`."""
    nats: Mapping[str, float | None]
    """Of each held-out part, nats per measured step of what `thinned` leaves of it."""


def line_to_beat(prepared: Prepared, most: int) -> LineToBeat:
    """Fit on the training part and measure the held-out parts.

    Args:
        prepared: The data.
        most: How many symbols are counted, at most `MAX_SYMBOLS`.
    """
    n_symbols = predicted_symbols(prepared.codec.schema)[0].size
    fitted = fit_baseline(prepared.train, prepared.validation, n_symbols, most)
    prepared.train.release()
    parts = {"validation": prepared.validation, "test": prepared.test}
    nats = {
        name: baseline_nats(fitted, part.thinned(MOST_MEASURED)) for name, part in parts.items()
    }
    return LineToBeat(order=fitted.order, validation_nats=fitted.validation_nats, nats=nats)


def fit_baseline(
    train: EncodedCorpus, validation: EncodedCorpus, n_symbols: int, most: int = MAX_SYMBOLS
) -> Baseline:
    """Fit on the training part; the order is chosen on (the head of) the validation part.

    Args:
        train: Counted, at most `most` symbols of it.
        validation: Chooses the order; with none of it the order is 5.
        n_symbols: Size of the symbol field.
        most: How many symbols are counted, at most `MAX_SYMBOLS`.
    """
    counted = _sequences(train, most)
    checked = _sequences(validation, _CHECKED_SYMBOLS)
    if validation.n_steps == 0 or validation.n_sequences == 0:
        model = WittenBell.fit(counted, 5, n_symbols, n_given=1)
        return Baseline(model=model, order=5, validation_nats=None)
    choice = choose_order(counted, checked, n_symbols, n_given=1, max_symbols=most)
    fitted = Baseline(
        model=choice.model, order=choice.order, validation_nats=choice.table[choice.order]
    )
    if validation.measured is None:
        return fitted
    return replace(fitted, validation_nats=baseline_nats(fitted, validation))


def baseline_nats(baseline: Baseline, part: EncodedCorpus) -> float | None:
    """Return nats per measured step on a part; None when the part is empty."""
    sequences = _sequences(part, part.n_steps + 1)
    if not sequences or part.n_sequences == 0:
        return None
    if part.measured is None:
        return float(baseline.model.nats_by_order(sequences)[-1] / part.n_steps)
    nats = baseline.model.nats_in_a_row(sequences)
    counts = part.is_measured(np.concatenate(sequences))
    return float(nats[counts].sum() / max(1, part.n_measured))


def _sequences(corpus: EncodedCorpus, most: int) -> list[np.ndarray]:
    """Return `end s1 ... sn end` of each sequence, up to `most` symbols in all."""
    found = []
    for first, last in zip(corpus.starts[:-1], corpus.starts[1:], strict=True):
        if first >= most:
            break
        found.append(corpus.symbols[first : min(last, first + most) + 1])
    return found
