"""Ways to cut one text into examples: what each costs, and what it can learn.

    python benchmarks/framings.py --out benchmarks/results/framings.md

The text is "hello world", the network the primer's: one LSTM layer, trained until the mean loss is
within 0.05 nats of the least that the framing allows, or for 400 passes. In "l", one symbol says
too little: "l", "o" and "d" follow it. So the least loss of one-to-one is that of a table of pairs.
"""

import argparse
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Final, NamedTuple

import numpy as np
from machine import describe_machine
from opened import heading, row
from report import publish

from serinette.primer import Network, Window, create, cross_entropy, encode, predict, train

TEXT: Final = "hello world"
BLANK: Final = "_"
KNOWN: Final = "".join(sorted(set(TEXT))) + BLANK
HIDDEN: Final = 16
RATE: Final = 0.02
NEAR: Final = 0.05
MOST_PASSES: Final = 400


class Framing(NamedTuple):
    """A way to cut the text."""

    name: str
    windows: list[Window]
    """One pass."""
    sees: Callable[[str], str]
    """What the network reads to write the next symbol of what is there."""
    n_given: int = 1
    """Symbols that must be there before it can write."""


class Outcome(NamedTuple):
    """What became of one training."""

    n_passes: float
    """Until it was learnt; not a number: never."""
    seconds: float
    share_right: float
    """Of the examples it was trained on, by its likeliest symbol."""
    n_written: int
    """Symbols of the text that it writes from the beginning before the first wrong one."""


@dataclass
class Course:
    """How far a training has come."""

    n_passes: int = 0
    is_learnt: bool = False
    seconds_judging: float = 0.0


def main() -> None:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    columns = ("framing", "reads before `d`", "predicted a pass", "LSTM steps", "updates")
    figures = ("least loss, nats", "passes", "CPU ms", "right, %", "writes on")
    rows = []
    for framing in framings():
        outcomes = [trained(framing, seed) for seed in range(args.seeds)]
        rows.append(table_row(framing, outcomes))
    lines = [
        f"Machine: {describe_machine()}.",
        "",
        f'Text "{TEXT}"; 1x{HIDDEN}, Adam at {RATE}; {args.seeds} seeds, mean ± deviation.',
        f"Passes and CPU time until the loss is within {NEAR} nats of the least possible.",
        "",
        *heading(*columns, *figures),
        *rows,
    ]
    publish(lines, args.out)


def framings() -> list[Framing]:
    """Return the ways that are compared."""
    every = range(1, len(TEXT))
    alone = [one_example(t, 1) for t in every]
    ordered = [w._replace(follows=number > 0) for number, w in enumerate(alone)]
    blanks = TEXT[0] + BLANK * (len(TEXT) - 2)
    found = [
        Framing("one-to-one", [stacked(alone)], lambda text: text[-1]),
        Framing("one-to-one, memory carried", ordered, lambda text: text),
    ]
    for width in (2, 4):
        cut = [one_example(t, width) for t in range(width, len(TEXT))]
        found.append(Framing(f"many-to-one, {width}", [stacked(cut)], last(width), width))
    given = encode(TEXT, KNOWN)[None]
    silent = Window(encode(blanks, KNOWN)[None], given[:, 1:])
    taught = Window(given[:, :-1], given[:, 1:])
    return [
        *found,
        Framing("one-to-many, blanks", [silent], lambda text: blanks[: len(text)]),
        Framing("one-to-many, teacher forcing", [taught], lambda text: text),
    ]


def one_example(t: int, width: int) -> Window:
    """Return the `width` symbols before place t, and the symbol there as all that counts."""
    inputs, targets = (encode(TEXT[t - width + k : t + k], KNOWN)[None] for k in (0, 1))
    return Window(inputs, targets, counted=np.arange(width)[None] == width - 1)


def stacked(windows: list[Window]) -> Window:
    """Put windows side by side as the rows of one."""
    symbols, targets, counted = (
        np.concatenate([window[k] for window in windows]) for k in range(3)
    )
    return Window(symbols, targets, counted)


