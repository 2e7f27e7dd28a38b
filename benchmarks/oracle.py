"""The synthetic oracle: what a model's samples cost the oracle, and oracle samples the model.

python benchmarks/oracle.py --oracle DATA --work DIR --seeds 5 --out benchmarks/results/oracle.md

DATA holds `params/` (the oracle's weights as .npy) and `curves/` (published curves as .csv), both
of pclucas14/GansFallingShort, `synthetic_data_experiments/oracle_params` and `csv/oracle`. Each
seed learns from 10,000 sequences of its own and is measured on fresh ones. The samples' NLL alone
says nothing (copies of the training part are near the optimum), so it is never shown without the
other side; a model is its whole curve over the temperature.

What is done is a line of DIR/records.jsonl and is not done again.
"""

import argparse
import csv
import json
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe_machine
from oracle_counts import drawn_from_counts, mixture_nats
from oracle_lstm import draw_many, nats_of_many
from oracle_models import LIKELIHOOD, SIZES, Stepping, Task, fresh_of, task_of, trained
from oracle_rivals import GAMES, played
from safetensors.torch import load_file, save_file

from serinette.nets.model import SequenceModel

TEMPERATURES = (1.2, 1.0, 0.87, 0.77, 0.68, 0.58, 0.48)
PLACES = (10.0, 9.40, 9.00, 8.74, 8.25, 7.50, 7.04, 6.68, 6.00)
"""Where curves are compared: NLL_oracle, 8.74 of SeqGAN, 8.25 of RankGAN, 7.04 of LeakGAN."""
PUBLISHED = {
    "likelihood, tuned on NLL_test (Caccia et al. 2020)": "mle_cvt",
    "cooperative training (same)": "cot",
    "reinforced GAN (same)": "gan_cvot",
    "SeqGAN (same)": "seqgan",
}
SHARES = (0.2, 0.5)


def main() -> None:
    """Do what is not done yet, then write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--oracle", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="records and weights")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=10_000, help="sequences of every measurement")
    parser.add_argument("--only", nargs="*", choices=JOBS, default=list(JOBS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    records = args.work / "records.jsonl"
    for seed in range(1, args.seeds + 1):
        done = {(r["job"], r["seed"]) for r in read(records)}
        missing = [job for job in args.only if (job, seed) not in done]
        task = task_of(args.oracle / "params", args.work, seed) if missing else None
        for job in missing:
            begun = time.process_time()
            found = JOBS[job](task, args)
            facts = {"job": job, "seed": seed, "rows": args.rows}
            seconds = round(time.process_time() - begun, 1)
            with records.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**facts, "cpu_seconds": seconds, **found}) + "\n")
            print(f"{job}, seed {seed}: {seconds:.0f} s of processor time", flush=True)
    if args.out:
        args.out.write_text("\n".join(report(read(records), args.oracle)) + "\n", encoding="utf-8")


def read(records: Path) -> list[dict[str, Any]]:
    """Return what is done."""
    if not records.exists():
        return []
    return [json.loads(line) for line in records.read_text(encoding="utf-8").splitlines()]


def counted(task: Task, args: argparse.Namespace) -> dict[str, Any]:
    """Measure the training part itself and its n-grams."""
    oracle = task.oracle
    samples = {
        f"the oracle itself at temperature {heat:g}": draw_many(
            oracle.step, oracle.start, 1_000 if heat else 1, heat, task.seed
        )
        for heat in (0, 0.5, 0.8)
    }
    samples["a copy of the training part"] = task.train[: args.rows]
    for order, name in ((3, "trigrams"), (2, "bigrams"), (1, "unigrams")):
        samples[f"{name}, counted"] = drawn_from_counts(task.train, order, args.rows, task.seed)
    nll = {
        name: float(nats_of_many(oracle.step, oracle.start, drawn).mean())
        for name, drawn in samples.items()
    }
    test = mixture_nats(task.train, fresh_of(task, args.rows), (0.0, *SHARES))
    return {"nll_oracle": nll, "nll_test": {str(share): x for share, x in test.items()}}


def learnt(task: Task, args: argparse.Namespace) -> dict[str, Any]:
    """Train by likelihood and measure the curve."""
    model, validation = trained(task)
    save_file(model.state_dict(), weights_path(task, args))
    return {"validation": validation, "curve": curve(model, task, args.rows)}


def weights_path(task: Task, args: argparse.Namespace) -> Path:
    """Return where the weights of a seed's likelihood model lie."""
    return Path(args.work) / f"likelihood-{task.seed}.safetensors"


def game(name: str) -> Callable[[Task, argparse.Namespace], dict[str, Any]]:
    """Return the job that plays one game and measures the curve."""

    def play_it(task: Task, args: argparse.Namespace) -> dict[str, Any]:
        path = weights_path(task, args)
        if not path.exists():
            raise SystemExit(f"{path} is not there; run the job likelihood first")
        model, validation = played(GAMES[name], task, load_file(path))
        return {"validation": validation, "curve": curve(model, task, args.rows)}

    return play_it


