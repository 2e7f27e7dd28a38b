import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.nets.critic_config import CriticConfig
from serinette.nets.critics import ACTIVATIONS, SequenceCritic, SingularValues, packed, with_spread
from serinette.training.game.losses import gradient_penalty, r1

B, T, F = 6, 7, 3
CONFIGS = {
    "cnn": CriticConfig(widths=(1, 2, 5), channels=4, dense_size=5),
    "cnn-max": CriticConfig(widths=(2, 9), channels=3, pooling="max", activation="tanh"),
    "cnn-mean": CriticConfig(channels=3, pooling="mean", n_dense=0, activation="sigmoid"),
    "cnn-normed": CriticConfig(channels=3, spectral_norm=True, layer_norm=True, n_dense=2),
    "lstm": CriticConfig(network="lstm", hidden_size=5, n_layers=2, activation="relu"),
    "lstm-normed": CriticConfig(network="lstm", hidden_size=5, spectral_norm=True, layer_norm=True),
}


def rows_of(seed=1, n=B, n_steps=T):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, n_steps, F, generator=generator)


def mask_of(*lengths, n_steps=T):
    return torch.arange(n_steps) < torch.tensor(lengths)[:, None]


FULL = mask_of(*[T] * B)


@pytest.mark.parametrize("name", CONFIGS)
@settings(max_examples=15)
@given(lengths=st.lists(st.integers(1, T), min_size=B, max_size=B), more=st.integers(0, 4))
def test_what_the_mask_leaves_out_and_other_rows_change_no_logit(name, lengths, more):
    critic = SequenceCritic(CONFIGS[name], F, seed=2).eval()
    rows, mask = rows_of(), mask_of(*lengths)
    found = critic(rows, mask)
    rubbish = torch.where(mask[:, :, None], rows, torch.tensor(1e3))
    longer = torch.cat([rubbish, torch.full((B, more, F), -7.0)], dim=1)
    padded = critic(longer, mask_of(*lengths, n_steps=T + more))
    torch.testing.assert_close(padded, found, rtol=1e-4, atol=1e-5)
    for row, length in enumerate(lengths):
        alone = critic(rows[row : row + 1, :length], mask_of(length, n_steps=length))
        torch.testing.assert_close(alone[0], found[row], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_weight_but_the_steps_gets_a_gradient_and_slopes_can_be_penalised(name):
    critic = SequenceCritic(CONFIGS[name], F, seed=3)
    real, fake = rows_of(1), rows_of(2)
    loss = r1(lambda x: critic(x, FULL), real) + gradient_penalty(
        lambda x: critic(x, FULL), real, fake, torch.Generator().manual_seed(0)
    )
    loss = loss + critic(real, FULL).square().mean()
    loss.backward()
    for place, weight in critic.named_parameters():
        if "step" not in place:
            assert weight.grad is not None, place
            assert torch.isfinite(weight.grad).all(), place
            assert float(weight.grad.abs().max()) > 0, place


def test_an_lstm_gives_a_logit_a_step_that_knows_no_later_step():
    critic = SequenceCritic(CONFIGS["lstm"], F, seed=1).eval()
    rows = rows_of()
    found = critic.judge(rows, FULL)
    assert found.logits.shape == (B,)
    assert found.step_logits.shape == (B, T)
    other = rows.clone()
    other[:, 4:] = 9.0
    changed = critic.judge(other, FULL).step_logits
    torch.testing.assert_close(changed[:, :4], found.step_logits[:, :4])
    assert (changed[:, 4:] != found.step_logits[:, 4:]).all()
    assert SequenceCritic(CONFIGS["cnn"], F).judge(rows, FULL).step_logits is None


def test_a_convolution_finds_its_pattern_wherever_it_stands():
    critic = SequenceCritic(CriticConfig(widths=(2,), channels=1, pooling="max"), F, seed=1).eval()
    rows = torch.zeros(2, T, F)
    pattern = critic.body.filters[0].weight[0].detach().T  # [2, F]
    rows[0, 1:3], rows[1, 4:6] = pattern, pattern
    found = critic(rows, mask_of(T, T))
    torch.testing.assert_close(found[0], found[1])


@settings(max_examples=15)
@given(seed=st.integers(0, 10), wide=st.floats(0.1, 20))
def test_a_normed_matrix_has_a_largest_singular_value_of_one(seed, wide):
    torch_seed = torch.Generator().manual_seed(seed)
    network = torch.nn.Conv1d(3, 5, 2)
    with torch.no_grad():
        network.weight.normal_(0, wide, generator=torch_seed)
    values = SingularValues(network, torch_seed)
    for _ in range(200):
        normed = values.normed(network)["weight"]
    largest = np.linalg.svd(normed.detach().flatten(1).numpy(), compute_uv=False)[0]
    assert largest == pytest.approx(1, abs=0.02)


def test_the_vectors_of_a_critic_rest_while_it_only_judges():
    critic = SequenceCritic(CONFIGS["cnn-normed"], F, seed=1).eval()
    before = {name: buffer.clone() for name, buffer in critic.named_buffers()}
    critic(rows_of(), FULL)
    assert all(torch.equal(buffer, before[name]) for name, buffer in critic.named_buffers())
    critic.train()(rows_of(), FULL)
    assert not all(torch.equal(buffer, before[name]) for name, buffer in critic.named_buffers())


def test_rows_laid_side_by_side_keep_their_order_and_their_ends():
    rows, mask = rows_of(n=4), mask_of(2, 5, 7, 1)
    rows = rows * mask[:, :, None]
    beside, there = packed(rows, mask, 2)
    torch.testing.assert_close(beside[0, :, :F], rows[0])
    torch.testing.assert_close(beside[0, :, F:], rows[1])
    torch.testing.assert_close(beside[1, :, F:], rows[3])
    assert there.sum(1).tolist() == [5, 7]
    critic = SequenceCritic(CriticConfig(packing=2, channels=3), F, seed=1)
    assert critic(rows, mask).shape == (2,)


def test_a_critic_that_is_told_the_spread_sees_rows_that_repeat_each_other():
    features = torch.tensor([[1.0, 0.0], [3.0, 0.0]])
    torch.testing.assert_close(
        with_spread(features)[:, 2], torch.full((2,), 0.5), atol=1e-3, rtol=0
    )
    config = CriticConfig(channels=3, minibatch_spread=True)
    critic = SequenceCritic(config, F, seed=1).eval()
    row = rows_of(n=1)
    among_others = torch.cat([row, rows_of(seed=4)])
    alone, repeated = critic(row, FULL[:1]), critic(row.expand(B, T, F), FULL)
    torch.testing.assert_close(repeated, alone.expand(B))
    assert float(critic(among_others, mask_of(*[T] * 7))[0].detach()) != float(alone[0].detach())


def test_dropout_comes_from_the_seed_and_only_while_training():
    config = CriticConfig(channels=3, dropout=0.5)
    one, other = (SequenceCritic(config, F, seed=5) for _ in range(2))
    rows = rows_of()
    first = one(rows, FULL)
    torch.manual_seed(99)
    torch.testing.assert_close(other(rows, FULL), first, rtol=0, atol=0)
    assert not torch.equal(one(rows, FULL), first)
    torch.testing.assert_close(one.eval()(rows, FULL), other.eval()(rows, FULL))


def test_activations_are_what_they_are_called():
    x = torch.tensor([-2.0, 0.0, 3.0])
    formulas = {
        "relu": np.array([0, 0, 3]),
        "leaky-relu": np.array([-0.4, 0, 3]),
        "tanh": np.tanh([-2, 0, 3]),
        "sigmoid": 1 / (1 + np.exp([2, 0, -3])),
    }
    assert set(formulas) == set(ACTIVATIONS)
    for name, expected in formulas.items():
        np.testing.assert_allclose(ACTIVATIONS[name](x).numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channels": 0}, "critic.channels must be at least 1, got 0"),
        ({"packing": 0}, "critic.packing must be at least 1, got 0"),
        ({"n_dense": -1}, "critic.n_dense must be at least 0, got -1"),
        ({"widths": ()}, r"critic.widths must be numbers of at least 1, got \[\]"),
        ({"widths": (3, 0)}, r"critic.widths must be numbers of at least 1, got \[3, 0\]"),
        ({"dropout": 1.0}, r"critic.dropout must be in \[0, 1\), got 1.0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        CriticConfig(**wrong)
