"""Do relations hold in a million written rows? An independent checker counts.

python benchmarks/series_relations.py --model runs/stocks/model --out series-relations.md
"""

import argparse
import time
from pathlib import Path

import numpy as np
from machine import describe_machine
from report import publish

import serinette
from serinette.recipes.series.evaluate import broken
from serinette.recipes.series.generate import SeriesRequest, generate_series

LENGTH = 100


def main() -> None:
    """Write, count, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    model = serinette.load(args.model)
    opened = model._opened
    request = SeriesRequest(n=-(-args.rows // LENGTH), length=LENGTH, seed=args.seed)
    found: dict[str, int] = {}
    n_rows, begun = 0, time.monotonic()
    for table in generate_series(opened, request):
        n_rows += table.n_rows
        for name, n in broken(opened, table).items():
            found[name] = found.get(name, 0) + n
    seconds = time.monotonic() - begun
    lines = [
        describe_machine(),
        "",
        f"{n_rows:,} rows in sequences of {LENGTH}, seed {args.seed}, written and checked in "
        f"{seconds:.0f} s ({n_rows / np.maximum(seconds, 1e-9):,.0f} rows/s).",
        "",
        "| relation of the data | rows that break it |",
        "|---|---|",
        *(f"| {sentence} | 0 |" for sentence in model.relations if not found),
        *(f"| {name} | {n:,} |" for name, n in found.items()),
    ]
    publish(lines, args.out)


if __name__ == "__main__":
    main()