def curve(model: SequenceModel, task: Task, n_rows: int) -> list[list[float]]:
    """Return temperature, NLL_oracle of samples, NLL_test of fresh sequences, for each."""
    stepping, oracle = Stepping(model), task.oracle
    test = nats_of_many(stepping.step, stepping.start, fresh_of(task, n_rows), TEMPERATURES)
    points = []
    for k, temperature in enumerate(TEMPERATURES):
        drawn = draw_many(stepping.step, stepping.start, n_rows, temperature, task.seed)
        own = nats_of_many(oracle.step, oracle.start, drawn)
        points.append([temperature, float(own.mean()), float(test[k].mean())])
    return points


JOBS: dict[str, Callable[[Task, argparse.Namespace], dict[str, Any]]] = {
    "counts": counted,
    "likelihood": learnt,
    **{name: game(name) for name in GAMES},
}


def interpolated(points: Iterable[tuple[float, float]]) -> list[float | None]:
    """Return NLL_test at each of `PLACES`, and the least; None beyond the ends of the curve."""
    by_oracle = sorted(points)
    x, y = (np.array(column) for column in zip(*by_oracle, strict=True))
    inside = [x[0] <= place <= x[-1] for place in PLACES]
    found = [
        float(v) if ok else None for v, ok in zip(np.interp(PLACES, x, y), inside, strict=True)
    ]
    return [*found, float(y.min())]


def published(folder: Path, name: str) -> list[tuple[float, float]]:
    """Read one published curve: (NLL_oracle, NLL_test) at every temperature."""
    sides = []
    for side in ("oracle", "test"):
        with (folder / f"{name}_{side}.csv").open(encoding="utf-8") as file:
            sides.append({line["Step"]: float(line["Value"]) for line in csv.DictReader(file)})
    return [(sides[0][step], sides[1][step]) for step in sides[0] if step in sides[1]]


def report(records: list[dict[str, Any]], oracle: Path) -> list[str]:
    """Return the page."""
    head = [f"NLL_oracle {place:.2f}" for place in PLACES]
    lines = [
        "NLL_test (nats a symbol, lower is better) where samples have the NLL_oracle of the column;"
        " mean of the seeds, the standard deviation in brackets.",
        "",
        row("", "seeds", *head, "least NLL_test"),
        "|" + "---|" * (len(PLACES) + 3),
    ]
    for name, file in PUBLISHED.items():
        lines.append(row(name, "1", *map(shown, interpolated(published(oracle / "curves", file)))))
    for job in ("likelihood", *GAMES):
        curves = [interpolated([p[1:] for p in r["curve"]]) for r in records if r["job"] == job]
        if curves:
            cells = (spread(column) for column in zip(*curves, strict=True))
            lines.append(row(f"**serinette**, {NAMES[job]}", str(len(curves)), *cells))
    return [*lines, "", *counts_table(records), "", *footing(records)]


NAMES = {"likelihood": "likelihood", **{name: game.title for name, game in GAMES.items()}}


def counts_table(records: list[dict[str, Any]]) -> list[str]:
    """Return what needs no network."""
    found = [r for r in records if r["job"] == "counts"]
    if not found:
        return []
    lines = [row("needs no network", "NLL_oracle", "NLL_test"), "|---|---|---|"]
    for name in found[0]["nll_oracle"]:
        test = "" if name.startswith("the oracle") else "infinite"
        if name.startswith("unigrams"):
            test = spread([r["nll_test"]["0.0"] for r in found])
        lines.append(row(name, spread([r["nll_oracle"][name] for r in found]), test))
    for share in SHARES:
        test = spread([r["nll_test"][str(share)] for r in found])
        lines.append(row(f"{share:g} bigrams + {1 - share:g} unigrams", "", test))
    return lines


def footing(records: list[dict[str, Any]]) -> list[str]:
    """Return how it was measured."""
    rows = sorted({r["rows"] for r in records})
    times = {
        job: statistics.median(r["cpu_seconds"] for r in records if r["job"] == job)
        for job in sorted({r["job"] for r in records})
    }
    spent = ", ".join(f"{NAMES.get(job, job)} {seconds:.0f} s" for job, seconds in times.items())
    network = (
        f" The network: embedding {SIZES.embedding_size}, {SIZES.n_layers} x {SIZES.hidden_size} "
        f"cells; {LIKELIHOOD.updates:,} updates of {LIKELIHOOD.n_rows} rows by likelihood; "
        f"{len(TEMPERATURES)} temperatures."
    )
    return [
        f"{len({r['seed'] for r in records})} seed(s), 10,000 sequences of length 20 to learn "
        f"from, {' or '.join(f'{n:,}' for n in rows)} fresh ones a measurement."
        f"{network if set(times) - {'counts'} else ''} "
        f"Processor time, measuring included: {spent}.",
        "",
        describe_machine(),
    ]


def shown(value: float | None) -> str:
    """Return a figure, or a dash beyond the end of a curve."""
    return "–" if value is None else f"{value:.3f}"


def spread(values: Iterable[float | None]) -> str:
    """Return mean and standard deviation."""
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    mean = statistics.mean(known)
    return f"{mean:.3f}" + (f" ({statistics.stdev(known):.3f})" if len(known) > 1 else "")


def row(*cells: str) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
