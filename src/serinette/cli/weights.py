"""`--weight PATH=TIMES`: how often each of the data is read, and what share it has then.

The path stands before the last equals sign, so it may hold some itself.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from serinette.cli.tables import table
from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.recipes.shares import SourceShare

_MOST_SHOWN = 20

WeightsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH=TIMES",
        help="Read the training part of one of DATA so many times as often: notes.txt=2, or 0.5 "
        "for half of it in each epoch. Repeatable; the others are read once.",
    ),
]


def weights_of(pairs: Sequence[str] | None, data: Sequence[str]) -> list[float] | None:
    """Return the weights of all data in their order; None if none is given.

    Args:
        pairs: As `notes.txt=2`.
        data: The paths, as they were written.

    Raises:
        ConfigError: If a pair is none, or its path is not among the data or is there twice.
    """
    if not pairs:
        return None
    found: dict[str, float] = {}
    for pair in pairs:
        path, equals, times = pair.rpartition("=")
        if not equals or not path:
            raise ConfigError(f"--weight '{pair}': write PATH=TIMES, like notes.txt=2")
        if path not in data:
            raise ConfigError(
                f"--weight '{pair}': '{path}' is not among the data ({nearest(path, [*data])})"
            )
        if path in found:
            raise ConfigError(f"--weight: '{path}' is given twice; leave one out")
        try:
            found[path] = float(times)
        except ValueError:
            raise ConfigError(f"--weight '{pair}': '{times}' is no number") from None
    return [found.get(path, 1.0) for path in data]


def shares_table(shares: Sequence["SourceShare"]) -> str:
    """Return a table of what each of the data gives."""
    rows = [("data", "train characters", "times", "share of what is read")]
    rows += [
        (each.name, f"{each.n_characters:,}", f"{each.times:g}", f"{each.share:.1%}")
        for each in shares[:_MOST_SHOWN]
    ]
    more = len(shares) - _MOST_SHOWN
    return table(rows) + (f"\n... {more:,} more" if more > 0 else "")
