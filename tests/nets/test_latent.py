import functools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.nets.critic import Critic
from serinette.nets.latent import LatentModel, Scale, model_of
from serinette.nets.latent_config import (
    BEND,
    DETAIL,
    SLOPE_STEPS,
    LatentConfig,
    expected_shapes,
)
from serinette.training.game.losses import gradient_penalty

CONFIG = LatentConfig(hidden_size=7, latent_size=5, generator_size=9, critic_size=11, n_blocks=2)
B, T, F, C = 6, 12, 3, 2


def make_model(n_context=C, *, has_end=True, seed=0):
    return LatentModel(CONFIG, n_features=F, n_context=n_context, has_end=has_end, seed=seed)


def windows_of(seed):
    return torch.randn(B, T, F, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 50), st.lists(st.integers(1, T), min_size=B, max_size=B))
def test_what_stands_beyond_a_window_never_changes_its_latent(seed, lengths):
    model, lengths = make_model(), torch.tensor(lengths)
    windows = windows_of(seed)
    padded = torch.where((torch.arange(T) < lengths[:, None])[..., None], windows, 1e3)
    assert torch.equal(model.encode(windows, lengths), model.encode(padded, lengths))


@given(st.integers(1, T))
def test_a_padded_window_has_the_latent_of_the_window_alone(length):
    model, windows = make_model(), windows_of(1)
    padded = model.encode(windows, torch.full((B,), length))
    alone = model.encode(windows[:, :length], torch.full((B,), length))
    assert torch.allclose(padded, alone, atol=1e-6)


def test_every_step_of_a_window_matters():
    model, windows = make_model(), windows_of(2)
    lengths = torch.full((B,), T)
    before = model.encode(windows, lengths)
    for step in range(T):
        changed = windows.clone()
        changed[:, step] += 1
        assert (model.encode(changed, lengths) - before).abs().min() > 0


@given(st.integers(1, T))
def test_the_first_steps_do_not_depend_on_how_many_follow(n_steps):
    model = make_model()
    latents, context = torch.randn(B, 5), torch.randn(B, C)
    long, short = (model.decode(latents, context, n) for n in (T, n_steps))
    assert torch.allclose(long.values[:, :n_steps], short.values, atol=1e-6)
    assert torch.allclose(long.end_logits[:, :n_steps], short.end_logits, atol=1e-6)


def test_context_and_latent_reach_every_step():
    model = make_model()
    latents, context = torch.zeros(1, 5), torch.zeros(1, C)
    plain = model.decode(latents, context, T).values
    assert (model.decode(latents, context + 1, T).values != plain).all()
    assert (model.decode(latents + 1, context, T).values != plain).all()


def test_a_step_is_a_line_and_what_the_lstm_says_and_bends_added_up_twice():
    model = make_model(0, has_end=False)
    decoder = model.decoder
    with torch.no_grad():
        for part in (decoder.level, decoder.slope, decoder.out):
            part.weight.zero_()
            part.bias.zero_()
        decoder.level.bias += 2.0
        decoder.slope.bias[0] = SLOPE_STEPS
        decoder.out.bias[1] = 1 / DETAIL
        decoder.out.bias[F + 2] = 1 / BEND
    line, detail, bent = model.decode(torch.zeros(1, 5), torch.zeros(1, 0), 5).values[0].T
    assert line.tolist() == pytest.approx([2, 3, 4, 5, 6])
    assert detail.tolist() == pytest.approx([3] * 5)
    assert bent.tolist() == pytest.approx([2 + n for n in (1, 3, 6, 10, 15)])


def test_a_model_without_ends_tells_none():
    model = make_model(0, has_end=False)
    assert model.decode(torch.zeros(1, 5), torch.zeros(1, 0), T).end_logits is None


@pytest.mark.parametrize(("n_context", "has_end"), [(0, False), (C, True)])
def test_the_weights_are_those_that_the_config_lists_and_come_back(n_context, has_end):
    model = make_model(n_context, has_end=has_end)
    model.features.measure_(windows_of(3).reshape(-1, F))
    weights = model.weights()
    wanted = expected_shapes(CONFIG, n_features=F, n_context=n_context, has_end=has_end)
    assert {name: w.shape for name, w in weights.items()} == wanted
    assert all(w.dtype == np.float32 for w in weights.values())
    again = model_of(weights, CONFIG).weights()
    assert all(np.array_equal(again[name], w) for name, w in weights.items())


def test_a_seed_decides_the_weights():
    first, same, other = (make_model(seed=seed).weights() for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not np.array_equal(first["encoder.out.weight"], other["encoder.out.weight"])


def test_a_scale_leaves_what_never_varies_as_it_is():
    scale = Scale(2)
    rows = torch.tensor([[3.0, 1.0], [3.0, 5.0]])
    scale.measure_(rows)
    assert scale.mean.tolist() == [3.0, 3.0]
    assert scale.sd.tolist() == [1.0, 2.0]
    assert torch.equal(scale.natural(scale.standard(rows)), rows)


def test_the_penalty_of_a_linear_critic_is_the_distance_of_its_slope_from_one():
    critic = Critic(CONFIG, 0)
    with torch.no_grad():
        for layer in critic.layers:
            layer.weight.zero_()
            layer.bias.fill_(1.0)
        critic.layers[0].weight.copy_(torch.eye(11, 5))
        critic.layers[0].bias.fill_(100.0)  # far on one side of the kink: the critic is linear
        critic.layers[1].weight.copy_(torch.eye(11))
        critic.out.weight.zero_()
        critic.out.weight[0, :2] = torch.tensor([3.0, 4.0])
    real, written = torch.randn(B, 5), torch.randn(B, 5)
    judge = functools.partial(critic, context=torch.zeros(B, 0))
    penalty = gradient_penalty(judge, real, written, torch.Generator())
    assert penalty.item() == pytest.approx((5 - 1) ** 2, rel=1e-5)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"latent_size": 0}, "latent.latent_size must be at least 1, got 0"),
        ({"noise": -0.5}, "latent.noise must be at least 0, got -0.5"),
        ({"learning_rate": 0.0}, "latent.learning_rate must be above 0, got 0.0"),
        ({"critic_rate": float("nan")}, "latent.critic_rate must be above 0, got nan"),
        ({"average_decay": 1.0}, r"latent.average_decay must be in \[0, 1\), got 1.0"),
        ({"ae_share": 1.0}, r"latent.ae_share must be in \(0, 1\), got 1.0"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(setting, message):
    with pytest.raises(ConfigError, match=message):
        LatentConfig(**setting)
