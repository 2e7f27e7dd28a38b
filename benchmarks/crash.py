"""Crash safety: kill -9 at random moments, of a checkpoint writer and of a real training.

python benchmarks/crash.py --out benchmarks/results/crash.md

writer     A forked process saves 2 MB checkpoints and history lines without pause (every other one
           replaces a checkpoint of the same update) and acknowledges each through a pipe. It is
           killed; the newest checkpoint must verify and be no older than the last acknowledged.
training   `serinette train` is killed and resumed until it is done; its model must be, to the bit,
           that of a training that nobody disturbed.

A killed process is what this measures; a power cut also tests the disk, and fsync stands for that.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from machine import describe_machine

from serinette.artifact.checkpoints import newest_checkpoint, save_checkpoint
from serinette.core.durable import sweep_orphans, verify_folder
from serinette.core.errors import SerinetteError
from serinette.core.lines import append_line, read_json_lines
from serinette.core.locking import lock

SERINETTE = (sys.executable, "-m", "serinette")
STATE_NUMBERS = 500_000
"""Numbers of 4 bytes in a writer's state: 2 MB."""
KEEP = 2


@dataclass
class WriterTally:
    """What the kills of the writer left."""

    kills: int = 0
    saves: int = 0
    lost: int = 0
    """The newest state was older than the last acknowledged one."""
    corrupt: int = 0
    """A checkpoint under its own name did not verify, or held another state's numbers."""
    torn_history: int = 0
    """The history could not be read or lacked an acknowledged line."""
    in_flight: int = 0
    """Kills that struck in the middle of a save: temporary folders were left."""
    orphans: int = 0
    """Temporary folders left after the sweep."""
    seconds: float = 0.0


@dataclass
class TrainingTally:
    """What the kills of real trainings left."""

    kills: int = 0
    before_first_save: int = 0
    """Kills before anything was saved: the training began anew under its name."""
    trainings: int = 0
    identical: int = 0
    """Trainings whose model is, to the bit, the undisturbed one's."""
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def kill_writers(n_kills: int, seed: int, folder: Path) -> WriterTally:
    """Kill a checkpoint writer `n_kills` times in one run, and look at the run after each."""
    chance = random.Random(seed)  # noqa: S311 - moments of kills, no secret
    run = folder / "writer"
    run.mkdir()
    tally = WriterTally()
    acknowledged = 0
    started = time.monotonic()
    for _ in range(n_kills):
        newest = _write_and_die(run, chance.uniform(0.0, 0.2), tally)
        acknowledged = max(acknowledged, newest)
        tally.kills += 1
        _inspect(run, acknowledged, tally)
    tally.seconds = time.monotonic() - started
    return tally


