"""What the decoder leaves out of windows, drawn again as it was."""

import pytest
import torch

from serinette.artifact.folder import _model_config
from serinette.nets.networks import NETWORKS
from serinette.nets.residuals import Residuals

N, T, F, Z = 4_000, 24, 3, 2
CARRY = torch.tensor([[0.5, 0.2, 0.0], [-0.3, 0.4, 0.0], [0.0, 0.0, -0.6]])
SPREAD = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.8, 0.0], [0.2, 0.1, 0.3]])
TOLD = torch.tensor([[0.4, 0.0, -0.2], [0.0, 0.1, 0.0]])
"""What the two numbers of a latent say of the logarithm of each feature's width."""
CHANCE = 0.3


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def remembered(seed):
    noise, rows = normal(seed, N, T, F), []
    for step in range(T):
        before = CARRY @ rows[-1] if rows else torch.zeros(F, N)
        rows.append(before + SPREAD @ noise[:, step].T)
    return torch.stack(rows).permute(2, 0, 1)


def latents(seed=3):
    return normal(seed, N, Z)


def with_widths(seed):
    widths = (latents() @ TOLD + CHANCE * normal(seed + 100, N, F)).exp()
    return remembered(seed) * widths[:, None]


def covariance(windows):
    flat = windows.reshape(len(windows), -1).double()
    return (flat.T @ flat) / len(flat)


def everywhere(windows):
    return torch.ones(windows.shape[:2], dtype=torch.bool)


def measured(real, mask=None, n_drawn=F):
    residuals = Residuals(real.shape[2], Z)
    mask = everywhere(real) if mask is None else mask
    residuals.measure_(real, torch.zeros_like(real), mask, latents(), n_drawn)
    return residuals


def redrawn(residuals, n_steps=T, n_features=F):
    return residuals.draw(normal(1, N, 1 + n_steps, n_features), latents())


def test_what_is_drawn_has_the_covariances_of_what_was_measured():
    real = remembered(0)
    drawn = redrawn(measured(real))
    floor = (covariance(remembered(2)) - covariance(real)).abs().max()
    assert (covariance(drawn) - covariance(real)).abs().max() < 3 * floor


def test_widths_are_told_by_the_latent_and_by_chance():
    residuals = measured(with_widths(0))
    assert torch.allclose(residuals.scale[:, :Z], TOLD.T, atol=0.05)
    chance = residuals.scale[:, Z + 1 :]
    assert torch.allclose(chance @ chance.T, CHANCE**2 * torch.eye(F), atol=0.06)
    steady = measured(remembered(0)).scale[:, Z + 1 :]
    assert (steady @ steady.T).diagonal().max() < CHANCE**2 / 2


def test_a_decoder_that_is_wrong_in_the_same_way_is_mended():
    real = remembered(0)
    decoded = 0.5 * real
    decoded[:, 1:] += 0.3 * decoded[:, :-1]
    decoded[..., 1] -= 2
    residuals = Residuals(F, Z)
    residuals.measure_(real, decoded, everywhere(real), latents(), F)
    before, after = ((real - x).square().mean() for x in (decoded, residuals.mended(decoded)))
    assert after < before / 20
    assert torch.allclose(
        residuals.mended(decoded[:, :3]), residuals.mended(decoded)[:, :3], atol=1e-5
    )


def spread_of_widths(windows):
    return windows.square().mean(1).sqrt().log().std(0)


def test_some_windows_are_restless_as_some_were():
    real = with_widths(0)
    drawn = redrawn(measured(real))
    assert torch.allclose(spread_of_widths(drawn), spread_of_widths(real), rtol=0.1)
    restless, calm = latents()[:, 0] > 1, latents()[:, 0] < -1
    assert drawn[restless, :, 0].std() > 1.5 * drawn[calm, :, 0].std()


def test_noise_is_skewed_as_it_was():
    plain = normal(0, N, T, F)
    real = plain + 0.3 * (plain.square() - 1)
    drawn = redrawn(measured(real))
    places = torch.tensor([0.01, 0.1, 0.5, 0.9, 0.99])
    for k in range(F):
        found, wanted = (torch.quantile(x[:, :, k], places) for x in (drawn, real))
        assert torch.allclose(found, wanted, atol=0.45)
    assert float(drawn.mean()) == pytest.approx(float(real.mean()), abs=0.03)
    assert float(drawn.std()) == pytest.approx(float(real.std()), abs=0.06)


def test_only_levels_have_noise_and_steps_that_are_not_there_say_nothing():
    real = remembered(0)
    wide = torch.cat([real, torch.ones(N, T, 2)], dim=2)
    mask = torch.arange(T) < (torch.arange(N) % (T - 8) + 9)[:, None]
    wide[~mask] = 1e6
    drawn = redrawn(measured(wide, mask), n_features=F + 2)
    assert (drawn[..., F:] == 0).all()
    assert (covariance(drawn[..., :F]) - covariance(real)).abs().max() < 0.5


def test_noise_that_would_grow_for_ever_is_calmed():
    growing = 1.3 ** torch.arange(T)[:, None] * normal(0, N, 1, F)
    later = measured(growing).later
    companion = torch.eye(2 * F).roll(F, dims=0)
    companion[:F] = later[:, F:]
    assert torch.linalg.eigvals(companion).abs().max() < 1


@pytest.mark.parametrize("n_steps", [1, 2])
def test_windows_of_one_and_two_rows_are_enough(n_steps):
    real = remembered(0)[:, :n_steps]
    drawn = redrawn(measured(real), n_steps)
    found, wanted = covariance(drawn).diagonal(), covariance(real).diagonal()
    assert torch.allclose(found, wanted, rtol=0.2)


def test_an_artifact_that_does_not_name_them_has_none(tmp_path):
    network = NETWORKS["latent"]
    assert not _model_config(network, {"hidden_size": 8}, tmp_path).residuals
    assert network.config_type().residuals
