"""Our models beside the published samples of six LSTM text GANs, trained on the same captions.

    python benchmarks/captions.py --captions FOLDER --work runs/captions --seeds 1 2 3 \
        --out benchmarks/results/captions.md

FOLDER is that of `texygen.py`. For every seed a model is trained (`TRAIN`) and measured; what
stands in `--work` is not done again, so that the benchmark can be stopped at any time. Figures of
several seeds are means with the least and the largest beside them. Our models learn from nine
tenths of the captions, the published ones learnt from all.

The first table is Texygen's protocol (BLEU against all test captions, Self-BLEU over the samples),
a curve over temperatures for the likelihood model and for the generator of the game. Every
published system is then a point, and the second table says how much more BLEU-4 our curve has at
its Self-BLEU-4, and how much less Self-BLEU-4 at its BLEU-4. The third compares with training
captions by distances that cannot be won by collapse, at several temperatures, and with the guide
choosing among candidates as `serinette generate` does. The fourth asks the question that matters,
on captions that nobody has learnt from: is the game's model nearer to them than its own start at
the same temperature?
"""

import os

# BLAS reads the number of threads when NumPy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe_machine
from report import publish
from texygen import (
    FILES,
    MEASURES,
    N_EMBEDDED,
    N_TOKENS,
    PUBLISHED,
    SEED,
    heading,
    metrics,
    real_captions,
    row,
    training_captions,
)

from serinette.artifact.folder import load
from serinette.decoding.config import DecodingConfig
from serinette.evaluation.bleu import bleu, self_bleu
from serinette.evaluation.quality import PieceSet, RealText, distance_figures
from serinette.evaluation.ragged import Numbering
from serinette.kinds.text.yardstick import yardstick_of
from serinette.recipes.evaluate.material import cut_all, shuffled
from serinette.recipes.generate import GenerateRequest, Opened, Sample, generate
from serinette.recipes.training_data import prepared_again

TRAIN = (
    "--codec", "word", "--documents", "line", "--objective", "adversarial", "--updates", "2000",
    "--model.hidden_size", "192", "--model.embedding_size", "128", "--model.n_layers", "1",
    "--model.tied", "true", "--model.input_dropout", "0.4", "--model.output_dropout", "0.5",
    "--training.batching", "documents", "--training.window", "48", "--training.n_rows", "64",
    "--training.learning_rate", "6e-3", "--training.matrix_learning_rate", "6e-3",
    "--adversarial.updates", "150", "--adversarial.guide_updates", "320",
)  # fmt: skip
"""Options of `serinette train`."""
TEMPERATURES = (0.7, 0.8, 0.9, 1.0)
N_LEGACY = 9_984
_LONGEST = 48
_N_SETS = 5
_BLEU_4, _SELF_BLEU_4 = 2, 6
"""Columns of BLEU-4 and Self-BLEU-4."""
_HELD_OUT = {"fed": 3, "mauve": 3, "accuracy": 1, "wording": 1}
"""Figures against held-out captions, and their decimals."""
_MODELS = {"likelihood": "likelihood", "game": "model"}
_GUIDED = "game and guide"

Lines = dict[str, list[str]]
Drawn = dict[str, dict[float, list[str]]]
"""Of each model, at each temperature, its captions."""


