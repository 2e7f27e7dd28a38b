"""Fuzzing: every reader of somebody else's bytes gets mutated files, and must read or refuse them.

python benchmarks/fuzz.py --inputs 1000000 --seconds 3600 --state build/fuzz.json \
  --out benchmarks/results/fuzz.md

Input number k of a reader follows from the seed, the reader and k alone, so a finding can be made
again, and a run that was stopped goes on where it was (`--state`). What counts as a finding: any
exception that is not a SerinetteError, a warning of Python, a message of more than one line, or
more than 20 seconds of work. Readers take turns, 200 inputs at a time, in one process.
"""

import argparse
import json
import random
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz_readers import READERS, Refused
from fuzz_seeds import mutated
from machine import describe_machine

from serinette.core.errors import SerinetteError

TURN = 200
MOST_SECONDS = 20.0
MOST_KEPT = 20
"""Findings of a reader that are kept with their input; the rest are counted."""


@dataclass
class Tally:
    """What came of the inputs of one reader."""

    n: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, Any]] = field(default_factory=list)
    n_findings: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Tally":
        """Rebuild one from plain values."""
        return cls(**{**plain, "outcomes": Counter(plain["outcomes"])})


def fuzz(name: str, tally: Tally, n: int, seed: int, folder: Path) -> None:
    """Give a reader its next `n` inputs."""
    seeds, read, grammar = READERS[name]
    begun = time.monotonic()
    for number in range(tally.n, tally.n + n):
        chance = random.Random(zlib.crc32(f"{seed} {name} {number}".encode()))  # noqa: S311
        data = mutated(seeds(), grammar, chance)
        outcome, problem = outcome_of(read, data, folder)
        tally.outcomes[outcome] += 1
        if problem is not None:
            tally.n_findings += 1
            found = {"input": number, "outcome": outcome, "problem": problem, "hex": data.hex()}
            if len(tally.findings) < MOST_KEPT and outcome not in {
                kept["outcome"] for kept in tally.findings
            }:
                tally.findings.append(found)
        tally.n = number + 1
    tally.seconds += time.monotonic() - begun


def outcome_of(
    read: Callable[[bytes, Path], None], data: bytes, folder: Path
) -> tuple[str, str | None]:
    """Return how a reader answered, and what is wrong with it."""
    begun = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read(data, folder)
        outcome, problem = "read", None
    except SerinetteError as error:
        message = str(error)
        outcome, problem = type(error).__name__, None
        if not message or len(message.splitlines()) > 1:
            outcome, problem = f"{outcome} of several lines", message
    except Refused:
        outcome, problem = "refused by another", None
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        outcome = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        problem = "".join(traceback.format_exception(error))[-1500:]
    if problem is None and time.process_time() - begun > MOST_SECONDS:
        return "slow", f"{time.process_time() - begun:.1f} s"
    return outcome, problem


def report(tallies: Mapping[str, Tally], seed: int) -> str:
    """Return the table."""
    lines = [
        "# Fuzzing of every reader",
        "",
        f"`python benchmarks/fuzz.py`, seed {seed}, one process · {describe_machine()}",
        "",
        "| reader | inputs | read | refused in one line | findings | inputs a second |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, tally in tallies.items():
        refused = tally.n - tally.outcomes["read"] - tally.n_findings
        rate = tally.n / tally.seconds if tally.seconds else 0.0
        lines.append(
            f"| {name} | {tally.n:,} | {tally.outcomes['read']:,} | {refused:,} "
            f"| {tally.n_findings:,} | {rate:,.0f} |"
        )
    lines += ["", "Refusals by class of error:", ""]
    for name, tally in tallies.items():
        kinds = (f"{kind} {n:,}" for kind, n in tally.outcomes.most_common() if kind != "read")
        lines.append(f"- {name}: {', '.join(kinds) or 'none'}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000, help="inputs a reader")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--readers", default=",".join(READERS), help="some of the readers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state", type=Path, help="go on from this file, and write it")
    parser.add_argument("--out", type=Path, help="Markdown to write")
    options = parser.parse_args()
    stored = json.loads(options.state.read_text()) if _is_there(options.state) else {}
    tallies = {
        name: Tally.of(stored[name]) if name in stored else Tally()
        for name in dict.fromkeys([*stored, *options.readers.split(",")])
    }
    end = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder:
        waiting = [name for name in options.readers.split(",") if tallies[name].n < options.inputs]
        while waiting and time.monotonic() < end:
            for name in waiting:
                n = min(TURN, options.inputs - tallies[name].n)
                fuzz(name, tallies[name], n, options.seed, Path(folder))
            _store(options, tallies)
            waiting = [name for name in waiting if tallies[name].n < options.inputs]
    print(report(tallies, options.seed))
    for name, tally in tallies.items():
        for found in tally.findings:
            print(f"{name} {found['input']}: {found['outcome']}\n{found['problem']}\n")
    raise SystemExit(any(tally.n_findings for tally in tallies.values()))


def _store(options: argparse.Namespace, tallies: Mapping[str, Tally]) -> None:
    if options.state:
        options.state.parent.mkdir(parents=True, exist_ok=True)
        plain = {name: vars(tally) for name, tally in tallies.items()}
        options.state.write_text(json.dumps(plain))
    if options.out:
        options.out.write_text(report(tallies, options.seed))


def _is_there(path: Path | None) -> bool:
    return path is not None and path.exists()


def _memory_folder() -> str | None:
    """A folder in memory, where there is one: a reader of files gets a million of them."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


if __name__ == "__main__":
    main()
