"""Going on from a trained model: its weights, its own text, and what both texts gain and lose."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from serinette.batching.corpus import EncodedCorpus
from serinette.core.config import Resolved
from serinette.core.errors import ConfigError, DataError, NotFoundError
from serinette.kinds.corpus import Corpus
from serinette.kinds.kind import Codec
from serinette.nets.config import predicted_symbols
from serinette.nets.growth import grown_weights
from serinette.nets.model import SequenceModel, load_weights_
from serinette.recipes.base_model import BaseModel, lineage
from serinette.recipes.baseline import MOST_MEASURED
from serinette.recipes.prepare import Prepared, in_codec
from serinette.recipes.training_data import prepared_again
from serinette.recipes.tuning_words import FACTS, added_words, origin_words
from serinette.training.events import Listener, Note
from serinette.training.gradients import Precision
from serinette.training.supply import Rehearsal
from serinette.training.validation import held_out_loss

_NEAR = 1.3
"""Up to so many times the bits a character of the old text, a new text is near to it..."""
_NEAR_RATE = 0.1
"""...and is learnt at this share of the usual learning rates."""
_RATES = ("learning_rate", "matrix_learning_rate")
_WINDOWS = 2
"""Windows of 64 rows of 128 steps by which that is judged."""
_MOST_OLD = 8
"""Windows of a large old text that are measured at the end, so that a budget is kept."""


@dataclass(frozen=True, kw_only=True)
class FineTuning:
    """What a fine-tuning goes on from."""

    base: BaseModel
    old: Prepared | None
    """The base's own data in the longer codec; None: they could not be read again."""
    replay: float
    """Share of the rows that go on reading them."""

    @property
    def rehearsal(self) -> Rehearsal | None:
        """What some of the rows read."""
        if self.old is None or self.replay == 0:
            return None
        return Rehearsal(self.old.train, self.replay)

    @property
    def words(self) -> tuple[str, ...]:
        """Say what is gone on from."""
        replayed = f", {self.replay:.0%} of the rows on its old text" if self.replay else ""
        return (f"fine-tuning: goes on from {origin_words(self.base.record)}{replayed}",)


def fine_tuning_of(
    base: BaseModel | None, prepared: Prepared, settings: Resolved, listener: Listener
) -> FineTuning | None:
    """Make ready what is gone on from; None: the training starts from scratch.

    Args:
        base: The model.
        prepared: The new data, in the longer codec.
        settings: Of the training.
        listener: Told which symbols are added, and that the old data are gone.

    Raises:
        ConfigError: If the old text is to be replayed, and there is no row for it.
        DataError: If there is nothing new, or the old data are needed and have changed.
        NotFoundError: If the old data are needed and gone.
    """
    if base is None:
        return None
    _check_new(base, prepared)
    replay, n_rows = settings.groups[FACTS].replay, settings.groups["training"].n_rows
    if replay > 0 and n_rows == 1:
        raise ConfigError(
            f"fine_tuning.replay {replay:g} needs rows of both texts, got training.n_rows 1; set "
            "it to 2 or more"
        )
    n_old, n_all = _n_symbols(base.codec), _n_symbols(prepared.codec)
    added = [prepared.codec.decode(np.array([[symbol]])) for symbol in range(n_old, n_all)]
    listener(Note(text=added_words(added, n_old)))
    old = _old_text(base, replay, listener)
    old = None if old is None else in_codec(old, prepared.codec)
    return FineTuning(base=base, old=old, replay=replay)


def _n_symbols(codec: Codec) -> int:
    return predicted_symbols(codec.schema)[0].size


def _check_new(base: BaseModel, prepared: Prepared) -> None:
    own = base.artifact.source
    sources = (own, *(record.source for record in lineage(own)))
    known = {sha for source in sources for sha in source.get("sha256", ())}
    if {source.sha256 for source in prepared.corpus.sources} <= known:
        raise DataError(
            f"{prepared.corpus.sources[0].path}: {base.name} has learnt from just these data; give "
            "other text, or train anew for longer"
        )


def _old_text(base: BaseModel, replay: float, listener: Listener) -> Prepared | None:
    try:
        return prepared_again(base.artifact)
    except (NotFoundError, DataError) as error:
        if replay > 0:
            raise type(error)(
                f"{error}; replay needs the old text, so leave out --replay"
            ) from error
        text = f"the text of {base.name} is not read: {error}; what is forgotten is not measured"
        listener(Note(text=text, is_warning=True))
        return None


