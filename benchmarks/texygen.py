"""The published samples of Texygen, scored by our metrics: BLEU as published, then distances.

    python benchmarks/texygen.py --captions FOLDER --out benchmarks/results/texygen.md

FOLDER holds files of the repository geek-ai/Texygen, not part of this one: `docs/instances/X.txt`
as `texygen-X.txt` for X in mle, seq, maligan, rank, leakgan and textgan, `data/image_coco.txt` as
`texygen-train.txt` and `data/testdata/test_coco.txt` as `texygen-test.txt`; a caption a line.

The first table must repeat Texygen's: the mean over all samples against all test captions. The
second compares with training captions, because the test captions are about other topics; it is
computed as `serinette evaluate` does it. The third sets its orders beside those of an earlier
measurement with other tools, whose figures cannot be compared.
"""

import os

# BLAS reads the number of threads when NumPy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import argparse
import functools
import itertools
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from machine import describe_machine
from report import publish

from serinette.core.metric import Metric
from serinette.evaluation.bleu import bleu, self_bleu
from serinette.evaluation.figure import ratio_figure
from serinette.evaluation.language import independent_nats
from serinette.evaluation.quality import PieceSet, RealText, distance_figures
from serinette.evaluation.ragged import Numbering
from serinette.kinds.text.yardstick import yardstick_of
from serinette.kinds.yardstick import Stretch, Yardstick
from serinette.recipes.evaluate.material import cut_all, piece_set, shuffled

PUBLISHED = {
    "MLE": (0.731, 0.497, 0.305, 0.189, 0.916, 0.769, 0.583, 0.408),
    "SeqGAN": (0.745, 0.498, 0.294, 0.180, 0.950, 0.840, 0.670, 0.489),
    "MaliGAN": (0.673, 0.432, 0.257, 0.159, 0.918, 0.781, 0.606, 0.437),
    "RankGAN": (0.743, 0.467, 0.264, 0.156, 0.959, 0.882, 0.762, 0.618),
    "LeakGAN": (0.746, 0.528, 0.355, 0.230, 0.966, 0.913, 0.848, 0.780),
    "TextGAN": (0.593, 0.463, 0.277, 0.207, 0.942, 0.931, 0.804, 0.746),
}
"""BLEU-2 to 5 and Self-BLEU-2 to 5 of Texygen's own table."""
FILES = dict(zip(PUBLISHED, ("mle", "seq", "maligan", "rank", "leakgan", "textgan"), strict=True))
TOLERANCE = 0.003
N_TOKENS, N_EMBEDDED = 5_000, 2_500
"""Captions a side for the language models, and for everything else."""
SEED = 0
MEASURES = {
    "fed": ("FED, lowest first", 3, "MLE SeqGAN MaliGAN LeakGAN RankGAN TextGAN"),
    "mauve": ("MAUVE, highest first", 3, "MLE SeqGAN MaliGAN LeakGAN RankGAN TextGAN"),
    "accuracy": ("meaning %, lowest first", 1, "MLE LeakGAN SeqGAN MaliGAN RankGAN TextGAN"),
    "wording": ("wording %, lowest first", 1, ""),
    "lm": ("LM, lowest first", 3, "TextGAN LeakGAN RankGAN MLE SeqGAN MaliGAN"),
    "rlm": ("reverse LM, lowest first", 3, "MLE MaliGAN LeakGAN SeqGAN RankGAN TextGAN"),
}
"""Of every figure its name, its decimals and the order found with other tools."""
Measurable = Callable[[list[str]], PieceSet]
"""Makes some captions, shuffled, measurable."""


