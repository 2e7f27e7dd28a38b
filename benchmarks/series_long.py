"""How real long windows of hourly measurements are: 64, 128 and 256 rows.

    python benchmarks/series_long.py --data etth1.csv --out series-long.md

The data: ETTh1 (zhouhaoyi/ETDataset), seven columns without the date, as the literature has it. For
each length `serinette train` learns windows of all rows within a budget, as the protocol asks, and
writes as many windows as are judged. TimeGAN's judges score them, and real windows in their place:
the floor. Beside it whether what is written drifts: how far the values of the last quarter of a
window are from those of its first quarter, in standard deviations, for real windows too.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from machine import describe_machine
from report import publish
from series_quality import mean_sd, seconds_of, upper

import serinette
from serinette.training.timegan_judges import discriminative_scores

PUBLISHED = {64: (".227", ".106"), 128: (".188", ".144"), 256: (".442", ".060")}
"""Of TimeGAN and of Diffusion-TS, as the paper of the latter has them (arXiv:2403.01742)."""
MOST_DRIFT = 0.1
"""So far above what real windows do, the report's light leaves green."""


def main() -> None:
    """Run everything, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--lengths", type=int, nargs="+", default=list(PUBLISHED))
    parser.add_argument("--budget", default="8m")
    parser.add_argument("--updates", type=int, help="instead of a budget")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--judges", type=int, default=10)
    parser.add_argument("--windows", type=int, default=3_000)
    parser.add_argument("--work", type=Path, help="folder for the runs; one that is thrown away")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as thrown_away:
        work = args.work or Path(thrown_away)
        work.mkdir(parents=True, exist_ok=True)
        table = np.genfromtxt(args.data, delimiter=",", skip_header=1)[:, 1:]
        path = work / "hourly.csv"
        names = args.data.read_text(encoding="utf-8").split("\n", 1)[0].split(",")[1:]
        rows = [",".join(names), *(",".join(f"{x:.6g}" for x in row) for row in table)]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        how = f"{args.updates} updates" if args.updates else f"a budget of {args.budget}"
        lines = [
            f"Machine: {describe_machine()}.",
            "",
            f"{len(table):,} rows of {table.shape[1]} columns; {how}, {args.judges} judges a seed, "
            f"{args.windows:,} windows.",
            "",
            "| rows | seed | train s | discriminative | floor | less floor, upper 95 % | TimeGAN | "
            "Diffusion-TS | drift | of real windows | alarm |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        for length in args.lengths:
            for line in _of_length(length, table, path, work, args):
                lines.append(line)
                print(line, flush=True)
    publish(lines, args.out)


def _of_length(
    length: int, table: np.ndarray, path: Path, work: Path, args: argparse.Namespace
) -> Iterator[str]:
    every = np.lib.stride_tricks.sliding_window_view(table, length, axis=0).transpose(0, 2, 1)
    chosen = np.linspace(0, len(every) - 1, args.windows).astype(int)
    real = np.ascontiguousarray(every[chosen])
    low, high = real.min((0, 1)), real.max((0, 1))

    def scaled(windows: np.ndarray) -> np.ndarray:
        return ((windows - low) / (high - low + 1e-7)).astype(np.float32)

    floor = discriminative_scores(scaled(real), scaled(real), seeds=range(args.judges))
    published, spread = PUBLISHED.get(length, ("", "")), table.std(0)
    real_drift, every_score = _drift(real, spread), []
    for seed in args.seeds:
        run = work / f"long-{length}-{seed}"
        _train(path, run, length, seed, args)
        model = serinette.load(run / "model")
        written = model.generate_array(args.windows, length=length, seed=seed)
        scores = discriminative_scores(scaled(real), scaled(written), seeds=range(args.judges))
        every_score += scores
        drift = _drift(written, spread)
        alarm = "yes" if drift - real_drift > MOST_DRIFT else "no"
        yield (
            f"| {length} | {seed} | {seconds_of(run):.0f} | {mean_sd(scores)} | | | | | "
            f"{drift:.3f} | {real_drift:.3f} | {alarm} |"
        )
    yield (
        f"| {length} | all | | {mean_sd(every_score)} | {mean_sd(floor)} | "
        f"{upper(every_score, floor):.4f} | {published[0]} | {published[1]} | | | |"
    )


def _train(path: Path, run: Path, length: int, seed: int, args: argparse.Namespace) -> None:
    if (run / "model").exists():
        return
    how = ["--updates", str(args.updates)] if args.updates else ["--budget", args.budget]
    command = [
        sys.executable, "-m", "serinette", "train", str(path), "--window", str(length), *how,
        "--engine", "autoregressive", "--seed", str(seed),
        "--runs", str(run.parent), "--name", run.name,
        "--split.validation_share", "0", "--split.test_share", "0",
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _drift(windows: np.ndarray, spread: np.ndarray) -> float:
    """Return how far the last quarter's values are from the first's (Wasserstein), in spreads."""
    quarter = windows.shape[1] // 4
    ends = (windows[:, :quarter], windows[:, -quarter:])
    first, last = (np.sort(end.reshape(-1, windows.shape[2]), axis=0) for end in ends)
    return float((np.abs(first - last).mean(0) / spread).mean())


if __name__ == "__main__":
    main()
