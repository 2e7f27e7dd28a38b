"""What the decoder leaves out of windows, drawn again as it was."""

import numpy as np
import pytest
import torch

from serinette.artifact.folder import _model_config
from serinette.nets.latent import Residuals
from serinette.nets.networks import NETWORKS

N, T, F = 4_000, 8, 3
CARRY = torch.tensor([[0.5, 0.2, 0.0], [-0.3, 0.4, 0.0], [0.0, 0.0, -0.6]])
SPREAD = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.8, 0.0], [0.2, 0.1, 0.3]])


def noise_of(seed, n=N, n_features=F):
    return torch.randn(n, T, n_features, generator=torch.Generator().manual_seed(seed))


def remembered(seed):
    noise, rows = noise_of(seed), []
    for step in range(T):
        before = CARRY @ rows[-1] if rows else torch.zeros(F, N)
        rows.append(before + SPREAD @ noise[:, step].T)
    return torch.stack(rows).permute(2, 0, 1)


def covariance(windows):
    flat = windows.reshape(len(windows), -1).double()
    return (flat.T @ flat) / len(flat)


def everywhere(windows):
    return torch.ones(windows.shape[:2], dtype=torch.bool)


def test_what_is_drawn_has_the_covariances_of_what_was_measured():
    real, residuals = remembered(0), Residuals(F)
    residuals.measure_(real, everywhere(real), F)
    drawn = residuals.draw(noise_of(1))
    floor = (covariance(remembered(2)) - covariance(real)).abs().max()
    assert (covariance(drawn) - covariance(real)).abs().max() < 2 * floor
    assert torch.allclose(residuals.later[:, F : 2 * F], CARRY, atol=0.1)
    assert torch.allclose(residuals.first, SPREAD, atol=0.1)
    assert torch.allclose(residuals.later[:, 2 * F :], torch.zeros(F, F), atol=0.1)


def test_only_levels_have_noise_and_steps_that_are_not_there_say_nothing():
    real, residuals = remembered(0), Residuals(F + 2)
    wide = torch.cat([real, torch.ones(N, T, 2)], dim=2)
    lengths = torch.arange(N) % T + 1
    mask = torch.arange(T) < lengths[:, None]
    wide[~mask] = 1e6
    residuals.measure_(wide, mask, F)
    drawn = residuals.draw(noise_of(1, n_features=F + 2))
    assert (drawn[..., F:] == 0).all()
    assert (covariance(drawn[..., :F]) - covariance(real)).abs().max() < 0.3


def test_noise_that_would_grow_for_ever_is_calmed():
    growing = 1.3 ** torch.arange(T)[:, None] * torch.randn(N, 1, F)
    residuals = Residuals(F)
    residuals.measure_(growing, everywhere(growing), F)
    long = torch.zeros(1, 3_000, F)
    long[:, 0] = 1
    assert residuals.draw(long)[0, -1].abs().max() < residuals.draw(long)[0, :10].abs().max()


@pytest.mark.parametrize("n_steps", [1, 2])
def test_windows_of_one_and_two_rows_are_enough(n_steps):
    real, residuals = remembered(0)[:, :n_steps], Residuals(F)
    residuals.measure_(real, everywhere(real), F)
    drawn = residuals.draw(noise_of(1)[:, :n_steps])
    assert (covariance(drawn) - covariance(real)).abs().max() < 0.15


def test_an_artifact_that_does_not_name_them_has_none(tmp_path):
    network = NETWORKS["latent"]
    assert not _model_config(network, {"hidden_size": 8}, tmp_path).residuals
    assert network.config_type().residuals
    assert np.array_equal(
        sorted(_model_config(network, {"residuals": True}, tmp_path).__dict__),
        sorted(network.config_type().__dict__),
    )
