"""What the presets of texts come to: prose, encyclopaedia, LaTeX, source code, titles, names.

    python benchmarks/applications.py --data data --out benchmarks/results/applications.md

`--data` holds what `serinette data get` writes (what is missing is got). Each preset trains for the
same time; bits a character are of the test part, beside a count model's. Then it writes: `sound` is
the share that is whole in its notation (LaTeX: all that opens is closed; Python: top-level
statements that parse; Markdown: headings that stand where they may), `new` the share of lines that
the training text does not hold, `different` the share that no other sample repeats. "real" is what
the held-out text has. Samples are the first ones of the seed.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from machine import describe_machine
from report import publish

import serinette
from serinette.artifact.folder import load
from serinette.kinds.text.notation import is_latex, markdown_parts, python_parts
from serinette.recipes.corpora import CORPORA
from serinette.recipes.corpus_makers import LINES
from serinette.recipes.training_data import prepared_again

TEMPERATURE = 0.7
N_LINES, N_LONG, LONG_STEPS = 1_000, 40, 3_000
_SHOWN = 400


class Application(NamedTuple):
    """A preset, its data, and how what it writes is asked whether it is sound."""

    corpus: str
    preset: str
    sound: Callable[[str], Sequence[bool]] | None

    @property
    def file(self) -> str:
        """What `serinette data get` calls it."""
        return CORPORA[self.corpus].file_names[0]

    @property
    def has_lines(self) -> bool:
        """Whether every line is a document."""
        return CORPORA[self.corpus].layout in LINES


def _latex(text: str) -> list[bool]:
    return [is_latex(text)]


APPLICATIONS = (
    Application("moby-dick", "prose", None),
    Application("factbook", "encyclopaedia", markdown_parts),
    Application("formulas", "latex", _latex),
    Application("python", "code", python_parts),
    Application("titles", "titles", None),
    Application("names", "names", None),
)


class Found(NamedTuple):
    """What one training came to."""

    n_characters: int
    """Of the training part."""
    network: str
    figures: list[float | None]
    """In the order of the table; None where it cannot be asked."""
    shown: list[str]


def main() -> None:
    """Train what is missing, write, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--only", nargs="*", help="presets")
    parser.add_argument("--budget", default="3m")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--work", type=Path, default=Path("runs/applications"))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    chosen = [a for a in APPLICATIONS if not args.only or a.preset in args.only]
    rows, shown = [], []
    for application in chosen:
        found = [_of(application, seed, args) for seed in args.seeds]
        rows.append(_row(application, found))
        shown += found[0].shown
        print(rows[-1], flush=True)
    publish(
        [
            f"Machine: {describe_machine()}. Budget {args.budget} each; seeds "
            f"{', '.join(map(str, args.seeds))}: means, with the least and the largest. Samples at "
            f"temperature {TEMPERATURE}: {N_LINES:,} lines, or {N_LONG} texts of at most "
            f"{LONG_STEPS:,} characters; those that are shown are of the first seed.",
            "",
            "| data | preset | characters | network | bits a character | count model | sound, % | "
            "real | new lines, % | real | different, % | real |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            *shown,
        ],
        args.out,
    )


def _of(application: Application, seed: int, args: argparse.Namespace) -> Found:
    path = args.data / application.file
    if not path.exists():
        _run("data", "get", application.corpus, "--to", str(args.data))
    name = f"{application.preset}-{seed}"
    folder = args.work / name / "model"
    if not folder.exists():
        _run(
            "train", str(path), "--preset", application.preset, "--budget",
            args.budget,
            "--seed", str(seed), "--runs", str(args.work), "--name", name,
        )  # fmt: skip
    artifact = load(folder)
    parts = prepared_again(artifact, [path]).parts
    known = {line for s in parts.train.sequences for line in s.content.split("\n")}
    held_out = [s.content for s in (*parts.test.sequences, *parts.validation.sequences)]
    n, steps = (N_LINES, 400) if application.has_lines else (N_LONG, LONG_STEPS)
    written = [
        sample.text
        for sample in serinette.load(folder).generate(
            n, seed=seed, temperature=TEMPERATURE, max_steps=steps
        )
    ]
    real = [text[:steps] for text in held_out]
    ours, theirs = (_figures(texts, application, known) for texts in (written, real))
    test = next(m for m in artifact.evaluation["metrics"] if m["name"].startswith("test bits"))
    beside = [figure for pair in zip(ours, theirs, strict=True) for figure in pair]
    sizes = artifact.model_config
    return Found(
        n_characters=parts.train.n_characters,
        network=f"{sizes.n_layers} x {sizes.hidden_size}",
        figures=[test["value"], test["baseline"], *beside],
        shown=_shown(application, written),
    )


def _row(application: Application, found: Sequence[Found]) -> str:
    columns = zip(*(one.figures for one in found), strict=True)
    digits = (3, 3, *(1,) * 6)
    cells = (
        application.corpus, application.preset, f"{found[0].n_characters:,}",
        ", ".join(dict.fromkeys(one.network for one in found)),
        *(_spread(c, d) for c, d in zip(columns, digits, strict=True)),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _spread(figures: Sequence[float | None], digits: int) -> str:
    known = [figure for figure in figures if figure is not None]
    if not known:
        return ""
    mean = f"{sum(known) / len(known):.{digits}f}"
    if min(known) == max(known):
        return mean
    return f"{mean} ({min(known):.{digits}f} to {max(known):.{digits}f})"


def _figures(texts: Sequence[str], application: Application, known: set[str]) -> list[float | None]:
    """Return what is sound, new and different, in per cent; None where it cannot be asked."""
    parts = [] if application.sound is None else [p for t in texts for p in application.sound(t)]
    sound = 100 * sum(parts) / len(parts) if parts else None
    if not application.has_lines:
        return [sound, None, None]
    new = sum(text not in known for text in texts) / len(texts)
    return [sound, 100 * new, 100 * len(set(texts)) / len(texts)]


def _shown(application: Application, written: Sequence[str]) -> list[str]:
    text = "\n".join(written[:8]) if application.has_lines else written[0][:_SHOWN]
    return [f"{application.preset}:", "", "```text", *text.strip().split("\n"), "```", ""]


def _run(*words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "serinette", *words], check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


if __name__ == "__main__":
    main()
