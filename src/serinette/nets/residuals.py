"""What the decoder leaves out of windows, drawn again: noise that remembers and has its own width.

First a decoded row is mended: it is moved to where the real ones were, given it and the row before.
What is left is noise that depends, within a window, on the noise of the two rows before (a vector
autoregression; Lütkepohl 2005, chapter 3), and whose own part has the quantiles that it had,
feature by feature. How wide it is differs from window to window, as the latent says and by chance
(a stochastic volatility that is constant within a window; Taylor 1982). All of it is measured on
the training windows by least squares, nothing is trained.

Shape letters: `B` windows, `T` steps (`T1` is one more), `F` features, `V` of them that have noise,
`Z` latent, `N` rows, `D` numbers beside one another, `K` knots.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from serinette.nets.latent_config import KNOTS, residual_shapes

_RIDGE, _CALM = 1e-8, 0.999
_SCALE_RIDGE = 0.01
_STILL = 1e-4
"""Noise below this is as good as none."""
_NORMAL_TAILS = 3.0
"""Fourth moment of a normal number."""
_FEWEST_SHAPED = 500
"""Rows below which their noise is taken for normal."""
_MOST_NUMBERS, _N_FINE = 10_000_000, 2_000
_FEWEST_ROWS = 4
"""Rows of a window below which nothing is said of how wide its own noise is."""


class Residuals(nn.Module):
    """Draws residuals.

    Args:
        n_features: Of a row.
        latent_size: Of a window's latent.
    """

    begin: Tensor
    mend: Tensor
    first: Tensor
    second: Tensor
    later: Tensor
    scale: Tensor
    shape: Tensor

    def __init__(self, n_features: int, latent_size: int) -> None:
        super().__init__()
        for name, shape in residual_shapes(n_features, latent_size).items():
            self.register_buffer(name.partition(".")[2], torch.zeros(shape))

    def measure_(
        self,
        real: Float[Tensor, "B T F"],
        decoded: Float[Tensor, "B T F"],
        mask: Bool[Tensor, "B T"],
        latents: Float[Tensor, "B Z"],
        n_drawn: int,
    ) -> None:
        """Fit by least squares.

        Args:
            real: Windows, standardised.
            decoded: What they are decoded to.
            mask: Which steps are there: the first of each window.
            latents: Standardised.
            n_drawn: The first so many features have noise; none of the others has.
        """
        self._measure_mend_(real[..., :n_drawn], decoded[..., :n_drawn], mask)
        residuals = real - self.mended(decoded)
        known = residuals[..., :n_drawn].double() * mask[..., None]
        lengths = mask.sum(1)
        widths = (known.square().sum(1) / lengths[:, None]).sqrt() + _STILL  # [B, V]
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
        tails = torch.full((n_drawn,), _NORMAL_TAILS).double()
        for matrix, rows, there in parts:
            if there.any():
                left = _fit_(matrix, rows[there], n_drawn)
                self.shape[:n_drawn] = _shape(left)
                tails = left.pow(4).mean(0) / left.square().mean(0).square()
        # A width that was measured on n rows is off by chance: a variance of (tails - 1) / 4 n.
        own = (tails - 1) / 4 * (1 / lengths.double()).mean()
        self._measure_scale_(widths, lengths, latents.double(), own)

    def _measure_mend_(
        self,
        real: Float[Tensor, "B T V"],
        decoded: Float[Tensor, "B T V"],
        mask: Bool[Tensor, "B T"],
    ) -> None:
        """Fit what is left out to what is decoded."""
        n_drawn, size = real.shape[2], self.begin.shape[0]
        left, told = (real - decoded).double(), _beside(decoded.double())
        for matrix, rows in ((self.begin, slice(0, 1)), (self.mend, slice(1, None))):
            matrix.zero_()
            there = mask[:, rows]
            if not there.any():
                continue
            n_read = 1 + n_drawn if matrix is self.begin else 1 + 2 * n_drawn
            read = told[:, rows][there][:, :n_read]
            ridge = _RIDGE * torch.eye(n_read, dtype=read.dtype)
            wanted = read.T @ left[:, rows][there] / len(read)
            found = torch.linalg.solve(read.T @ read / len(read) + ridge, wanted).T
            matrix[:n_drawn, : 1 + n_drawn] = found[:, : 1 + n_drawn]
            if n_read > 1 + n_drawn:
                matrix[:n_drawn, 1 + size : 1 + size + n_drawn] = found[:, 1 + n_drawn :]

    def mended(self, decoded: Float[Tensor, "B T F"]) -> Float[Tensor, "B T F"]:
        """Move decoded windows to where the real ones were."""
        told = _beside(decoded)
        first = told[:, :1, : self.begin.shape[1]] @ self.begin.T
        return decoded + torch.cat([first, told[:, 1:] @ self.mend.T], dim=1)

    def _measure_scale_(
        self,
        widths: Float[Tensor, "B V"],
        lengths: Int[Tensor, " B"],
        latents: Float[Tensor, "B Z"],
        own: Float[Tensor, " V"],
    ) -> None:
        """Fit the logarithm of each window's widths to its latent; the rest is chance.

        Args:
            widths: Root mean squares.
            lengths: Rows of each window.
            latents: Standardised.
            own: Variances that such logarithms have even if all windows are alike.
        """
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
        chance = left.T @ left / len(left) - torch.diag(own)
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
        shaped = _on_lines(self.shape, noise[:, 1:])
        for step in range(shaped.shape[1]):
            matrix = (self.first, self.second, self.later)[min(step, 2)]
            rows.append(torch.cat([shaped[:, step], *rows[:-3:-1]], dim=1) @ matrix.T)
        return torch.stack(rows, dim=1) * widths[:, None]


def _beside(rows: Float[Tensor, "B T V"]) -> Float[Tensor, "B T D"]:
    """Return a 1, each row and the one before it side by side; zeros stand before the first."""
    before = torch.cat([torch.zeros_like(rows[:, :1]), rows[:, :-1]], dim=1)
    return torch.cat([torch.ones_like(rows[..., :1]), rows, before], dim=2)


def _shape(left: Float[Tensor, "N V"]) -> Float[Tensor, "V K"]:
    """Return what stands for a normal number at the knots, of mean 0 and variance 1.

    Args:
        left: Whitened noise of rows.
    """
    knots = torch.tensor(KNOTS).double()
    if len(left) < _FEWEST_SHAPED:
        return knots.expand(left.shape[1], -1)
    found = torch.quantile(_thinned(left), torch.special.ndtr(knots), dim=0).T  # [V, K]
    fine = torch.special.ndtri((torch.arange(_N_FINE).double() + 0.5) / _N_FINE)
    drawn = _on_lines(found, fine.expand(len(found), -1).T).T
    spread = drawn.std(dim=1, correction=0, keepdim=True).clamp(min=_STILL)
    shape: Tensor = (found - drawn.mean(dim=1, keepdim=True)) / spread
    return shape


def _on_lines(shape: Float[Tensor, "V K"], noise: Float[Tensor, "*B V"]) -> Float[Tensor, "*B V"]:
    """Put in place of normal numbers what stands for them, on lines between the knots."""
    knots = noise.new_tensor(KNOTS)
    held = noise.clamp(knots[0], knots[-1])
    left = torch.bucketize(held, knots[1:-1], right=True)
    share = (held - knots[left]) / (knots[left + 1] - knots[left])
    feature = torch.arange(len(shape))
    low, high = shape[feature, left], shape[feature, left + 1]
    found: Tensor = low + (high - low) * share
    return found


def _thinned(rows: Float[Tensor, "N V"]) -> Float[Tensor, "N V"]:
    """Keep as many rows as quantiles can be taken of, evenly."""
    return rows[:: 1 + rows.numel() // _MOST_NUMBERS]


def _fit_(matrix: Tensor, rows: Float[Tensor, "N D"], n_drawn: int) -> Float[Tensor, "N V"]:
    """Fill a matrix of `Residuals` from rows beside those before them; return whitened noise."""
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
    lower = torch.linalg.cholesky(spread)
    matrix[:n_drawn, :n_drawn] = lower
    white: Tensor = torch.linalg.solve_triangular(lower, left.T, upper=False).T
    return white


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
