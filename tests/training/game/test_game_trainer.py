import math

import numpy as np
import pytest
import torch
from tiny_games import corpus_of, uneven, weights

GAMES = {
    "mediator": {"estimator": "mediator"},
    "mediator-jsd": {"estimator": "mediator", "divergence": "jensen-shannon", "anchor": 0.0},
    "mediator-forward": {"estimator": "mediator", "divergence": "forward", "anchor_kl": 0.1},
    "reinforce-lstm": {"estimator": "reinforce", "critic": {"network": "lstm"}, "loss": "bce"},
    "reinforce-cnn": {"estimator": "reinforce", "critic_steps": 2, "entropy": 0.01},
    "rollouts": {"estimator": "rollouts", "rollouts": 2, "loss": "hinge"},
    "gumbel": {
        "estimator": "gumbel",
        "instance_noise": 0.2,
        "feature_matching": 0.1,
        "anchor_kl": 0.1,
    },
    "gumbel-lstm": {"estimator": "gumbel", "critic": {"network": "lstm"}, "anchor": 0.0},
    "spectral": {
        "estimator": "gumbel",
        "critic": {"spectral_norm": True, "dropout": 0.2},
        "loss": "wasserstein",
    },
    "packed": {"estimator": "gumbel", "critic": {"packing": 2}, "loss": "relativistic"},
    "r1": {
        "estimator": "reinforce",
        "penalty": "r1",
        "loss": "least-squares",
        "label_smoothing": 0.1,
    },
    "gradient": {
        "estimator": "reinforce",
        "penalty": "gradient",
        "critic": {"network": "lstm", "minibatch_spread": True},
    },
}


def assert_same(one, other):
    ours, theirs = one.snapshot(), other.snapshot()
    assert ours.facts == theirs.facts
    assert set(ours.tensors) == set(theirs.tensors)
    for name, array in ours.tensors.items():
        np.testing.assert_array_equal(array, theirs.tensors[name], err_msg=name)


CASES = [(name, True) for name in GAMES] + [
    (name, False) for name in ("mediator", "reinforce-lstm", "rollouts", "gumbel")
]


@pytest.mark.parametrize(("name", "is_whole"), CASES)
def test_a_game_that_was_put_away_goes_on_to_the_bit(make, name, is_whole):
    settings = {**GAMES[name], "is_whole": is_whole, "critic_start": 1}
    whole, first, second = (make(uneven(), **settings) for _ in range(3))
    losses = [whole.update() for _ in range(4)]
    assert all(math.isfinite(loss.mean()) for loss in losses)
    for _ in range(2):
        first.update()
    second.restore_(first.snapshot())
    for _ in range(2):
        second.update()
    assert second.update_count == 11
    assert second.figures() == whole.figures()
    assert_same(whole, second)


@pytest.mark.parametrize(("name", "is_whole"), CASES)
def test_threads_never_change_a_game(make, name, is_whole):
    settings = {**GAMES[name], "is_whole": is_whole, "critic_start": 1}
    one, two = (make(uneven(), n_threads=n, **settings) for n in (1, 2))
    for _ in range(2):
        assert one.update() == two.update()
    assert_same(one, two)


@pytest.mark.parametrize("name", GAMES)
def test_both_players_learn_and_labels_are_read(make, name):
    trainer = make(uneven(n_labels=4), **GAMES[name])
    before = weights(trainer.model), weights(trainer.rival.network)
    trainer.update()
    assert not torch.equal(weights(trainer.model), before[0])
    assert not torch.equal(weights(trainer.rival.network), before[1])
    assert all(p.requires_grad for p in trainer.rival.network.parameters())


@pytest.mark.parametrize("name", ["mediator", "reinforce-lstm", "rollouts", "gumbel", "packed"])
def test_a_batch_that_is_padding_for_the_most_part_is_played_too(make, name):
    trainer = make(corpus_of([[2, 3], [4], [5, 6, 5]]), n_rows=8, **GAMES[name])
    assert all(math.isfinite(trainer.update().mean()) for _ in range(3))
    assert torch.isfinite(weights(trainer.model)).all()


