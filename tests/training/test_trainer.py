import math

import numpy as np
import pytest
import torch

from serinette.core.errors import ConfigError
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel
from serinette.training.config import TrainingConfig
from serinette.training.gradients import GradientWorkers, LossSum, Precision
from serinette.training.machine import SpeedTest, can_use_bf16
from serinette.training.optimisers import Optimiser, penalty_gradients_
from serinette.training.supply import symbol_supply
from serinette.training.trainer import Trainer
from serinette.training.validation import held_out_loss

from .conftest import FP32, SCHEMA, periodic

OPTIMISERS = ["soap", "adamw", "adam", "rmsprop", "sgd", "muon"]


def weights(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.model.parameters()])


BF16 = Precision(torch.device("cpu"), is_bf16=True)
needs_bf16 = pytest.mark.skipif(
    not can_use_bf16(BF16.device), reason="this processor cannot train an LSTM in bf16"
)


@pytest.mark.parametrize(
    "precision", [FP32, pytest.param(BF16, marks=needs_bf16)], ids=["fp32", "bf16"]
)
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_resumed_equals_uninterrupted_to_the_bit(make_trainer, optimiser, precision):
    settings = {"optimiser": optimiser, "average_decay": 0.9, "learning_rate": 1e-3}
    settings |= {"precision": precision}
    whole = make_trainer(**settings)
    for _ in range(12):
        whole.update()
    first = make_trainer(**settings)
    for _ in range(5):
        first.update()
    second = make_trainer(**settings, seed=0)
    second.restore_(first.snapshot())
    for _ in range(7):
        second.update()
    assert second.update_count == 12
    assert torch.equal(weights(whole), weights(second))
    ours, theirs = second.snapshot(), whole.snapshot()
    assert ours.facts == theirs.facts
    assert set(ours.tensors) == set(theirs.tensors)
    for name, array in ours.tensors.items():
        np.testing.assert_array_equal(array, theirs.tensors[name], err_msg=name)


def test_threads_never_change_the_result(make_trainer):
    one, two = make_trainer(n_threads=1), make_trainer(n_threads=2)
    for _ in range(6):
        assert one.update() == two.update()
    assert torch.equal(weights(one), weights(two))


