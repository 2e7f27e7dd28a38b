"""`--mix MODEL=WEIGHT`, of `generate` and `score`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from serinette.cli.output import say
from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.recipes.mixing import Mix

MixOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL=WEIGHT",
        help="Mix another model of texts in, as in plays=0.3; the model keeps the rest. "
        "plays=fit: the weight that predicts the model's validation text best. Repeatable.",
    ),
]
MixByOption = Annotated[
    Literal["probabilities", "logits"] | None,
    typer.Option(
        metavar="probabilities|logits",
        help="Add up what the models expect, or what they agree on.  [default: probabilities]",
    ),
]
_FIT = "fit"


def mix_of(
    artifact: "Artifact", pairs: Sequence[str] | None, by: str | None, runs: Path
) -> "Mix | None":
    """Open the models to be mixed in, and say what a reader should know.

    Raises:
        ConfigError: If they cannot be mixed, or a weight is none.
        NotFoundError: If there is no such model, or a weight is to be fitted and the data are gone.
    """
    if not pairs:
        if by is not None:
            raise ConfigError(f"--mix-by {by} needs --mix MODEL=WEIGHT")
        return None
    from serinette.artifact.folder import load
    from serinette.artifact.runs import find_model
    from serinette.recipes.mixing import Mix, Partner, fitted

    weights = [_pair(pair) for pair in pairs]
    partners = tuple(
        Partner(
            artifact=load(find_model(name, runs)),
            weight=0.0 if weight is None else weight,
            name=name,
        )
        for name, weight in weights
    )
    mix = Mix(partners=partners, by="logits" if by == "logits" else "probabilities")
    for note in mix.notes(artifact):
        say(note)
    n_fitted = sum(weight is None for _, weight in weights)
    if n_fitted == 0:
        return mix
    if n_fitted < len(weights):
        raise ConfigError("--mix: fit all weights or none")
    mix = fitted(artifact, mix)
    told = " ".join(f"--mix {partner.name}={partner.weight:g}" for partner in mix.partners)
    say(f"fitted on the validation text: {told}")
    return mix


def _pair(text: str) -> tuple[str, float | None]:
    name, equals, weight = text.rpartition("=")
    if not equals or not name:
        raise ConfigError(
            f"--mix: '{text}' is not MODEL=WEIGHT; write it like plays=0.3, or plays=fit"
        )
    if weight == _FIT:
        return name, None
    try:
        return name, float(weight)
    except ValueError:
        raise ConfigError(
            f"--mix {text}: the weight must be a number in [0, 1] or fit; got '{weight}'"
        ) from None
