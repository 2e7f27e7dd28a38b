"""Dropout with the generator as an argument: a resumed training draws the same masks.

Shape letters: `T` steps, `B` rows, `C` context fields, `X` width, `V` symbols.
"""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from serinette.core.schema import SymbolField, context_tables


def locked(
    x: Float[Tensor, "T B X"], chance: float, generator: Generator | None
) -> Float[Tensor, "T B X"]:
    """Zero the same positions at every step of a window, and scale the rest up.

    Args:
        x: Any sequence of vectors.
        chance: Probability of zero, in [0, 1). 0 returns `x` itself.
        generator: Where the mask comes from; None turns dropout off (evaluation).

    Reference: Gal and Ghahramani 2016, arXiv:1512.05287.
    """
    if generator is None or chance == 0:
        return x
    return x * _mask((1, x.shape[1], x.shape[2]), chance, generator, x)


def rows_dropped(
    weight: Float[Tensor, "V X"], chance: float, generator: Generator | None
) -> Float[Tensor, "V X"]:
    """Zero whole rows of an embedding: a symbol is invisible for one update.

    Reference: Gal and Ghahramani 2016, arXiv:1512.05287, section 4.
    """
    if generator is None or chance == 0:
        return weight
    return weight * _mask((weight.shape[0], 1), chance, generator, weight)


def withheld(
    context: Int[Tensor, "B C"],
    fields: tuple[SymbolField, ...],
    chance: float,
    generator: Generator | None,
) -> Int[Tensor, "B C"]:
    """Replace facts about a row by `missing`, all fields of a table together.

    A field that cannot be missing always stays.
    """
    if generator is None or chance == 0:
        return context
    context = context.clone()
    for columns in context_tables(fields):
        missing = fields[columns[0]].missing
        noise = torch.rand((len(context), 1), generator=generator, device=context.device)
        if missing is not None:
            context[:, columns] = context[:, columns].where(noise >= chance, missing)
    return context


def dropped(weight: Tensor, chance: float, generator: Generator | None) -> Tensor:
    """Zero single weights (DropConnect on the recurrent matrix).

    Reference: Merity et al. 2018, arXiv:1708.02182. The parameter itself stays as it is: the
    dropped copy is handed to the layer for one call, so a checkpoint never depends on the trick.
    """
    if generator is None or chance == 0:
        return weight
    return weight * _mask(weight.shape, chance, generator, weight)


def _mask(shape: tuple[int, ...], chance: float, generator: Generator, like: Tensor) -> Tensor:
    noise = torch.rand(shape, generator=generator, device=like.device)
    return (noise >= chance).to(like.dtype) / (1 - chance)
