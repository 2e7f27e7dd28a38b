"""Each estimator moves a generator that knows nothing of the data towards them."""

import itertools

import numpy as np
import pytest
import torch
from tiny_games import END, V, chain, make_game, model_of

from serinette.training.game.drawing import Opening, draw

TRANSITION = np.array([[0.9, 0.1], [0.3, 0.7]])


def conditional(model, symbol):
    """Return how often 2 and 3 follow `symbol` at the second step, `end` left aside."""
    context = torch.zeros(1, 0).long()
    with torch.no_grad():
        hidden, _ = model(torch.tensor([[END, symbol]]), context, model.start(1))
        probabilities = model.readout.project(hidden)[0, 1].softmax(-1)[2:4]
    return (probabilities / probabilities.sum()).numpy()


def test_the_mediators_game_finds_the_chain_behind_the_data():
    start = model_of(n_symbols=4, seed=6, n_layers=1, hidden_size=12)
    trainer = make_game(
        chain(TRANSITION),
        start=start,
        n_rows=32,
        estimator="mediator",
        updates=250,
        learning_rate=2e-2,
        critic_rate=2e-2,
        anchor=0.0,
        training={"n_workers": 1},
    )
    assert np.abs(conditional(trainer.model, 2) - TRANSITION[0]).max() > 0.15
    while not trainer.is_done:
        trainer.update()
    trainer.close()
    with trainer.average.in_place():
        for symbol in (2, 3):
            found = conditional(trainer.model, symbol)
            np.testing.assert_allclose(found, TRANSITION[symbol - 2], atol=0.1)


def pairs(symbols, mask):
    """Return how often each pair of symbols stands side by side."""
    counts = np.zeros(V * V)
    for row, there in zip(symbols.tolist(), mask.tolist(), strict=True):
        kept = [s for s, is_there in zip(row, there, strict=True) if is_there]
        for one, other in itertools.pairwise([END, *kept]):
            counts[one * V + other] += 1
    return counts / counts.sum()


def apart(trainer, corpus):
    """Return the total variation between the pairs of written and of real rows."""
    n = 1500
    opening = Opening(torch.full((n,), END), torch.zeros(n, 0).long(), trainer.model.start(n))
    noise = torch.Generator().manual_seed(1)
    drawn = draw(trainer.model, opening, 16, END, noise)
    ours = pairs(drawn.symbols, drawn.mask)
    real = np.zeros(V * V)
    np.add.at(real, corpus.symbols[:-1] * V + corpus.symbols[1:], 1)
    return np.abs(ours - real / real.sum()).sum() / 2


@pytest.mark.parametrize(
    "settings",
    [
        {"estimator": "reinforce", "critic": {"network": "lstm"}, "loss": "bce"},
        {"estimator": "reinforce", "critic": {"network": "cnn", "widths": (1, 2)}},
        {"estimator": "rollouts", "rollouts": 2, "critic": {"widths": (1, 2)}},
        {"estimator": "gumbel", "sharpness": 2.0, "critic": {"widths": (1, 2)}},
    ],
    ids=["steps", "rows", "rollouts", "gumbel"],
)
def test_a_critics_game_moves_what_is_written_towards_the_data(settings):
    corpus = chain(TRANSITION, n=300)
    trainer = make_game(
        corpus,
        start=model_of(seed=6, n_layers=1, hidden_size=12),
        n_rows=32,
        updates=80,
        learning_rate=2e-2,
        critic_rate=1e-2,
        critic_start=20,
        anchor=0.0,
        training={"n_workers": 1},
        **settings,
    )
    before = apart(trainer, corpus)
    while not trainer.is_done:
        trainer.update()
    trainer.close()
    with trainer.average.in_place():
        assert apart(trainer, corpus) < 0.6 * before
