"""How real written windows are, by the protocol that the literature compares; do they copy?

    python benchmarks/series_quality.py --stocks stocks.csv --out series-quality.md

Two sets, as TimeGAN has them: stocks (its `stock_data.csv`, from jsyoon0823/TimeGAN) in windows of
24 rows, and 10,000 sines. For each generator seed a model is trained by `serinette train` on all
rows, as the protocol asks, and writes as many windows as there are. Ten judges score each set; the
same judges score real windows against themselves: the floor. Windows are scaled to [0, 1] column by
column, so that predictive errors of sines are twice those of the literature. Nearest neighbours:
the distance of written windows to the training windows, beside that of real windows of blocks to
the windows outside them.

How long stocks are trained (1,500 updates), and how the model's critic chooses among candidates,
was settled on generator seed 0 (docs/why/experiments.md). The seeds that are reported begin at 1.
Windows a minute are with the critic, and after the slash without (`--resample 1`).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from machine import describe_machine
from report import publish

import serinette
from serinette.recipes.series.model import SeriesModel
from serinette.training.timegan_judges import discriminative_scores, predictive_scores, sines

LENGTH = 24
N_JUDGES, N_PREDICTORS, N_FLOOR = 10, 3, 30
"""Judges of what a seed writes, predictors, and judges of the floor: all seeds are held to it."""
UPDATES = {
    "autoregressive": {"stocks": 1_500, "sines": 3_000},
    "latent": {"stocks": 2_000, "sines": 2_000},
}
PUBLISHED = {
    "stocks": "TimeGAN .102, Diffusion-TS .067",
    "sines": "TimeGAN .011, Diffusion-TS .006",
}
N_WRITTEN = 20_000


class Trained(NamedTuple):
    """What one generator seed gave."""

    run: str
    seed: int
    train_seconds: float
    windows_a_minute: list[float]
    """With the model's critic, and without."""
    windows: np.ndarray
    """[N, 24, D], unscaled."""


def main() -> None:
    """Run everything, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stocks", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["stocks", "sines"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--updates", type=int, help="instead of those of the set")
    parser.add_argument("--engine", choices=list(UPDATES), default="autoregressive")
    parser.add_argument("--work", type=Path, help="folder for the runs; one that is thrown away")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as thrown_away:
        work = args.work or Path(thrown_away)
        work.mkdir(parents=True, exist_ok=True)
        blocks = [describe_machine()]
        for name in args.sets:
            blocks.append(_of_set(name, args, work))
            print(blocks[-1], flush=True)
    publish("\n\n".join(blocks).splitlines(), args.out)


def _of_set(name: str, args: argparse.Namespace, work: Path) -> str:
    path = args.stocks if name == "stocks" else write_sines(work / "sines.csv")
    updates = args.updates or UPDATES[args.engine][name]
    real = real_windows(name, path)
    low, high = real.min((0, 1)), real.max((0, 1))

    def scaled(windows: np.ndarray) -> np.ndarray:
        return ((windows - low) / (high - low + 1e-7)).astype(np.float32)

    real = scaled(real)
    floor, predicted = judged(work / f"{name}-real-{N_FLOOR}", real, real, n_judges=N_FLOOR)
    lines = [
        f"{name}: {len(real):,} windows of {LENGTH} rows and {real.shape[2]} columns; floor "
        f"{mean_sd(floor)}; predictive floor {np.mean(predicted):.4f}; published: "
        f"{PUBLISHED[name]}",
        "",
        "| seed | train s | windows/min | discriminative | less floor, upper 95 % | predictive | "
        "distance to training (median) | held out to the rest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    all_scores: list[float] = []
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        trained = _train(name, path, work, seed, args.engine, updates)
        written = scaled(trained.windows)
        scores, useful = judged(work / f"{trained.run}-judged", real, written)
        all_scores += scores
        near, held = distances(name, real, written)
        rates = " / ".join(f"{rate:,.0f}" for rate in trained.windows_a_minute)
        lines.append(
            f"| {seed} | {trained.train_seconds:.0f} | {rates} | "
            f"{mean_sd(scores)} | {upper(scores, floor):.4f} | {np.mean(useful):.4f} | "
            f"{_interval(near)} | {_interval(held)} |"
        )
        print(lines[-1], flush=True)
    lines.append(f"| all | | | {mean_sd(all_scores)} | {upper(all_scores, floor):.4f} | | | |")
    return "\n".join(lines)


def write_sines(path: Path) -> Path:
    """Write TimeGAN's sines as a table of many sequences; return its path."""
    waves = sines(10_000, LENGTH, 5, seed=0).astype(np.float64)
    rows = ["id," + ",".join(f"c{k}" for k in range(5))]
    for k, wave in enumerate(waves):
        rows += [f"w{k}," + ",".join(f"{x:.9f}" for x in row) for row in wave]
    path.write_text("\n".join(rows) + "\n")
    return path