def test_rows_that_are_padding_write_nothing(make):
    trainer = make(corpus_of([[2, 3], [4], [5, 6, 5]]), n_rows=8, estimator="reinforce")
    batch = trainer._next()
    assert torch.equal(batch.fake.mask.any(1), batch.real.mask.any(1))
    assert batch.n_fake_steps == int(batch.fake.mask.sum())


@pytest.mark.parametrize("is_whole", [True, False])
def test_groups_of_rows_hold_the_same_rows_on_both_sides(make, is_whole):
    trainer = make(uneven(n_labels=4), is_whole=is_whole, estimator="mediator", n_rows=8)
    batch = trainer._next()
    parts = [batch.part(k, 2) for k in range(2)]
    assert [part.written for part in parts] == [slice(2, None)] * 2
    for k, part in enumerate(parts):
        rows = slice(4 * k + 2, 4 * k + 4)
        assert torch.equal(part.real.context[part.written], batch.real.context[rows])
        assert torch.equal(part.fake.inputs[:, 0], batch.real.inputs[rows, 0])
        assert torch.equal(part.fake.symbols, batch.fake.symbols[2 * k : 2 * k + 2])


def test_what_a_stream_has_read_is_carried_by_both_players(make):
    trainer = make(corpus_of([np.arange(200) % 5 + 2]), is_whole=False, estimator="mediator")
    trainer.update()
    expected = [trainer.model.start(3)] * 2
    fresh = make(corpus_of([np.arange(200) % 5 + 2]), is_whole=False, estimator="mediator")
    for _ in range(3):  # two that the mediator learns from alone, and one of both
        batch = fresh._supply.batches.next()
        for k in range(2):
            part = batch.part(k, 2)
            state = expected[k].reset(part.fresh)
            with torch.no_grad():
                _, expected[k] = fresh.model(part.inputs, part.context, state)
    for ours, theirs in zip(trainer._states, expected, strict=True):
        torch.testing.assert_close(ours.h, theirs.h, atol=1e-6, rtol=0)
        assert ours.h.abs().sum() > 0


def test_a_critic_that_is_not_a_number_leaves_the_generator_alone(make):
    trainer = make(uneven(), estimator="reinforce")
    trainer.update()
    with torch.no_grad():
        trainer.rival.network.vectors[3] = math.nan
    before = weights(trainer.model).clone()
    assert math.isnan(trainer.update().mean())
    assert torch.equal(weights(trainer.model), before)
    assert trainer.update_count == 8


def test_the_average_is_what_is_put_in_place(make):
    trainer = make(uneven(), learning_rate=0.05)
    for _ in range(4):
        trainer.update()
    own = weights(trainer.model)
    with trainer.average.in_place():
        assert not torch.equal(weights(trainer.model), own)
    assert torch.equal(weights(trainer.model), own)


def test_slowing_down_halves_both_rates_and_is_kept(make):
    trainer = make(uneven())
    rate = trainer.rate
    trainer.slow_down_()
    assert trainer.rate == rate / 2
    other = make(uneven())
    other.restore_(trainer.snapshot())
    assert other.rate == rate / 2
    trainer.update()
    other.update()
    assert_same(trainer, other)


def test_a_game_is_counted_on_from_the_likelihood_stage(make):
    trainer = make(uneven(), updates=3)
    assert (trainer.update_count, trainer.is_done) == (7, False)
    for _ in range(3):
        trainer.update()
    assert (trainer.update_count, trainer.is_done) == (10, True)
    assert trainer.pace.length == 3


def test_penalties_on_weights_hold_in_the_game_too(make):
    sizes = []
    for training in ({}, {"l1": 50.0}, {"l2": 50.0}):
        game = make(uneven(), estimator="mediator", training={"clip_norm": 0.0, **training})
        before = float(weights(game.model).abs().sum())
        game.update()
        sizes.append(float(weights(game.model).abs().sum()) - before)
    assert max(sizes[1:]) < 0
    assert max(sizes[1:]) < sizes[0]
