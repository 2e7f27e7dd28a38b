"""Sequences of different lengths, learnt right: the ramp 0, 1, 2, ... up to 5 to 20 rows.

    python benchmarks/series_ramp.py --out benchmarks/results/series-ramp.md

40 ramps of lengths 5 to 20 are learnt; 1,000 sequences are written. A step of theirs should be 1,
and they should begin at 0; the error is the mean of |step - 1| (a predictor that repeats the last
value has error 1). Printed beside it: how far the written lengths are from the real ones. The ramp
is learnt with the relation search on (it is found to be a counter) and off.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe_machine
from report import publish

import serinette


def main() -> None:
    """Train, write, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    lines = [
        describe_machine(),
        "",
        "| relations | seed | error of a step | first value, mean error | lengths, KS | train s |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for relations in (True, False):
            lines += [
                _of_seed(seed, Path(folder), args.updates, relations=relations)
                for seed in range(args.seeds)
            ]
    lines.append("")
    lines.append(
        "DeepEcho 0.8.1 (SDV's PAR) on ramps of these lengths, teacher-forced, measured before: "
        "2.58 to 3.22."
    )
    publish(lines, args.out)


def _of_seed(seed: int, folder: Path, updates: int, *, relations: bool) -> str:
    lengths = np.random.default_rng(seed).integers(5, 21, size=40)
    owner = np.repeat(np.arange(40), lengths)
    ramp = np.concatenate([np.arange(n) for n in lengths]).astype(float)
    begun = time.monotonic()
    model = serinette.train(
        {"id": [f"r{k}" for k in owner], "x": ramp + 0.0},
        updates=updates, runs=folder, name=f"ramp-{relations}-{seed}", entity=["id"], time="-",
        seed=seed, data__relations=relations, data__types={"x": "real"},
    )  # fmt: skip
    seconds = time.monotonic() - begun
    written = model.generate(1_000, seed=seed, like="dict")
    names = np.asarray(written["id"])
    values = np.asarray(written["x"], dtype=float)
    is_first = np.r_[True, names[1:] != names[:-1]]
    steps = np.diff(values)[~is_first[1:]]
    found = np.diff(np.r_[np.flatnonzero(is_first), len(values)])
    grid = np.arange(1, 22)
    ks = np.abs((found[:, None] <= grid).mean(0) - (lengths[:, None] <= grid).mean(0)).max()
    return (
        f"| {'found' if relations else 'off'} | {seed} | {np.abs(steps - 1).mean():.4f} | "
        f"{np.abs(values[is_first]).mean():.3f} | {ks:.3f} | {seconds:.1f} |"
    )


if __name__ == "__main__":
    main()