def real_windows(name: str, path: Path) -> np.ndarray:
    """Return all windows of a set, in its own units.

    Args:
        name: "stocks" or "sines".
        path: Of the table of stocks.
    """
    if name == "sines":
        return sines(10_000, LENGTH, 5, seed=0).astype(np.float64)
    table = np.genfromtxt(path, delimiter=",", skip_header=1)[::-1]  # turned, as TimeGAN's code
    windows = np.lib.stride_tricks.sliding_window_view(table, LENGTH, axis=0)[:-1]
    return np.ascontiguousarray(windows.transpose(0, 2, 1))


def _train(name: str, path: Path, work: Path, seed: int, engine: str, updates: int) -> Trained:
    entity = ["--entity", "id"] if name == "sines" else []
    run = f"{name}-{engine}-{updates}-{seed}"
    command = [
        sys.executable, "-m", "serinette", "train", str(path), *entity, "--window", str(LENGTH),
        "--engine", engine, "--updates", str(updates), "--seed", str(seed),
        "--runs", str(work), "--name", run,
        "--split.validation_share", "0", "--split.test_share", "0",
        "--model.level_noise", "0", "--model.output_dropout", "0",
    ]  # fmt: skip
    if not (work / run / "model").exists():
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    model = serinette.load(work / run / "model")
    n = 3_661 if name == "stocks" else 10_000
    rates = [_rate(model, seed + 100, resample) for resample in (None, 1)]
    windows = model.generate_array(n, length=LENGTH, seed=seed)
    turned = windows[:, ::-1] if name == "stocks" else windows
    return Trained(run, seed, seconds_of(work / run), rates, turned)


def _rate(model: SeriesModel, seed: int, resample: int | None) -> float:
    """Return the windows that a model writes in a minute."""
    begun = time.monotonic()
    model.generate_array(N_WRITTEN, length=LENGTH, seed=seed, resample=resample)
    return 60 * N_WRITTEN / (time.monotonic() - begun)


def judged(
    kept: Path, real: np.ndarray, written: np.ndarray, *, n_judges: int = N_JUDGES
) -> tuple[Sequence[float], Sequence[float]]:
    """Return discriminative and predictive scores; answers that were kept are not asked for again.

    Args:
        kept: Where they are kept, without the ending.
        real: Scaled to [0, 1].
        written: In the same scale.
        n_judges: Of the discriminative score.
    """
    told = _kept(
        kept.with_suffix(".discriminative.json"),
        lambda: discriminative_scores(real, written, seeds=range(n_judges)),
    )
    useful = _kept(
        kept.with_suffix(".predictive.json"),
        lambda: predictive_scores(real, written, seeds=range(N_PREDICTORS)),
    )
    return told, useful


def _kept(answers: Path, ask: Callable[[], Sequence[float]]) -> Sequence[float]:
    if not answers.exists():
        answers.write_text(json.dumps(ask()), encoding="utf-8")
    found: Sequence[float] = json.loads(answers.read_text(encoding="utf-8"))
    return found


def seconds_of(run: Path) -> float:
    """Return the seconds that a run's updates took."""
    last = (run / "history.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    return float(json.loads(last)["seconds"])


def upper(scores: Sequence[float], floor: Sequence[float]) -> float:
    """Return the upper end of the 95 % interval of the difference of two means (Welch)."""
    spread = np.var(scores, ddof=1) / len(scores) + np.var(floor, ddof=1) / len(floor)
    return float(np.mean(scores) - np.mean(floor) + 2.1 * np.sqrt(spread))


def mean_sd(scores: Sequence[float]) -> str:
    """Return a mean and a standard deviation, as the tables have them."""
    return f"{np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}"


def distances(name: str, real: np.ndarray, written: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return nearest distances: of written windows to real ones, of blocks to the rest.

    Both have as many neighbours to choose from: of sines the 8,000 that are not held out, since
    more of them would be nearer.
    """
    flat = real.reshape(len(real), -1)
    some = written[:2_000].reshape(min(len(written), 2_000), -1)
    near = _nearest(some, flat[2_000:] if name == "sines" else flat)
    held = []
    if name == "sines":
        held = [_nearest(flat[:2_000], flat[2_000:])]
    else:
        for begin in range(0, len(flat), 360):
            inside = np.arange(begin, min(begin + 66, len(flat)))
            outside = np.r_[0 : max(0, begin - LENGTH), min(begin + 90, len(flat)) : len(flat)]
            held.append(_nearest(flat[inside], flat[outside]))
    return near, np.concatenate(held)


def _nearest(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    squares = (others**2).sum(1)
    found = []
    for begin in range(0, len(some), 256):
        part = some[begin : begin + 256]
        distance = (part**2).sum(1)[:, None] + squares - 2 * part @ others.T
        found.append(np.sqrt(np.maximum(distance, 0)).min(1))
    return np.concatenate(found)


def _interval(distances: np.ndarray) -> str:
    """Return the median and its 95 % interval, by resampling blocks of 24 neighbours."""
    generator = np.random.default_rng(0)
    blocks = np.array_split(distances, max(2, len(distances) // LENGTH))
    medians = [
        np.median(np.concatenate([blocks[k] for k in chosen]))
        for chosen in generator.integers(len(blocks), size=(200, len(blocks)))
    ]
    low, high = np.quantile(medians, [0.025, 0.975])
    return f"{np.median(distances):.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
