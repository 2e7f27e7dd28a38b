"""What the decoder leaves out of windows, drawn again: noise that remembers and has its own width.

Within a window the noise of a row depends on the two rows before it: a vector autoregression
(Lütkepohl 2005, chapter 3). How wide it is differs from window to window, as the latent says and by
chance (a stochastic volatility that is constant within a window; Taylor 1982). All of it is
measured on the training windows by least squares, nothing is trained.

Shape letters: `B` windows, `T` steps (`T1` is one more), `F` features, `V` of them that have noise,
`Z` latent, `N` rows, `D` numbers beside one another.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from serinette.nets.latent_config import residual_shapes

_RIDGE, _CALM = 1e-8, 0.999
_SCALE_RIDGE = 0.01
_STILL = 1e-4
"""Noise below this is as good as none."""
_FEWEST_ROWS = 4
"""Rows of a window below which nothing is said of how wide its own noise is."""


class Residuals(nn.Module):
    """Draws residuals.

    Args:
        n_features: Of a row.
        latent_size: Of a window's latent.
    """

    first: Tensor
    second: Tensor
    later: Tensor
    scale: Tensor

    def __init__(self, n_features: int, latent_size: int) -> None:
        super().__init__()
        for name, shape in residual_shapes(n_features, latent_size).items():
            self.register_buffer(name.partition(".")[2], torch.zeros(shape))

    def measure_(
        self,
        residuals: Float[Tensor, "B T F"],
        mask: Bool[Tensor, "B T"],
        latents: Float[Tensor, "B Z"],
        n_drawn: int,
    ) -> None:
        """Fit by least squares.

        Args:
            residuals: Standardised.
            mask: Which steps are there: the first of each window.
            latents: Standardised.
            n_drawn: The first so many features have noise; none of the others has.
        """
        known = residuals[..., :n_drawn].double() * mask[..., None]
        lengths = mask.sum(1)
        widths = (known.square().sum(1) / lengths[:, None]).sqrt() + _STILL  # [B, V]
        self._measure_scale_(widths, lengths, latents.double())
        known = known / widths[:, None]
        told = [
            torch.cat([known[:, n_before - k : known.shape[1] - k] for k in range(n_before + 1)], 2)
            for n_before in range(3)
        ]  # of each row: itself and those before it, the nearest first
        parts = (
            (self.first, told[0][:, :1], mask[:, :1]),
            (self.second, told[1][:, :1], mask[:, 1:2]),
            (self.later, told[2], mask[:, 2:]),
        )
        for matrix, rows, there in parts:
            if there.any():
                _fit_(matrix, rows[there], n_drawn)

    def _measure_scale_(
        self, widths: Float[Tensor, "B V"], lengths: Tensor, latents: Float[Tensor, "B Z"]
    ) -> None:
        """Fit the logarithm of each window's widths to its latent; the rest is chance."""
        n_drawn, size = widths.shape[1], latents.shape[1]
        self.scale.zero_()
        logs = widths.log()
        if lengths.double().mean() < _FEWEST_ROWS:
            self.scale[:n_drawn, size] = widths.square().mean(0).log() / 2
            return
        middle = logs.mean(0)
        square = latents.T @ latents / len(latents) + _SCALE_RIDGE * torch.eye(size).double()
        centred = latents - latents.mean(0)
        told = torch.linalg.solve(square, centred.T @ (logs - middle) / len(latents))  # [Z, V]
        left = logs - middle - centred @ told
        # A width that was measured on n rows is off by about 1 / sqrt(2 n) by itself.
        chance = left.T @ left / len(left)
        chance -= torch.eye(n_drawn).double() * (0.5 / lengths.double()).mean()
        values, axes = torch.linalg.eigh(chance)
        self.scale[:n_drawn, :size] = told.T
        self.scale[:n_drawn, size] = middle - latents.mean(0) @ told
        self.scale[:n_drawn, size + 1 : size + 1 + n_drawn] = axes * values.clamp(min=0).sqrt()

    def draw(
        self, noise: Float[Tensor, "B T1 F"], latents: Float[Tensor, "B Z"]
    ) -> Float[Tensor, "B T F"]:
        """Turn standard normal numbers into residuals, standardised.

        Args:
            noise: First those that the widths of a window are drawn by, then those of its rows.
            latents: Standardised.
        """
        ones = latents.new_ones(len(latents), 1)
        widths = (torch.cat([latents, ones, noise[:, 0]], dim=1) @ self.scale.T).exp()
        rows: list[Tensor] = []
        for step in range(noise.shape[1] - 1):
            matrix = (self.first, self.second, self.later)[min(step, 2)]
            rows.append(torch.cat([noise[:, step + 1], *rows[:-3:-1]], dim=1) @ matrix.T)
        return torch.stack(rows, dim=1) * widths[:, None]


def _fit_(matrix: Tensor, rows: Float[Tensor, "N D"], n_drawn: int) -> None:
    """Fill a matrix of `Residuals` from rows beside those before them."""
    own, before = rows[:, :n_drawn], rows[:, n_drawn:]
    size = matrix.shape[0]
    matrix.zero_()
    left = own
    if before.shape[1]:
        ridge = _RIDGE * torch.eye(before.shape[1], dtype=before.dtype)
        square = before.T @ before / len(before) + ridge
        carried = _calmed(torch.linalg.solve(square, before.T @ own / len(before)).T)  # [V, D]
        left = own - before @ carried.T
        for k, part in enumerate(torch.split(carried, n_drawn, dim=1), start=1):
            matrix[:n_drawn, k * size : k * size + n_drawn] = part
    spread = left.T @ left / len(left) + _RIDGE * torch.eye(n_drawn, dtype=left.dtype)
    matrix[:n_drawn, :n_drawn] = torch.linalg.cholesky(spread)


def _calmed(carried: Float[Tensor, "V D"]) -> Float[Tensor, "V D"]:
    """Shrink what is carried on until it dies away: a fit may say that noise grows for ever."""
    n_drawn, n_read = carried.shape
    if n_read == n_drawn:
        return carried
    companion = torch.zeros(n_read, n_read, dtype=carried.dtype)
    companion[:n_drawn] = carried
    companion[n_drawn:, :n_drawn] = torch.eye(n_drawn, dtype=carried.dtype)
    growth = float(torch.linalg.eigvals(companion).abs().max())
    factors = (min(1.0, _CALM / growth) ** k for k in (1, 2)) if growth > 0 else (1.0, 1.0)
    parts = torch.split(carried, n_drawn, dim=1)
    return torch.cat([part * f for part, f in zip(parts, factors, strict=True)], dim=1)