def main() -> None:
    """Do what is missing, print the tables, and write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--samples", type=int, default=N_LEGACY)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    lines = {
        name: (args.captions / f"texygen-{name}.txt").read_text(encoding="utf-8").splitlines()
        for name in ("train", "test", *FILES.values())
    }
    args.work.mkdir(parents=True, exist_ok=True)
    published = kept(args.work / "published.json", partial(published_figures, lines))
    runs = [
        kept(args.work / f"captions-{seed}.json", partial(of_seed, args, lines, seed))
        for seed in args.seeds
    ]
    head = [
        f"Machine: {describe_machine()}. Seeds: {len(runs)}. {args.samples:,} samples a "
        "temperature.",
        "",
    ]
    tables = [curve_table(runs, published), distance_table(runs, published), held_out_table(runs)]
    publish([*head, *(line for table in tables for line in [*table, ""])][:-1], args.out)


def kept(path: Path, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a file holds; measure and write it if it is not there."""
    if not path.exists():
        path.write_text(json.dumps(measure()), encoding="utf-8")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def of_seed(args: argparse.Namespace, lines: Lines, seed: int) -> dict[str, Any]:
    """Train with a seed unless it was done, and return all figures."""
    run = args.work / f"captions-{seed}"
    if not (run / "model").exists():
        shutil.rmtree(run, ignore_errors=True)
        subprocess.run(
            [
                sys.executable, "-m", "serinette", "train",
                str(args.captions / "texygen-train.txt"), *TRAIN, "--seed", str(seed),
                "--runs", str(args.work), "--name", run.name,
            ],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    drawn: Drawn = {
        name: drawn_lines(run / folder, args.samples, TEMPERATURES)
        for name, folder in _MODELS.items()
    }
    curves = curve_figures(lines, drawn)
    drawn[_GUIDED] = drawn_lines(run / "model", N_TOKENS, (1.0,), resample=None)
    return {
        "curves": curves,
        "distances": distance_figures_of(lines, drawn),
        "held_out": held_out_figures(run, drawn),
    }


def drawn_lines(
    model: Path, n: int, temperatures: Sequence[float], *, resample: int | None = 1
) -> dict[float, list[str]]:
    """Return samples of a model at every temperature, those with a word in them.

    Args:
        model: Its folder.
        n: Samples of each temperature.
        temperatures: Of the softmax.
        resample: Candidates that the guide chooses from; None: as many as the model was found to
            be best with.
    """
    artifact = load(model)
    opened = Opened(artifact)
    found = {}
    for temperature in temperatures:
        decoding = DecodingConfig(temperature=temperature, max_steps=_LONGEST)
        request = GenerateRequest(
            n=n, seed=SEED, decoding=decoding, batch_size=256, resample=resample
        )
        drawn = generate(artifact, request, opened=opened)
        samples = [each.text.strip() for each in drawn if isinstance(each, Sample)]
        found[temperature] = [text for text in samples if text]
    return found


def published_figures(lines: Lines) -> dict[str, Any]:
    """Return what needs no model of ours: real captions and the published systems."""
    yardstick, numbering = yardstick_of(lines["train"]), Numbering()
    references = numbering.number(map(yardstick.tokens, lines["test"]))
    real_tokens = numbering.number(map(yardstick.tokens, lines["train"]))
    curve = np.hstack([bleu(real_tokens, references), self_bleu(real_tokens)]).mean(axis=0)
    measurable, real = training_captions(lines)
    floor = metrics(real.twin, real)
    found = {"real captions": floor}
    found |= {name: metrics(measurable(lines[file]), real) for name, file in FILES.items()}
    return {
        "curve": curve.tolist(),
        "distances": {name: [of[key].value for key in MEASURES] for name, of in found.items()},
        "embedding": real.embedding,
    }


def curve_figures(lines: Lines, drawn: Drawn) -> dict[str, list[list[float]]]:
    """Return BLEU-2 to 5 and Self-BLEU-2 to 5 of each model at each temperature."""
    yardstick, numbering = yardstick_of(lines["train"]), Numbering()
    references = numbering.number(map(yardstick.tokens, lines["test"]))

    def scored(samples: list[str]) -> list[float]:
        numbered = numbering.number(map(yardstick.tokens, samples))
        eight: list[float] = (
            np.hstack([bleu(numbered, references), self_bleu(numbered)]).mean(axis=0).tolist()
        )
        return eight

    return {name: [scored(of[t]) for t in TEMPERATURES] for name, of in drawn.items()}


def distance_figures_of(lines: Lines, drawn: Drawn) -> dict[str, list[float]]:
    """Return the distances of each model from training captions, warm temperatures only."""
    measurable, real = training_captions(lines)
    found = {}
    for name, of in drawn.items():
        for temperature in (t for t in TEMPERATURES[1:] if t in of):
            figures = metrics(measurable(of[temperature]), real)
            found[_at(name, temperature)] = [figures[key].value for key in MEASURES]
    return found


def held_out_figures(run: Path, drawn: Drawn) -> dict[str, list[float]]:
    """Return distances from the test captions of a run, which no model of it has learnt from."""
    prepared = prepared_again(load(run / "model"))
    parts = (prepared.parts.test, prepared.parts.validation)
    held_out, twin = ([s.content for s in part.sequences] for part in parts)
    n = min(len(held_out), len(twin))
    yardstick = yardstick_of(held_out)
    halves = tuple(shuffled(cut_all(part, yardstick), SEED) for part in (held_out, twin))
    measurable, real = real_captions(yardstick, halves, [*held_out, *twin], (n, n))
    found = {"real captions": distances(real.twin, real)}
    for name, of in drawn.items():
        for temperature, texts in of.items():
            # several disjoint sets: one of a few hundred captions would be a matter of luck
            sets = [texts[i * n : (i + 1) * n] for i in range(_N_SETS)]
            figures = [distances(measurable(part), real) for part in sets]
            found[_at(name, temperature)] = np.mean(figures, axis=0).tolist()
    return found


def distances(samples: PieceSet, real: RealText) -> list[float]:
    """Return some distances of samples from real captions."""
    found = {f.metric.key: f.metric.value for f in distance_figures(samples, real, seed=SEED)}
    return [found[key] for key in _HELD_OUT]


def curve_table(runs: list[dict[str, Any]], published: dict[str, Any]) -> list[str]:
    """Return our curves by Texygen's protocol, and where each published system lies under them."""
    curves = {name: np.array([run["curves"][name] for run in runs]) for name in _MODELS}
    orders = [f"{kind}-{n}" for kind in ("BLEU", "Self-BLEU") for n in (2, 3, 4, 5)]
    table = heading("model", "T", *orders)
    table.append(row("real captions", "", *(f"{x:.3f}" for x in published["curve"])))
    for name, curve in curves.items():  # [runs, temperatures, 8]
        for k, temperature in enumerate(TEMPERATURES):
            table.append(row(name, f"{temperature}", *(spread(column) for column in curve[:, k].T)))
    return [*table, "", *beside_published(curves)]


def beside_published(curves: dict[str, np.ndarray]) -> list[str]:
    """Say of every published system how far our curves lie above it, on either axis."""
    table = heading("published", "BLEU-4", "Self-BLEU-4", *(
        f"{name}: {what}" for name in curves for what in ("BLEU-4 more", "Self-BLEU-4 less")
    ))  # fmt: skip
    for system, figures in PUBLISHED.items():
        x, y = figures[_SELF_BLEU_4], figures[_BLEU_4]
        cells = []
        for curve in curves.values():
            more = [at(c[:, _SELF_BLEU_4], c[:, _BLEU_4], x) - y for c in curve]
            less = [x - at(c[:, _BLEU_4], c[:, _SELF_BLEU_4], y) for c in curve]
            cells += [spread(np.array(more)), spread(np.array(less))]
        table.append(row(system, f"{y:.3f}", f"{x:.3f}", *cells))
    return table


def at(xs: np.ndarray, ys: np.ndarray, x: float) -> float:
    """Return a curve's value at a place, by straight lines; its end where it does not reach."""
    order = np.argsort(xs)
    return float(np.interp(x, xs[order], ys[order]))


def distance_table(runs: list[dict[str, Any]], published: dict[str, Any]) -> list[str]:
    """Return the distances of every system and model from training captions."""
    digits = [digits for _, digits, _ in MEASURES.values()]
    return [
        f"Against training captions, {N_EMBEDDED:,} a side (language models: {N_TOKENS:,}). "
        f"Embeddings: {published['embedding']}. Meaning, wording: share that a classifier tells "
        "from real text; 50 is ideal.",
        "",
        *heading("", *(name.split(",")[0] for name, _, _ in MEASURES.values())),
        *(line_of(name, [found], digits) for name, found in published["distances"].items()),
        *(
            line_of(f"ours, {name}", [run["distances"][name] for run in runs], digits)
            for name in runs[0]["distances"]
        ),
    ]


def held_out_table(runs: list[dict[str, Any]]) -> list[str]:
    """Return the distances from captions that nobody has learnt from."""
    return [
        "Against the test captions of each run (a twentieth of the file), which neither model has "
        f"learnt from or was chosen by; means of {_N_SETS} disjoint sets of as many samples. Real "
        "captions: the validation part.",
        "",
        *heading("", "FED", "MAUVE", "meaning %", "wording %"),
        *(
            line_of(name, [run["held_out"][name] for run in runs], list(_HELD_OUT.values()))
            for name in runs[0]["held_out"]
        ),
    ]


def line_of(name: str, found: list[list[float]], digits: Sequence[int]) -> str:
    """Return one line: means over seeds, with the least and the largest where there are more."""
    columns = np.array(found).T
    return row(name, *(spread(c, d) for c, d in zip(columns, digits, strict=True)))


def spread(values: np.ndarray, digits: int = 3) -> str:
    """Return a mean, with the least and the largest of several."""
    mean = f"{statistics.mean(values.tolist()):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({values.min():.{digits}f} to {values.max():.{digits}f})"


def _at(name: str, temperature: float) -> str:
    return f"{name}, T {temperature}"


if __name__ == "__main__":
    main()
