"""How much memory does training on a long text take?

python benchmarks/text_memory.py --megabytes 200 --folder scratch --out text-memory.md

The text is made up: sentences of 5,000 invented words, drawn by Zipf's law, a line each, the same
ones again after some twenty megabytes. Linux. The files and the runs are removed afterwards.
"""

import argparse
import itertools
import shutil
from pathlib import Path

import numpy as np
from machine import describe_machine
from memory import Stage, measured
from report import publish

_WORDS = 5_000
_LINES_AT_ONCE = 20_000
_N_BLOCKS = 20
_SYLLABLES = [first + last for first in "bdfgklmnprstvz" for last in "aeiou"]


def main() -> None:
    """Write the text, train in several ways, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[20.0, 200.0])
    parser.add_argument("--documents", nargs="+", default=["file", "line"])
    parser.add_argument("--codec", nargs="+", default=["character"])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    stages = []
    for megabytes in args.megabytes:
        source = args.folder / f"{megabytes:g}MB.txt"
        write_text(source, int(megabytes * 1e6))
        stages += [
            _trained(source, documents, codec, args.updates)
            for documents in args.documents
            for codec in args.codec
        ]
        source.unlink()
    lines = [
        f"Machine: {describe_machine()}; other work beside it.",
        "",
        "A text of invented words, a sentence a line, ASCII; a network of size xs.",
        "",
        "| command | seconds | of these CPU | peak memory, MB | of this not backed by files, MB |",
        "|---|---|---|---|---|",
        *(
            f"| {s.command} | {s.seconds:.0f} | {s.cpu_seconds:.0f} | {s.peak_mb:,.0f} "
            f"| {s.own_mb:,.0f} |"
            for s in stages
        ),
    ]
    publish(lines, args.out)


def write_text(path: Path, n_bytes: int) -> None:
    """Write about so many bytes of sentences; after some megabytes they come again."""
    generator = np.random.Generator(np.random.Philox(7))
    lengths = generator.integers(1, 5, _WORDS)
    words = np.array(
        ["".join(_SYLLABLES[k] for k in generator.integers(0, 70, n)) for n in lengths]
    )
    blocks = [_sentences(words, generator) for _ in range(_N_BLOCKS)]
    with path.open("w", encoding="ascii") as text:
        for block in itertools.cycle(blocks):
            if text.tell() >= n_bytes:
                break
            text.write(block)


def _sentences(words: np.ndarray, generator: np.random.Generator) -> str:
    ranks = np.minimum(generator.zipf(1.3, (_LINES_AT_ONCE, 12)), _WORDS) - 1
    return "".join(" ".join(line) + ".\n" for line in words[ranks])


def _trained(source: Path, documents: str, codec: str, updates: int) -> Stage:
    runs = source.parent / "runs"
    how = ["--documents", documents, "--codec", codec, "--updates", str(updates), "--size", "xs"]
    # Little is held out: measuring it at the end takes long, and no memory.
    how += ["--split.validation_share=0.002", "--split.test_share=0.002"]
    stage = measured(["train", source, *how, "--runs", runs])
    shutil.rmtree(runs)
    return stage


if __name__ == "__main__":
    main()
