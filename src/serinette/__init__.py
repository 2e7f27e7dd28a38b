"""Serinette: generative LSTMs. Learn from your own sequences, write new ones, know how good.

    import serinette

    model = serinette.train("poems.txt", budget="5m")
    for sample in model.generate(3, prefix="The moon", seed=7):
        print(sample.text)
    print(model.score("other.txt").bits_per_character)
    model.save("poems")
    model = serinette.load("poems")

Importing does nothing: torch is imported by `train` alone.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serinette.recipes.api import load, train
    from serinette.recipes.model import Model
    from serinette.recipes.series.model import SeriesModel

__version__ = "0.1.0"
__all__ = ["Model", "SeriesModel", "__version__", "load", "train"]


def __getattr__(name: str) -> Any:
    """Import the public names on first use."""
    if name in ("Model", "SeriesModel", "load", "train"):
        from serinette.recipes import api

        return getattr(api, name)
    raise AttributeError(f"module 'serinette' has no attribute {name!r}")
