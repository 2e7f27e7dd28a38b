"""One of several candidates of every sequence, by a critic's word.

A critic says, in nats, how much likelier a sequence is among real ones than from the model.
Refusing candidates in that proportion brings what is written nearer to real rows, and leaves the
model as it is.

Reference: Azadi et al. 2019, arXiv:1810.06758 (discriminator rejection sampling).

Shape letters: `K` candidates (`K1` is one more), `B` sequences side by side.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from serinette.artifact.folder import Artifact
from serinette.core.errors import ArtifactError
from serinette.core.manifest import REMEDY
from serinette.decoding.growing import Grown
from serinette.evaluation.series.window_critic import WindowCritic
from serinette.kinds.series.codec import SeriesCodec
from serinette.recipes.series.sets import whole_set
from serinette.recipes.series.written import as_table

BOUND = 2.0
"""Weights beyond this are taken for this: the smaller, the fewer candidates are drawn."""
_TINY = 2.0**-53


class WindowChooser(NamedTuple):
    """What chooses among candidates."""

    critic: WindowCritic
    candidates: int
    """From how many, unless something else is asked for; 1: it rests."""


def open_critic(artifact: Artifact) -> WindowChooser | None:
    """Return what chooses among the candidates of a model; None: it has no critic.

    Raises:
        ArtifactError: If what the folder says of it cannot be.
    """
    guide = artifact.window_guide()
    if guide is None:
        return None
    try:
        critic = WindowCritic.of(guide.look, guide.weights)
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{artifact.folder}: its critic cannot be read ({error!r}); {REMEDY}"
        ) from error
    return WindowChooser(critic, guide.candidates)


Draw = Callable[[int, Int[np.ndarray, " _"]], Grown]
"""Writes the k-th candidates of the sequences at some places."""


def choose(
    critic: WindowCritic, codec: SeriesCodec, draw: Draw, u: Float[np.ndarray, "K1 B"]
) -> Grown:
    """Draw candidates of every sequence until one is taken.

    A candidate is taken with probability w / `BOUND`, or surely, where w is how much likelier it is
    among real sequences. Where all K were refused, one of them is drawn with weights w.

    Args:
        critic: That judges them.
        codec: Of the model.
        draw: What writes them.
        u: Uniform numbers of every sequence, one a candidate and one for the last draw.
    """
    n_candidates, n = len(u) - 1, u.shape[1]
    words = np.full((n_candidates, n), -np.inf)
    taken = np.full(n, -1)
    drawn: list[_Drawn] = []
    for k in range(n_candidates):
        places = np.flatnonzero(taken < 0)
        if not len(places):
            break
        grown = draw(k, places)
        drawn.append(_Drawn(grown, places))
        words[k, places] = critic.words(whole_set(as_table(codec, grown)))
        is_taken = np.log(np.maximum(u[k, places], _TINY)) < words[k, places] - math.log(BOUND)
        taken[places[is_taken]] = k
    refused = np.flatnonzero(taken < 0)
    weights = np.exp(words[:, refused] - words[:, refused].max(axis=0)).cumsum(axis=0)
    taken[refused] = (weights < u[-1, refused] * weights[-1]).sum(axis=0)
    return _picked(drawn, taken)


class _Drawn(NamedTuple):
    """Candidates of some sequences."""

    grown: Grown
    places: Int[np.ndarray, " _"]


def _picked(drawn: Sequence[_Drawn], taken: Int[np.ndarray, " B"]) -> Grown:
    """Put the candidates that were taken side by side; what lies beyond the end of one is 0."""
    longest = max(grown.times.shape[1] for grown, _ in drawn)

    def part(name: str) -> np.ndarray:
        first: np.ndarray = getattr(drawn[0].grown, name)
        has_steps = name in ("cells", "symbols", "times")
        shape = (len(taken), longest, *first.shape[2:]) if has_steps else first.shape
        found = np.zeros(shape, dtype=first.dtype)
        for k, (grown, places) in enumerate(drawn):
            mine, values = taken[places] == k, getattr(grown, name)
            if has_steps:
                found[places[mine], : values.shape[1]] = values[mine]
            else:
                found[places[mine]] = values[mine]
        return found

    return Grown(**{field.name: part(field.name) for field in fields(Grown)})