def base_weights_(model: SequenceModel, tuning: FineTuning) -> None:
    """Put the base's weights into a network that may have more symbols."""
    load_weights_(model, grown_weights(tuning.base.artifact.weights(), model.config, model.schema))


def tuned_rates(
    tuning: FineTuning, prepared: Prepared, settings: Resolved
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return learning rates, and sentences that say what is gone on from and at which rates.

    What the model finds hardly harder than its own text needs smaller steps: they learn it better
    and forget less (measured in docs/why/experiments.md).
    """
    training = settings.groups["training"]
    model = SequenceModel(settings.groups["model"], prepared.codec.schema)
    base_weights_(model, tuning)
    new, old = (
        _bits(model, prepared, prepared.parts.train, prepared.train),
        _old_bits(model, tuning),
    )
    is_near = old is not None and new <= _NEAR * old
    factor = _NEAR_RATE if is_near else 1.0
    values = {f"training.{name}": factor * getattr(training, name) for name in _RATES}
    if not is_near:
        return values, tuning.words
    words = (
        f"learning rates: {factor:g} of the usual ones, as the new text is near to the old one "
        f"({new:.2f} and {old:.2f} bits/char before the first update)"
    )
    return values, (*tuning.words, words)


def _old_bits(model: SequenceModel, tuning: FineTuning) -> float | None:
    """Return bits a character of held-out old text: measured, or as the base recorded them."""
    old = tuning.old
    if old is not None and old.validation.n_steps > 0:
        return _bits(model, old, old.parts.validation, old.validation)
    metrics = tuning.base.artifact.evaluation.get("metrics", ())
    found = [m["value"] for m in metrics if m.get("name") == "validation bits per character"]
    return float(found[0]) if found else None


def _bits(model: SequenceModel, prepared: Prepared, part: Corpus, encoded: EncodedCorpus) -> float:
    """Return bits a character of the beginning of a part, to judge by."""
    precision = Precision(torch.device("cpu"), is_bf16=False)
    loss = held_out_loss(model, encoded, precision, max_windows=_WINDOWS)
    return float(loss.mean() * prepared.steps_per_character(part, encoded) / np.log(2))


def worst_nats(model: SequenceModel, train: EncodedCorpus, precision: Precision) -> float:
    """Return a loss a step, in nats, that a fine-tuning comes above only when it diverges.

    Where much of a text is in symbols that were added, which begin rare, its loss begins far above
    that of chance.

    Args:
        model: With the weights of the base.
        train: The new training part; a window of it is read.
        precision: Arithmetic and device.
    """
    return 1.5 * held_out_loss(model, train, precision, max_windows=1).mean() + 2


def measured_facts(
    tuning: FineTuning | None, model: SequenceModel, prepared: Prepared
) -> dict[str, Any]:
    """Return what a model tells of its fine-tuning: bits a character of both texts' held-out part.

    Args:
        tuning: What it went on from; None gives no facts.
        model: With the weights that are kept, on the CPU.
        prepared: The new data.
    """
    if tuning is None:
        return {}
    start = SequenceModel(model.config, model.schema)
    base_weights_(start, tuning)
    record = tuning.base.record
    facts: dict[str, Any] = {
        "name": record["name"],
        "sha256": record["sha256"],
        "replay": tuning.replay,
        "added_symbols": _n_symbols(prepared.codec) - _n_symbols(tuning.base.codec),
        "new": _measured(start, model, prepared),
        "old": None if tuning.old is None else _measured(start, model, tuning.old, _MOST_OLD),
    }
    return {FACTS: facts}


def _measured(
    start: SequenceModel, end: SequenceModel, prepared: Prepared, most: int | None = None
) -> dict[str, Any] | None:
    """Measure two models on the test part, or on validation where there is none.

    Args:
        start: Before.
        end: After.
        prepared: The text.
        most: Windows that are read; None: all.
    """
    parts = (
        ("test", prepared.parts.test, prepared.test),
        ("validation", prepared.parts.validation, prepared.validation),
    )
    precision = Precision(torch.device("cpu"), is_bf16=False)
    for name, part, encoded in parts:
        if encoded.n_steps > 0:
            some = encoded.thinned(MOST_MEASURED)
            losses = [
                held_out_loss(model, some, precision, max_windows=most) for model in (start, end)
            ]
            factor = prepared.steps_per_character(part, encoded) / np.log(2)
            before, after = (float(loss.mean() * factor) for loss in losses)
            return {"part": name, "n": losses[0].steps, "start": before, "end": after}
    return None