def main() -> None:
    """Print the tables, and write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captions", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    lines = {
        name: (args.captions / f"texygen-{name}.txt").read_text(encoding="utf-8").splitlines()
        for name in ("train", "test", *FILES.values())
    }
    head = [f"Machine: {describe_machine()}.", ""]
    publish([*head, *published_table(lines), "", *distance_tables(lines)], args.out)


def published_table(lines: dict[str, list[str]]) -> list[str]:
    """Return BLEU and Self-BLEU beside the published figures, and what they took."""
    yardstick, numbering = yardstick_of(lines["train"]), Numbering()
    references = numbering.number(map(yardstick.tokens, lines["test"]))
    rows, seconds, differences = [], [], []
    for system, published in PUBLISHED.items():
        samples = numbering.number(map(yardstick.tokens, lines[FILES[system]]))
        begun = time.perf_counter()
        scores = np.hstack([bleu(samples, references), self_bleu(samples)]).mean(axis=0)
        seconds.append(time.perf_counter() - begun)
        differences.append(float(np.abs(scores - published).max()))
        rows.append(row(system, "published", *(f"{x:.3f}" for x in published), ""))
        rows.append(row("", "ours", *(f"{x:.4f}" for x in scores), f"{differences[-1]:.4f}"))
    worst = max(differences)
    orders = [f"{kind}-{n}" for kind in ("BLEU", "Self-BLEU") for n in (2, 3, 4, 5)]
    return [
        f"Every sample ({len(samples):,} a system) against all {len(references):,} test captions.",
        "",
        *heading("system", "", *orders, "largest difference"),
        *rows,
        "",
        f"Largest difference {worst:.4f}, at most {TOLERANCE} is wanted: "
        f"{'PASS' if worst <= TOLERANCE else 'FAIL'}. All eight figures of a system took "
        f"{statistics.median(seconds):.2f} s on one core ({min(seconds):.2f} to "
        f"{max(seconds):.2f}), without cutting captions into words.",
    ]


def distance_tables(lines: dict[str, list[str]]) -> list[str]:
    """Return every system's distances from training captions, and the orders they give."""
    measurable, real = training_captions(lines)
    found = {"real text": metrics(real.twin, real)}
    for system, file in FILES.items():
        found[system] = metrics(measurable(lines[file]), real)
    figures = [
        row(name, *(shown(of[key], digits) for key, (_, digits, _) in MEASURES.items()))
        for name, of in found.items()
    ]
    return [
        f"Against training captions, {N_EMBEDDED:,} a side (language models: {N_TOKENS:,}), with "
        f"95 % intervals. Embeddings: {real.embedding}. Meaning, wording: share that a classifier "
        "tells from real text. LM, reverse LM: nats per token. A low LM is plausible text, the "
        "lowest dull text; all systems learnt the captions that the LM was fitted on, so theirs "
        "may lie below that of other real text.",
        "",
        *heading("", *(name.split(",")[0] for name, _, _ in MEASURES.values())),
        *figures,
        "",
        "Elsewhere: all-MiniLM-L6-v2 embeddings, Kneser-Ney trigrams, the same sizes.",
        "",
        *heading("", "order here", "order elsewhere", "pairs the other way round"),
        *(order_row(key, found) for key in MEASURES),
    ]


def training_captions(lines: dict[str, list[str]]) -> tuple[Measurable, RealText]:
    """Return what makes captions measurable, and training captions to measure them against."""
    yardstick = yardstick_of(lines["train"])
    train = shuffled(cut_all(lines["train"], yardstick), SEED)
    known = [*lines["train"], *lines["test"]]
    return real_captions(yardstick, (train, train[N_TOKENS:]), known, (N_TOKENS, N_EMBEDDED))


def real_captions(
    yardstick: Yardstick,
    halves: tuple[list[Stretch], list[Stretch]],
    known: list[str],
    sizes: tuple[int, int],
) -> tuple[Measurable, RealText]:
    """Return what makes captions measurable, and real ones to measure them against.

    Args:
        yardstick: Of the captions.
        halves: Real captions to measure against, and those whose figures are the floor.
        known: Whatever holds a word that is no invention.
        sizes: Captions a side for the language models, and for everything else.
    """
    numbering = Numbering()
    numbering.number(map(yardstick.tokens, known))
    is_known = np.ones(len(numbering), dtype=bool)
    n_tokens, n_embedded = sizes

    def measured(captions: list[Stretch]) -> PieceSet:
        embed = functools.partial(yardstick.embed, on_progress=lambda _: None)
        return piece_set(captions[:n_tokens], yardstick, numbering, embed, n_embedded)

    first, second = map(measured, halves)
    real = RealText(
        held_out=first,
        twin=second,
        fitted=first,
        halves=(first, second),
        known=lambda: is_known,
        own_metrics=lambda samples, groups: [],
        embedding=yardstick.embedding,
    )
    return lambda captions: measured(shuffled(cut_all(captions, yardstick), SEED)), real


def metrics(samples: PieceSet, real: RealText) -> dict[str, Metric]:
    """Measure one set against real text."""
    nats = independent_nats(real.fitted.tokens, samples.tokens, known=real.known())
    facts = {"name": "LM score", "key": "lm", "unit": "nats per token", "better": "real"}
    lm = ratio_figure(nats, samples.tokens.lengths + 1.0, seed=SEED, **facts)
    return {f.metric.key: f.metric for f in [lm, *distance_figures(samples, real, seed=SEED)]}


def order_row(key: str, found: dict[str, dict[str, Metric]]) -> str:
    """Return the order of the systems under one figure beside the one found elsewhere."""
    name, _, elsewhere = MEASURES[key]
    of = {system: found[system][key] for system in FILES}
    order = sorted(of, key=lambda system: of[system].value, reverse="highest" in name)
    if not elsewhere:
        return row(name, ", ".join(order), "not measured", "")
    swapped = [
        f"{a} and {b} ({'intervals overlap' if overlap(of[a], of[b]) else 'intervals apart'})"
        for a, b in itertools.combinations(order, 2)
        if elsewhere.index(a) > elsewhere.index(b)
    ]
    return row(name, ", ".join(order), elsewhere.replace(" ", ", "), "; ".join(swapped) or "none")


def overlap(a: Metric, b: Metric) -> bool:
    """Say whether two intervals have a point in common."""
    return a.interval[0] <= b.interval[1] and b.interval[0] <= a.interval[1]


def shown(metric: Metric, digits: int) -> str:
    """Return a figure with its interval."""
    low, high = metric.interval
    return f"{metric.value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def heading(*cells: str) -> list[str]:
    """Return the first two lines of a table."""
    return [row(*cells), "|" + "---|" * len(cells)]


def row(*cells: str) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