def test_groups_of_rows_give_the_gradient_of_the_whole(make_trainer):
    sizes = {"embedding_size": 5, "hidden_size": 9}
    one = make_trainer(n_workers=1, sizes=sizes)
    two = make_trainer(n_workers=2, sizes=sizes)
    for _ in range(3):
        assert one.update().mean() == pytest.approx(two.update().mean(), rel=1e-5)
    torch.testing.assert_close(weights(one), weights(two), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_learns_a_period(make_trainer, optimiser):
    rate = {"sgd": 0.5, "rmsprop": 3e-3}.get(optimiser, 2e-2)
    sizes = {"embedding_size": 8, "hidden_size": 16, "n_layers": 1}
    trainer = make_trainer(
        optimiser=optimiser,
        learning_rate=rate,
        matrix_learning_rate=2e-2,
        sizes=sizes,
        updates=150,
    )
    first = trainer.update().mean()
    while not trainer.is_done:
        last = trainer.update().mean()
    assert first > 2.0
    assert last < 0.5
    held_out = held_out_loss(trainer.model, periodic(60), FP32, n_rows=3, window=9)
    assert held_out.steps == 61
    assert held_out.mean() < 1.0


def test_held_out_loss_does_not_depend_on_rows_and_windows(make_trainer):
    model, corpus = make_trainer().model, periodic(90)
    losses = [
        held_out_loss(model, corpus, FP32, n_rows=rows, window=window).mean()
        for rows, window in [(1, 200), (1, 7), (4, 11)]
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert losses[2] == pytest.approx(losses[0], rel=0.02)  # cuts lose what lies before the warm-up


def test_held_out_loss_stops_after_so_many_windows(make_trainer):
    loss = held_out_loss(
        make_trainer().model, periodic(90), FP32, n_rows=2, window=5, max_windows=3
    )
    assert loss.steps <= 30


def test_a_loss_that_is_not_a_number_leaves_the_weights_alone(make_trainer):
    trainer = make_trainer()
    trainer.update()
    with torch.no_grad():
        trainer.model.readout.bias[3] = math.nan
    before = trainer.model.embedding.weight.clone()
    assert math.isnan(trainer.update().mean())
    assert torch.equal(trainer.model.embedding.weight, before)
    assert trainer.update_count == 1


def test_averaged_weights_are_in_place_for_the_block_only(make_trainer):
    trainer = make_trainer(average_decay=0.5, learning_rate=0.05)
    for _ in range(5):
        trainer.update()
    own = weights(trainer)
    with trainer.average.in_place():
        averaged = weights(trainer)
    assert not torch.equal(own, averaged)
    assert torch.equal(weights(trainer), own)
    off = make_trainer()
    with off.average.in_place():
        off.update()


def test_the_average_follows_its_definition(make_trainer):
    trainer = make_trainer(average_decay=0.6, learning_rate=0.05)
    mean = weights(trainer)
    for k in range(1, 5):
        trainer.update()
        decay = min(0.6, k / (k + 10))
        mean = mean + (1 - decay) * (weights(trainer) - mean)
    with trainer.average.in_place():
        torch.testing.assert_close(weights(trainer), mean)


def test_clipping_bounds_the_step_of_sgd(make_trainer):
    settings = {"optimiser": "sgd", "learning_rate": 1.0, "momentum": 0.0, "warm_up": 0.0}
    trainer = make_trainer(clip_norm=1e-3, schedule="constant", **settings)
    before = weights(trainer)
    trainer.update()
    assert float((weights(trainer) - before).norm()) == pytest.approx(1e-3, rel=1e-3)


def test_penalties_add_their_gradients():
    matrix = torch.nn.Parameter(torch.tensor([[2.0, -3.0]]))
    vector = torch.nn.Parameter(torch.tensor([5.0]))
    matrix.grad, vector.grad = torch.zeros(1, 2), torch.zeros(1)
    penalty_gradients_([matrix, vector], l1=0.1, l2=0.01)
    torch.testing.assert_close(matrix.grad, torch.tensor([[0.12, -0.13]]))
    assert vector.grad.item() == 0


def test_penalties_shrink_the_weights(make_trainer):
    plain, held = make_trainer(), make_trainer(l1=0.05, l2=0.05)
    for _ in range(12):
        plain.update()
        held.update()
    assert weights(held).abs().sum() < weights(plain).abs().sum()


def test_weight_decay_spares_vectors(make_trainer):
    model = make_trainer().model
    config = TrainingConfig(optimiser="adamw", learning_rate=0.1, weight_decay=1.0)
    optimiser = Optimiser(model, config)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    matrix, bias = (
        model.embedding.weight.clone(),
        model.get_parameter("layers.0.bias_ih_l0").clone(),
    )
    optimiser.set_rate(0.5)
    optimiser.step()
    torch.testing.assert_close(model.embedding.weight, matrix * (1 - 0.05))
    assert torch.equal(model.get_parameter("layers.0.bias_ih_l0"), bias)


@needs_bf16
def test_bf16_learns_too():
    config = TrainingConfig(n_rows=4, window=6, updates=60, learning_rate=2e-2)
    model = SequenceModel(ModelConfig(embedding_size=8, hidden_size=16, n_layers=1), SCHEMA)
    precision = Precision(torch.device("cpu"), is_bf16=True)
    supply = symbol_supply(model, periodic(300), config)
    trainer = Trainer(model, supply, config, precision, n_threads=1)
    losses = [trainer.update().mean() for _ in range(60)]
    trainer.close()
    assert losses[-1] < 0.6 * losses[0]
    assert model.embedding.weight.dtype == torch.float32


def test_losses_add_up_before_they_are_averaged():
    assert LossSum(3.0, 1).plus(LossSum(1.0, 3)).mean() == 1.0
    assert LossSum(0.0, 0).mean() == 0.0


def test_workers_close_their_threads(make_trainer):
    model = make_trainer().model
    with GradientWorkers(model, n_workers=2, n_threads=2, precision=FP32, seed=0) as workers:
        pool = workers.pool
    with pytest.raises(RuntimeError):
        pool.submit(print)


def test_auto_takes_fp32_where_bf16_cannot_be_had(monkeypatch):
    monkeypatch.setattr("serinette.training.machine.can_use_bf16", lambda device: False)
    assert not SpeedTest(SCHEMA, TrainingConfig(), 1).precision.is_bf16


def test_bf16_that_cannot_be_had_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr("serinette.training.machine.can_use_bf16", lambda device: False)
    with pytest.raises(ConfigError, match=r"precision bf16: .* use fp32 or auto"):
        SpeedTest(SCHEMA, TrainingConfig(precision="bf16"), 1)
