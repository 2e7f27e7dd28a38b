"""Exposure: how much likelier than chance a model holds the made-up lines that it was trained on.

A canary is one of very many lines that were equally likely to be planted. Its rank is its place
among lines of the same making that were *not* planted, the likeliest first; its exposure is by how
many bits a guesser who asks the model needs fewer guesses:

    exposure = log2(R + 1) - log2(rank),   rank = 1 + references that are at least as likely

with R references drawn from the same space. The canary counts among the R + 1 candidates, and of
ties it comes last. A model that has learnt nothing of a canary gives it a median exposure of 1 bit.

With R references nothing above log2(R + 1) bits can be seen by rank. Two things are known beyond:

- Probabilities add up to at most 1, so at most e^x lines are as likely as one of x nats. The
  exposure among all 2^b lines of the space is therefore at least b - x / ln 2 bits: certain, but
  far too little unless the line is known almost by heart.
- A skew-normal distribution is fitted to the likelier half of the references, and its tail stands
  for the candidates that were not drawn. That is extrapolation: it says what would be if the tail
  went on as its shape is.

Reference: Carlini et al. 2019, "The Secret Sharer", arXiv:1802.08232 (sections 4 and 5.3);
skew-normal: Azzalini 1985.

Shape letters: `C` canaries, `R` references, `V` values, `K` nodes.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.errors import ConfigError
from serinette.core.metric import Interval
from serinette.core.seeds import derive

_FEWEST_REFERENCES = 100
_RESAMPLES = 1_000
_LEVEL = 0.95
_SLANTS = tuple(0.5 * k for k in range(-8, 9))
"""Slants that are tried; beyond 4 the lower tail hardly changes but in scale."""
_FURTHEST = 6.0
"""Standard deviations at which the table of quantiles ends."""
_N_GRID = 3_001
_DEEP = -30.0
"""Below, the error function underflows and its asymptotic series is exact to rounding."""
_NEGLIGIBLE = 40.0
"""Nats by which a density has fallen where it no longer adds to an integral."""
_N_NODES = 200
_FAR = 12.0
"""Standard deviations over which any skew-normal falls by more than `_NEGLIGIBLE`."""
_N_HALVINGS = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class Exposures:
    """Exposure of every canary, in bits."""

    by_rank: Float[np.ndarray, " C"]
    """By its rank among the references, from 0 to `ceiling`."""
    certain: Float[np.ndarray, " C"]
    """What it is at least, since probabilities add up to 1; 0 where that says nothing."""
    extrapolated: Float[np.ndarray, " C"]
    """By the fitted tail, at least 0 and at most the bits of the space: no measurement."""
    is_beyond: Bool[np.ndarray, " C"]
    """Whether the canary is likelier than every reference: `by_rank` is then only a lower bound."""
    ceiling: float
    """log2(R + 1): the most that `by_rank` can show."""
    n_references: int

    @property
    def bits(self) -> Float[np.ndarray, " C"]:
        """By rank; beyond the ceiling extrapolated, but no less than is certain."""
        beyond = np.maximum(self.extrapolated, np.maximum(self.certain, self.ceiling))
        bits: Float[np.ndarray, " C"] = np.where(self.is_beyond, beyond, self.by_rank)
        return bits


@dataclass(frozen=True, kw_only=True)
class RepeatExposure:
    """The canaries that were planted equally often."""

    repeats: int
    """How often each of them stands in the training text."""
    n: int
    """How many there are."""
    median: float
    """Median exposure in bits; about 1 for lines that were never planted."""
    interval: Interval | None
    """95 % interval of the median; None for a single canary."""


@dataclass(frozen=True, kw_only=True)
class SkewNormal:
    """A normal distribution that leans: density 2 / scale phi(z) Phi(slant z)."""

    location: float
    scale: float
    """Above 0."""
    slant: float
    """0 is the normal distribution; below 0 the lower tail is the heavier one."""

    @classmethod
    def fit(cls, values: Float[np.ndarray, " V"]) -> "SkewNormal":
        """Fit the lower half of the values: least squares of their quantiles.

        The upper half says nothing about the lower tail, and spoils it: of 60,000 lines under a
        small model the likeliest 2^-14.9 are put at 14.6 bits from 2,000 of them, from the moments
        of all 2,000 at 36.

        Args:
            values: At least two of the lower half differ.
        """
        lower = np.sort(values)[: (len(values) + 1) // 2]
        shares = (np.arange(len(lower)) + 0.5) / len(values)
        fits = []
        for slant in _SLANTS:
            quantiles = cls(location=0.0, scale=1.0, slant=slant).quantiles(shares)
            scale, location = np.polyfit(quantiles, lower, 1).tolist()
            error = float(((location + scale * quantiles - lower) ** 2).sum())
            fits.append((error, cls(location=location, scale=scale, slant=slant)))
        return min(fits, key=lambda fit: fit[0])[1]

    def quantiles(self, shares: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
        """Return the values below which these shares lie, from a table: exact to 0.01 scales.

        Args:
            shares: From 0.000001 to 0.999999.
        """
        grid = np.linspace(-_FURTHEST, _FURTHEST, _N_GRID)
        below = np.cumsum(np.exp(self._log_density(grid)))
        values: Float[np.ndarray, " V"] = np.interp(shares, below / below[-1], grid)
        return self.location + self.scale * values

    def log_below(self, values: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
        """Return the natural logarithm of the chance to lie at or below each value.

        The density is integrated in logarithms, from the value down to where it adds nothing: the
        chance may be far smaller than the smallest number. Exact to about 1e-9.
        """
        tops = (values - self.location) / self.scale
        bottoms = self._bottoms(tops)
        nodes, weights = _quadrature()
        half = (tops - bottoms) / 2
        terms = self._log_density(bottoms[:, None] + half[:, None] * (1 + nodes)) + np.log(weights)
        highest = terms.max(axis=1)
        sums = np.exp(terms - highest[:, None]).sum(axis=1)
        chances: Float[np.ndarray, " V"] = np.minimum(0.0, highest + np.log(sums * half))
        return chances

    def _bottoms(self, tops: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
        """Find by halving how far down the density counts: below the mode it only falls."""
        mean = self.slant / math.sqrt(1 + self.slant**2) * math.sqrt(2 / math.pi)
        high = np.minimum(tops, mean)  # the mean is near enough to the mode
        low: Float[np.ndarray, " V"] = high - _FAR
        faintest = self._log_density(high) - _NEGLIGIBLE
        for _ in range(_N_HALVINGS):
            middle = (low + high) / 2
            is_faint = self._log_density(middle) < faintest
            low, high = np.where(is_faint, middle, low), np.where(is_faint, high, middle)
        return low

    def _log_density(self, z: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Return the log-density of standardised values."""
        density: Float[np.ndarray, "..."] = (
            0.5 * math.log(2 / math.pi) - z**2 / 2 + _log_normal_below(self.slant * z)
        )
        return density


