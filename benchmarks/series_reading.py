"""How fast is a CSV read, types, entity and time found out, beside `csv.reader` alone?

python benchmarks/series_reading.py --megabytes 100 --folder scratch --out series-reading.md

Needs polars (extra `series`) to write the file. Both are timed in a process of their own.
"""

import argparse
import csv
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from machine import describe_machine
from report import publish
from series_file import write_file

from serinette.kinds.series.reader import read_table


def main() -> None:
    """Write the file, read it in both ways in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", choices=sorted(READERS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    source: Path = args.folder / "mixed.csv"
    if args.one:
        begun = time.process_time()
        READERS[args.one](source)
        print(time.process_time() - begun)
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    n_rows = write_file(source, args.megabytes * 10**6)
    size = source.stat().st_size / 1e6
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in range(args.rounds):
        for name, found in seconds.items():
            found.append(_timed(name, args.folder))
    source.unlink()
    base = median(seconds["csv.reader alone"])
    lines = [
        f"Machine: {describe_machine()}; one thread, much other work beside it.",
        "",
        f"A CSV of {size:.0f} MB, {n_rows:,} rows of nine mixed columns; seconds of CPU, medians "
        f"of {args.rounds} rounds.",
        "",
        "| what | CPU seconds | MB/s of CPU | times as long as csv.reader |",
        "|---|---|---|---|",
        *(
            f"| {name} | {median(found):.2f} | {size / median(found):.1f} "
            f"| {median(found) / base:.2f} |"
            for name, found in seconds.items()
        ),
    ]
    publish(lines, args.out)


def _timed(name: str, folder: Path) -> float:
    command = [sys.executable, __file__, "--folder", str(folder), "--one", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def _rows(source: Path) -> None:
    with source.open(encoding="utf-8", newline="") as lines:
        for _ in csv.reader(lines):
            pass


READERS = {
    "csv.reader alone": _rows,
    "the whole reading: encoding, types, entity, time, numbers": read_table,
}


if __name__ == "__main__":
    main()