def _write_and_die(run: Path, seconds: float, tally: WriterTally) -> int:
    """Let a child write for a while, kill it, and return the last serial it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            _write_for_ever(run, writing)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as acknowledgements:
        first = acknowledgements.readline()  # it has begun; without it there is nothing to kill
        if not first:
            raise RuntimeError("the writer ended by itself")
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        rest = acknowledgements.read()
    os.waitpid(child, 0)
    serials = [int(line) for line in rest.split(b"\n")[:-1]]
    tally.saves += len(serials)
    return serials[-1] if serials else 0


def _write_for_ever(run: Path, writing: int) -> None:
    with lock(run):
        sweep_orphans(run, alone=True)
        sweep_orphans(run / "checkpoints", alone=True)
        newest = newest_checkpoint(run)
        serial = 0 if newest is None else newest.facts["serial"]
        os.write(writing, b"begun\n")
        while True:
            serial += 1
            state = np.full(STATE_NUMBERS, serial, dtype=np.float32)
            save_checkpoint(run, serial // 2, {"state": state}, {"serial": serial}, keep=KEEP)
            append_line(run / "history.jsonl", f'{{"serial": {serial}}}')
            os.write(writing, f"{serial}\n".encode())


def _inspect(run: Path, acknowledged: int, tally: WriterTally) -> None:
    checkpoints = run / "checkpoints"
    names = os.listdir(checkpoints) if checkpoints.exists() else []
    tally.in_flight += any(name.startswith(".") for name in names)
    try:
        newest = newest_checkpoint(run)  # as a reader finds it, before any sweep
        sweep_orphans(checkpoints)
        for folder in sorted(checkpoints.iterdir()) if checkpoints.exists() else []:
            tally.orphans += folder.name.startswith(".")
            verify_folder(folder)
    except SerinetteError as error:
        print(f"kill {tally.kills}: {error}", file=sys.stderr)
        tally.corrupt += 1
        return
    serial = 0 if newest is None else newest.facts["serial"]
    tally.lost += serial < acknowledged
    if newest is not None:
        is_other = bool(newest.skipped) or not (newest.tensors["state"] == serial).all()
        tally.corrupt += is_other
    _inspect_history(run, acknowledged, tally)


def _inspect_history(run: Path, acknowledged: int, tally: WriterTally) -> None:
    try:
        serials = [record["serial"] for record in read_json_lines(run / "history.jsonl")]
    except SerinetteError:
        serials = []
    # A line may be missing whose state was saved but not acknowledged; none may be out of order.
    tally.torn_history += max(serials, default=0) < acknowledged or serials != sorted(serials)


def kill_trainings(n_kills: int, seed: int, folder: Path, options: Sequence[str]) -> TrainingTally:
    """Kill `serinette train` until `n_kills` are done; each training is resumed to its end."""
    chance = random.Random(seed)  # noqa: S311 - moments of kills, no secret
    data = folder / "notes.txt"
    data.write_text(_play(chance), encoding="utf-8")
    started = time.monotonic()
    begin = time.monotonic()
    _serinette("train", str(data), "--name", "whole", *options, folder=folder)
    whole_seconds = time.monotonic() - begin
    expected = _model_hash(folder, "whole")
    tally = TrainingTally()
    while tally.kills < n_kills:
        name = f"killed-{tally.trainings + 1}"
        _kill_until_done(name, data, options, (n_kills, whole_seconds, chance, tally))
        tally.trainings += 1
        found = _model_hash(folder, name)
        tally.identical += found == expected
        print(f"{name}: {'identical' if found == expected else 'DIFFERENT'}", file=sys.stderr)
        if found != expected:
            tally.problems.append(f"{name}: {found[:12]} instead of {expected[:12]}")
    tally.seconds = time.monotonic() - started
    return tally


def _kill_until_done(
    name: str,
    data: Path,
    options: Sequence[str],
    plan: tuple[int, float, random.Random, TrainingTally],
) -> None:
    n_kills, whole_seconds, chance, tally = plan
    folder = data.parent
    for _ in range(6):  # then it may go on to its end
        if tally.kills >= n_kills:
            break
        process = subprocess.Popen(
            _command(name, data, options), cwd=folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(chance.uniform(0.1, 1.0) * whole_seconds)
        if process.poll() is not None:
            if process.returncode != 0:
                tally.problems.append(f"{name}: exit code {process.returncode}")
            return
        process.kill()
        process.wait()
        tally.kills += 1
        print(f"{name}: kill {tally.kills}", file=sys.stderr, flush=True)
        _forget_if_nothing_was_saved(folder / "runs" / name, tally)
    if not (folder / "runs" / name / "model").exists() or _is_unfinished(folder, name):
        _serinette(*_command(name, data, options)[len(SERINETTE) :], folder=folder)


def _command(name: str, data: Path, options: Sequence[str]) -> list[str]:
    run = data.parent / "runs" / name
    if run.exists():
        return [*SERINETTE, "train", "--resume", name]
    return [*SERINETTE, "train", str(data), "--name", name, *options]


def _forget_if_nothing_was_saved(run: Path, tally: TrainingTally) -> None:
    if run.exists() and newest_checkpoint(run) is None:
        shutil.rmtree(run)
        tally.before_first_save += 1


def _is_unfinished(folder: Path, name: str) -> bool:
    """Tell whether a training that has a model already still has updates before it."""
    last = read_json_lines(folder / "runs" / name / "history.jsonl")[-1]["update"]
    return bool(last < read_json_lines(folder / "runs" / "whole" / "history.jsonl")[-1]["update"])


def _serinette(*arguments: str, folder: Path) -> None:
    done = subprocess.run(
        [*SERINETTE, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"serinette {' '.join(arguments)}: {done.stderr[-2000:]}")


def _model_hash(folder: Path, name: str) -> str:
    content = (folder / "runs" / name / "model" / "model.safetensors").read_bytes()
    return hashlib.sha256(content).hexdigest()


def _play(chance: random.Random) -> str:
    """Write a text that takes a moment to learn; nobody's, so it can be made anywhere."""
    words = ("the", "a", "one", "old", "grey", "bird", "singer", "hill", "river", "sings", "finds")
    lines = [" ".join(chance.choices(words, k=9)) + "." for _ in range(700)]
    return "\n".join(lines) + "\n"


def report(writer: WriterTally | None, training: TrainingTally | None) -> str:
    """Return the tables as Markdown."""
    parts = ["# Crash safety", f"Machine: {describe_machine()}."]
    if writer is not None:
        parts.append(
            "## SIGKILL of the checkpoint writer\n\n"
            "| kills | in the middle of a save | saves acknowledged | lost | corrupt "
            "| history torn | orphans after the sweep | seconds |\n"
            "|---|---|---|---|---|---|---|---|\n"
            f"| {writer.kills:,} | {writer.in_flight:,} | {writer.saves:,} | {writer.lost} "
            f"| {writer.corrupt} | {writer.torn_history} | {writer.orphans} "
            f"| {writer.seconds:.0f} |"
        )
    if training is not None:
        parts.append(
            "## SIGKILL of a real training, then `--resume`\n\n"
            "| kills | before the first save | trainings | identical to the bit | seconds |\n"
            "|---|---|---|---|---|\n"
            f"| {training.kills} | {training.before_first_save} | {training.trainings} "
            f"| {training.identical} | {training.seconds:.0f} |"
        )
        parts += [f"- {problem}" for problem in training.problems]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Run what was asked for; the exit code is 0 if nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writer-kills", type=int, default=2000)
    parser.add_argument("--training-kills", type=int, default=25)
    parser.add_argument("--updates", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    writer = training = None
    with tempfile.TemporaryDirectory() as place:
        if arguments.writer_kills:
            writer = kill_writers(arguments.writer_kills, arguments.seed, Path(place))
        if arguments.training_kills:
            options = (
                *("--updates", str(arguments.updates), "--size", "xs", "--seed", "3"),
                # What a plan may find out by the clock is fixed: both trainings must have one plan.
                *("--training.precision", "fp32"),
                *("--training.checkpoint_seconds", "0.3"),
            )
            training = kill_trainings(
                arguments.training_kills, arguments.seed, Path(place), options
            )
    text = report(writer, training)
    print(text)
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text, encoding="utf-8")
    return int(not _is_safe(writer, training))


def _is_safe(writer: WriterTally | None, training: TrainingTally | None) -> bool:
    kept = writer is None or not (
        writer.lost or writer.corrupt or writer.torn_history or writer.orphans
    )
    same = training is None or (training.identical == training.trainings and not training.problems)
    return kept and same


if __name__ == "__main__":
    sys.exit(main())
