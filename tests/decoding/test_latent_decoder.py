import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ArtifactError
from serinette.core.seeds import stream_key
from serinette.decoding.latent_decoder import LatentDecoder, lengths_of, n_uniforms, normal_noise
from serinette.nets.latent import LatentModel
from serinette.nets.latent_config import LatentConfig

CONFIG = LatentConfig(hidden_size=7, latent_size=5, generator_size=9, n_blocks=2)
WIDE = LatentConfig(hidden_size=64, latent_size=24, generator_size=128)
T = 12


def make_model(config=CONFIG, n_features=3, n_context=2, *, has_end=True):
    model = LatentModel(config, n_features=n_features, n_context=n_context, has_end=has_end, seed=4)
    generator = torch.Generator().manual_seed(5)
    model.features.measure_(3 * torch.randn(50, n_features, generator=generator) + 1)
    model.latents.measure_(2 * torch.randn(50, config.latent_size, generator=generator) - 1)
    left = torch.randn(50, T, n_features, generator=generator)
    codes = torch.randn(50, config.latent_size, generator=generator)
    guess = left + torch.randn(50, T, n_features, generator=generator)
    model.residuals.measure_(left, guess, torch.ones(50, T, dtype=torch.bool), codes, n_features)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.startswith("generator.norms"):
                weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return model


def keys_of(n, seed=1):
    return np.array([stream_key(seed, row) for row in range(n)], dtype=np.uint64)


def drawn(decoder, n, n_steps=T):
    noise = normal_noise(keys_of(n), decoder.latent_size)
    context = np.linspace(-1, 1, 200 * decoder.n_context, dtype=np.float32)
    return decoder.draw(
        noise, context.reshape(200, -1)[:n], n_steps, row_noise(decoder, n, n_steps)
    )


def row_noise(decoder, n, n_steps=T):
    numbers = normal_noise(keys_of(n, seed=2), (1 + n_steps) * decoder.n_row_noise)
    return numbers.reshape(n, 1 + n_steps, decoder.n_row_noise)


@pytest.mark.parametrize(("n_context", "has_end"), [(0, False), (2, True)])
def test_numpy_writes_what_the_network_writes(n_context, has_end):
    model = make_model(n_context=n_context, has_end=has_end)
    decoder = LatentDecoder(model.weights(), CONFIG)
    noise = normal_noise(keys_of(70), 5)
    context = np.random.default_rng(0).normal(size=(70, n_context)).astype(np.float32)
    added = row_noise(decoder, 70)
    found = decoder.draw(noise, context, T, added)
    with torch.no_grad():
        given = (torch.from_numpy(noise), torch.from_numpy(context))
        wanted = model.write(*given, T, torch.from_numpy(added))
        plain = model.write(*given, T)
    assert (wanted.values - plain.values).abs().mean() > 0.5
    np.testing.assert_allclose(found.values, wanted.values.numpy(), atol=1e-5)
    if has_end:
        np.testing.assert_allclose(
            found.end_chances, wanted.end_logits.sigmoid().numpy(), atol=1e-5
        )
    else:
        assert found.end_chances is None


@pytest.mark.parametrize(("config", "n_features"), [(CONFIG, 1), (CONFIG, 3), (WIDE, 5)])
def test_a_row_never_depends_on_how_many_are_drawn(config, n_features):
    decoder = LatentDecoder(make_model(config, n_features).weights(), config)
    many = drawn(decoder, 200)
    for n in (1, 7, 64, 65):
        few = drawn(decoder, n)
        assert np.array_equal(few.values, many.values[:n])
        assert np.array_equal(few.end_chances, many.end_chances[:n])


@pytest.mark.parametrize(("config", "n_features"), [(CONFIG, 1), (CONFIG, 3), (WIDE, 5)])
def test_a_row_never_depends_on_its_place(config, n_features):
    decoder = LatentDecoder(make_model(config, n_features).weights(), config)
    noise = normal_noise(keys_of(130), config.latent_size)
    context = np.zeros((130, 2), dtype=np.float32)
    order = np.random.default_rng(1).permutation(130)
    straight, shuffled = (decoder.draw(n, context, T).values for n in (noise, noise[order]))
    assert np.array_equal(straight[order], shuffled)


@given(st.integers(1, 30))
def test_the_first_steps_do_not_depend_on_how_many_follow(n_steps):
    decoder = LatentDecoder(make_model().weights(), CONFIG)
    long, short = drawn(decoder, 3, 30), drawn(decoder, 3, n_steps)
    assert np.array_equal(long.values[:, :n_steps], short.values)


def test_nothing_is_drawn_for_no_rows():
    assert drawn(LatentDecoder(make_model().weights(), CONFIG), 0).values.shape == (0, T, 3)


@given(st.integers(1, 9), st.integers(1, 200), st.integers(0, 1000))
def test_the_noise_of_a_row_is_its_own(n, n_rows, seed):
    noise = normal_noise(keys_of(n_rows, seed), n)
    last = np.array([stream_key(seed, n_rows - 1)], dtype=np.uint64)
    assert np.array_equal(noise[-1:], normal_noise(last, n))
    assert np.array_equal(noise, normal_noise(keys_of(n_rows, seed), n + 1)[:, :n])
    assert np.isfinite(noise).all()
    assert n <= n_uniforms(n) <= n + 1


def test_the_noise_is_standard_normal():
    noise = normal_noise(keys_of(4000), 5).astype(np.float64)
    assert np.abs(noise.mean(axis=0)).max() < 0.07
    assert np.abs(np.cov(noise.T) - np.eye(5)).max() < 0.1
    assert np.abs((noise**4).mean(axis=0) - 3).max() < 0.6
    assert np.abs((noise**3).mean(axis=0)).max() < 0.25


def test_lengths_follow_the_chances():
    chances = np.tile(np.array([0.0, 0.5, 0.5, 0.0], dtype=np.float32), (1000, 1))
    lengths = lengths_of(chances, np.arange(1000) / 1000)
    assert np.bincount(lengths, minlength=5).tolist() == [0, 0, 500, 250, 250]


@given(st.floats(0, 1, exclude_max=True))
def test_a_certain_end_ends(u):
    chances = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0]], dtype=np.float32)
    assert lengths_of(chances, np.full(3, u)).tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["generator.norms.1.weight", "features.mean"])
def test_a_missing_weight_is_named(name):
    weights = make_model().weights()
    del weights[name]
    with pytest.raises(ArtifactError, match=rf"weight '{name}' has shape None, not"):
        LatentDecoder(weights, CONFIG)


def test_a_weight_of_the_wrong_shape_is_named():
    weights = make_model().weights() | {"decoder.out.weight": np.zeros((6, 8), np.float32)}
    with pytest.raises(ArtifactError, match=r"'decoder.out.weight' has shape \(6, 8\), not \(6, 7"):
        LatentDecoder(weights, CONFIG)