def last(width: int) -> Callable[[str], str]:
    """Return what sees the last `width` symbols."""
    return lambda text: text[-width:]


def trained(framing: Framing, seed: int) -> Outcome:
    """Train until it is learnt, or for the most passes."""
    network, course = create(len(KNOWN), HIDDEN, seed=seed), Course()
    begun = time.process_time()
    train(network, until_learnt(network, framing, course), rate=RATE)
    seconds = time.process_time() - begun - course.seconds_judging
    n_passes = course.n_passes if course.is_learnt else math.nan
    return Outcome(n_passes, seconds, judged(network, framing)[1], n_written(network, framing))


def until_learnt(network: Network, framing: Framing, course: Course) -> Iterator[Window]:
    """Yield pass after pass; between two of them, look at what the network has become."""
    least = least_loss(framing)
    while course.n_passes < MOST_PASSES and not course.is_learnt:
        yield from framing.windows
        course.n_passes += 1
        begun = time.process_time()
        course.is_learnt = judged(network, framing)[0] < least + NEAR
        course.seconds_judging += time.process_time() - begun


def least_loss(framing: Framing) -> float:
    """Return the conditional entropy of the next symbol given all that is read, in nats."""
    followers: dict[str, Counter[str]] = defaultdict(Counter)
    for t in range(framing.n_given, len(TEXT)):
        followers[framing.sees(TEXT[:t])][TEXT[t]] += 1
    total = sum(sum(counts.values()) for counts in followers.values())
    return sum(
        -n * math.log(n / sum(counts.values())) / total
        for counts in followers.values()
        for n in counts.values()
    )


def judged(network: Network, framing: Framing) -> tuple[float, float]:
    """Return the mean loss and the share of right guesses over one pass, as it was trained."""
    losses, right, ends = [], [], None
    for window in framing.windows:
        logits, traces = predict(network, window.symbols, ends if window.follows else None)
        counted = np.ones(window.targets.shape, bool) if window.counted is None else window.counted
        losses.append(cross_entropy(logits, window.targets, counted)[0])
        right.append((logits.argmax(axis=-1) == window.targets)[counted])
        ends = [trace.end() for trace in traces]
    return mean(losses), float(np.concatenate(right).mean())


def n_written(network: Network, framing: Framing) -> int:
    """Let it write the text from its beginning, always the likeliest; count until it errs."""
    text = TEXT[: framing.n_given]
    while len(text) < len(TEXT):
        logits, _ = predict(network, encode(framing.sees(text), KNOWN)[None])
        text += KNOWN[logits[0, -1].argmax()]
        if text[-1] != TEXT[len(text) - 1]:
            return len(text) - 1 - framing.n_given
    return len(text) - framing.n_given


def table_row(framing: Framing, outcomes: list[Outcome]) -> str:
    """Return a line of the table."""
    n_steps = sum(window.symbols.size for window in framing.windows)
    n_counted = len(TEXT) - framing.n_given
    learnt = [outcome for outcome in outcomes if not math.isnan(outcome.n_passes)]
    reads = framing.sees(TEXT[:-1])
    never = f"{len(outcomes) - len(learnt)} of {len(outcomes)} never"
    passes = spread([one.n_passes for one in learnt], 0) if learnt else never
    if learnt and len(learnt) < len(outcomes):
        passes += f" ({never})"
    return row(
        framing.name,
        f"`{reads}`",
        str(n_counted),
        str(n_steps),
        str(len(framing.windows)),
        f"{least_loss(framing):.3f}",
        passes,
        spread([1000 * one.seconds for one in outcomes], 0),
        spread([100 * one.share_right for one in outcomes], 0),
        f"{spread([one.n_written for one in outcomes], 1)} of {n_counted}",
    )


def spread(values: Sequence[float], n_decimals: int) -> str:
    """Return mean and standard deviation."""
    deviation = stdev(values) if len(values) > 1 else 0.0
    return f"{mean(values):.{n_decimals}f} ± {deviation:.{n_decimals}f}"


if __name__ == "__main__":
    main()