def exposures(
    canary_nats: Float[np.ndarray, " C"],
    reference_nats: Float[np.ndarray, " R"],
    *,
    space_bits: float = math.inf,
) -> Exposures:
    """Measure the exposure of canaries.

    Args:
        canary_nats: Nats of each canary under the model, summed over the whole line, its end
            included (else the beginning of a longer line would count as a line).
        reference_nats: The same for lines drawn like canaries and not planted, at least 100.
        space_bits: log2 of the number of lines that a canary could have been: no exposure is
            greater. Not given: nothing is certain.

    Raises:
        ConfigError: If there are fewer than 100 references.
    """
    n = len(reference_nats)
    if n < _FEWEST_REFERENCES:
        raise ConfigError(
            f"exposure needs at least {_FEWEST_REFERENCES} reference lines, got {n}; draw more"
        )
    ordered = np.sort(reference_nats)
    ranks = 1 + np.searchsorted(ordered, canary_nats, side="right")
    by_rank = math.log2(n + 1) - np.log2(ranks)
    certain = np.zeros(len(canary_nats))
    if math.isfinite(space_bits):
        certain = np.maximum(0.0, space_bits - canary_nats / math.log(2))
    extrapolated = by_rank
    if ordered[0] < ordered[(n - 1) // 2]:
        tail = SkewNormal.fit(reference_nats).log_below(canary_nats)
        extrapolated = np.minimum(-tail / math.log(2), space_bits)
    return Exposures(
        by_rank=by_rank,
        certain=certain,
        extrapolated=extrapolated,
        is_beyond=ranks == 1,
        ceiling=math.log2(n + 1),
        n_references=n,
    )


def by_repeats(
    bits: Float[np.ndarray, " C"], repeats: Int[np.ndarray, " C"], *, seed: int = 0
) -> tuple[RepeatExposure, ...]:
    """Summarise the exposure of the canaries of each number of repeats, rising.

    Args:
        bits: Exposure of every canary.
        repeats: How often each was planted.
        seed: Of the intervals (percentile bootstrap of the median).
    """
    found = []
    for count in np.unique(repeats).tolist():
        chosen = bits[repeats == count]
        found.append(
            RepeatExposure(
                repeats=count,
                n=len(chosen),
                median=float(np.median(chosen)),
                interval=_median_interval(chosen, derive(seed, count)),
            )
        )
    return tuple(found)


def _median_interval(values: Float[np.ndarray, " V"], seed: int) -> Interval | None:
    if len(values) == 1:
        return None
    drawn = np.random.default_rng(seed).integers(0, len(values), (_RESAMPLES, len(values)))
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(np.median(values[drawn], axis=1), [tail, 1 - tail])
    return float(low), float(high)


@cache
def _quadrature() -> tuple[Float[np.ndarray, " K"], Float[np.ndarray, " K"]]:
    """Return the points and weights of Gauss and Legendre; finding them takes 20 ms."""
    nodes, weights = np.polynomial.legendre.leggauss(_N_NODES)
    return nodes, weights


def _log_normal_below(z: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return the log of the normal distribution function, exact however deep."""
    near = np.maximum(z, _DEEP)
    halves = [0.5 * math.erfc(-value / math.sqrt(2)) for value in near.ravel().tolist()]
    log_near = np.log(np.array(halves)).reshape(z.shape)
    deep = np.minimum(z, _DEEP)
    series = -1 / deep**2 + 3 / deep**4 - 15 / deep**6
    log_deep = -(deep**2) / 2 - np.log(-deep * math.sqrt(2 * math.pi)) + np.log1p(series)
    below: Float[np.ndarray, "..."] = np.where(z > _DEEP, log_near, log_deep)
    return below
