"""Training on whole sequences, on windows, on a part of the softmax, on symbols nobody measures."""

import numpy as np
import pytest
import torch

from serinette.batching.corpus import join
from serinette.batching.documents import DocumentBatches
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel
from serinette.training.gradients import GradientWorkers, gradients_of
from serinette.training.validation import held_out_loss

from .conftest import FP32, SCHEMA, V

IS_MEASURED = np.arange(V) % 3 != 0


def verses(measured=None):
    generator = np.random.default_rng(2)
    sequences = [generator.integers(2, V, (n, 1)).astype(np.int32) for n in (4, 4, 9, 4, 9, 9, 4)]
    return join(sequences, [np.zeros(0, dtype=np.int32)] * 7, end=0, measured=measured)


def model():
    return SequenceModel(ModelConfig(embedding_size=5, hidden_size=9, n_layers=1), SCHEMA)


def gradient(batch):
    """Return the loss and the gradient of one batch."""
    a_model = model()
    with GradientWorkers(a_model, n_workers=1, n_threads=1, precision=FP32, seed=0) as workers:
        loss, _ = workers.accumulate_(batch, [a_model.start(len(batch.fresh))], 0)
    return loss, torch.cat([g.flatten() for g in gradients_of(a_model)])


def weights(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.model.parameters()])


@pytest.mark.parametrize(
    "settings",
    [
        {"batching": "documents"},
        {"batching": "documents", "sampled_symbols": 4},
        {"batching": "windows"},
        {"batching": "many-to-one"},
        {"batching": "streams", "reset": "never"},
    ],
)
def test_every_reading_resumed_equals_uninterrupted_to_the_bit(make_trainer, settings):
    whole, first, second = (make_trainer(**settings) for _ in range(3))
    losses = [whole.update() for _ in range(12)]
    for _ in range(5):
        first.update()
    second.restore_(first.snapshot())
    assert [second.update() for _ in range(7)] == losses[5:]
    assert torch.equal(weights(whole), weights(second))
    assert whole.epoch == second.epoch


def test_a_part_of_the_softmax_changes_the_training(make_trainer):
    full, part = make_trainer(sampled_symbols=0), make_trainer(sampled_symbols=4)
    assert full.update() != part.update()
    all_of_it = make_trainer(sampled_symbols=V)
    all_of_it.update()
    assert torch.equal(weights(full), weights(all_of_it))


def test_padding_changes_neither_loss_nor_gradient():
    batches = DocumentBatches(verses(), 3, 20, 0)
    padded = next(b for b in (batches.next() for _ in range(3)) if not b.mask.all())
    loss, whole = gradient(padded)
    is_there = padded.mask.any(1)
    n_steps = int(padded.mask.sum(1).max())
    trimmed = padded._replace(
        **{
            name: getattr(padded, name)[is_there][:, :n_steps]
            for name in ("inputs", "targets", "mask", "measured")
        },
        fresh=padded.fresh[is_there],
        context=padded.context[is_there],
    )
    # Other symbols in the padding are the harder test.
    other = padded._replace(inputs=padded.inputs.where(padded.mask, 7))
    for batch in (trimmed, other):
        same, part = gradient(batch)
        assert same.steps == loss.steps == int(padded.mask.sum())
        assert same.nats == pytest.approx(loss.nats, rel=1e-5)
        torch.testing.assert_close(part, whole)


def test_what_is_measured_changes_the_figure_and_not_the_gradient():
    plain = DocumentBatches(verses(), 3, 20, 0).next()
    narrow = DocumentBatches(verses(IS_MEASURED), 3, 20, 0).next()
    (all_of_it, one), (some_of_it, other) = gradient(plain), gradient(narrow)
    assert torch.equal(one, other)
    assert some_of_it.steps == int((plain.mask.numpy() & IS_MEASURED[plain.targets]).sum())
    assert 0 < some_of_it.steps < all_of_it.steps
    assert some_of_it.nats < all_of_it.nats


def test_a_held_out_loss_is_of_the_measured_symbols():
    a_model = model()
    loss = held_out_loss(a_model, verses(IS_MEASURED), FP32, n_rows=2, window=5)
    rest = held_out_loss(a_model, verses(~IS_MEASURED), FP32, n_rows=2, window=5)
    both = held_out_loss(a_model, verses(), FP32, n_rows=2, window=5)
    assert loss.steps == verses(IS_MEASURED).n_measured
    assert loss.steps + rest.steps == both.steps
    assert loss.nats + rest.nats == pytest.approx(both.nats, rel=1e-5)
