"""Our models beside the published samples of six LSTM text GANs, trained on the same captions.

    serinette train texygen-train.txt --codec word --documents line --objective adversarial \
        --name captions --updates 2000 --model.hidden_size 192 --model.embedding_size 128 \
        --model.n_layers 1 --model.tied true --model.input_dropout 0.4 --model.output_dropout 0.5 \
        --training.batching documents --training.window 48 --training.n_rows 64 \
        --training.learning_rate 6e-3 --training.matrix_learning_rate 6e-3 \
        --adversarial.updates 150 --adversarial.guide_updates 320 --seed 1
    python benchmarks/captions.py --captions FOLDER --run runs/captions \
        --out benchmarks/results/captions.md

FOLDER is that of `texygen.py`. `--run` may be given for several seeds: figures are then means with
the least and the largest beside them. Our models learn from nine tenths of the captions, the
published ones learnt from all.

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
import statistics
from collections.abc import Sequence
from pathlib import Path

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

TEMPERATURES = (0.7, 0.8, 0.9, 1.0)
N_LEGACY = 9_984
_LONGEST = 48
_N_SETS = 5
_BLEU_4, _SELF_BLEU_4 = 2, 6
"""Columns of BLEU-4 and Self-BLEU-4."""


def main() -> None:
    """Print the tables, and write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--run", type=Path, action="append", required=True)
    parser.add_argument("--samples", type=int, default=N_LEGACY)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    lines = {
        name: (args.captions / f"texygen-{name}.txt").read_text(encoding="utf-8").splitlines()
        for name in ("train", "test", *FILES.values())
    }
    written = {
        name: [drawn_lines(run / folder, args.samples, TEMPERATURES) for run in args.run]
        for name, folder in (("likelihood", "likelihood"), ("game", "model"))
    }
    guided = [drawn_lines(run / "model", N_TOKENS, (1.0,), resample=None) for run in args.run]
    head = [
        f"Machine: {describe_machine()}. Seeds: {len(args.run)}. {args.samples:,} samples a "
        "temperature.",
        "",
    ]
    curves = curve_table(lines, written)
    named = {**written, "game and guide": guided}
    tables = [curves, distance_table(lines, named), held_out_table(args.run, named)]
    publish([*head, *(line for table in tables for line in [*table, ""])][:-1], args.out)


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


def curve_table(
    lines: dict[str, list[str]], written: dict[str, list[dict[float, list[str]]]]
) -> list[str]:
    """Return our curves by Texygen's protocol, and where each published system lies under them."""
    yardstick, numbering = yardstick_of(lines["train"]), Numbering()
    references = numbering.number(map(yardstick.tokens, lines["test"]))

    def scored(samples: list[str]) -> np.ndarray:
        numbered = numbering.number(map(yardstick.tokens, samples))
        return np.hstack([bleu(numbered, references), self_bleu(numbered)]).mean(axis=0)

    curves = {
        name: np.array([[scored(of[t]) for t in TEMPERATURES] for of in runs])
        for name, runs in written.items()
    }  # [runs, temperatures, 8]
    orders = [f"{kind}-{n}" for kind in ("BLEU", "Self-BLEU") for n in (2, 3, 4, 5)]
    table = heading("model", "T", *orders)
    table.append(row("real captions", "", *(f"{x:.3f}" for x in scored(lines["train"]))))
    for name, curve in curves.items():
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


def distance_table(
    lines: dict[str, list[str]], written: dict[str, list[dict[float, list[str]]]]
) -> list[str]:
    """Return the distances of every system and model from training captions."""
    measurable, real = training_captions(lines)

    def figures(captions: list[str]) -> list[float]:
        found = metrics(measurable(captions), real)
        return [found[key].value for key in MEASURES]

    table = heading("", *(name.split(",")[0] for name, _, _ in MEASURES.values()))
    floor = metrics(real.twin, real)
    table.append(line_of("real captions", [[floor[key].value for key in MEASURES]]))
    for system, file in FILES.items():
        table.append(line_of(system, [figures(lines[file])]))
    for name, runs in written.items():
        for temperature in (t for t in TEMPERATURES[1:] if t in runs[0]):
            found = [figures(of[temperature]) for of in runs]
            table.append(line_of(f"ours, {name}, T {temperature}", found))
    return [
        f"Against training captions, {N_EMBEDDED:,} a side (language models: {N_TOKENS:,}). "
        f"Embeddings: {real.embedding}. Meaning, wording: share that a classifier tells from real "
        "text; 50 is ideal.",
        "",
        *table,
    ]


def held_out_table(
    runs: Sequence[Path], written: dict[str, list[dict[float, list[str]]]]
) -> list[str]:
    """Return distances from the test captions of each run, which no model of it has learnt from."""
    found: dict[tuple[str, float], list[list[float]]] = {}
    floors = []
    for k, run in enumerate(runs):
        prepared = prepared_again(load(run / "model"))
        parts = (prepared.parts.test, prepared.parts.validation)
        held_out, twin = ([s.content for s in part.sequences] for part in parts)
        n = min(len(held_out), len(twin))
        yardstick = yardstick_of(held_out)
        halves = tuple(shuffled(cut_all(part, yardstick), SEED) for part in (held_out, twin))
        measurable, real = real_captions(yardstick, halves, [*held_out, *twin], (n, n))
        keys = ("fed", "mauve", "accuracy", "wording")
        floors.append(distances(real.twin, real, keys))
        for name, models in written.items():
            for temperature, texts in models[k].items():
                # several disjoint sets: one of a few hundred captions would be a matter of luck
                sets = [texts[i * n : (i + 1) * n] for i in range(_N_SETS)]
                figures = [distances(measurable(part), real, keys) for part in sets]
                means = np.mean(figures, axis=0).tolist()
                found.setdefault((name, temperature), []).append(means)
    digits = (3, 3, 1, 1)
    table = heading("", "FED", "MAUVE", "meaning %", "wording %")
    rows = [("real captions", floors), *((f"{n}, T {t}", f) for (n, t), f in found.items())]
    for name, figures in rows:
        columns = np.array(figures).T
        cells = (spread(c, d) for c, d in zip(columns, digits, strict=True))
        table.append(row(name, *cells))
    return [
        "Against the test captions of each run (a twentieth of the file), which neither model has "
        f"learnt from or was chosen by; means of {_N_SETS} disjoint sets of as many samples. Real "
        "captions: the validation part.",
        "",
        *table,
    ]


def distances(samples: PieceSet, real: RealText, keys: Sequence[str]) -> list[float]:
    """Return some distances of samples from real captions."""
    found = {f.metric.key: f.metric.value for f in distance_figures(samples, real, seed=SEED)}
    return [found[key] for key in keys]


def line_of(name: str, found: list[list[float]]) -> str:
    """Return one line: means over seeds, with the least and the largest where there are more."""
    columns = np.array(found).T
    digits = [digits for _, digits, _ in MEASURES.values()]
    return row(name, *(spread(c, d) for c, d in zip(columns, digits, strict=True)))


def spread(values: np.ndarray, digits: int = 3) -> str:
    """Return a mean, with the least and the largest of several."""
    mean = f"{statistics.mean(values.tolist()):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({values.min():.{digits}f} to {values.max():.{digits}f})"


if __name__ == "__main__":
    main()
