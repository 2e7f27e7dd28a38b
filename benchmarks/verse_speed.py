"""What the rules of verse cost: one poem, poems a second, and the rules' share of the time.

    python benchmarks/verse_speed.py --model runs/tang/model --out benchmarks/results/verse-speed.md

One poem is timed twice: with the model open, and by the Python API, which opens the graph for every
call. For the rules' share the same model draws as many steps of as many rows without rules, and in
between with parts of them; the contenders take turns, and what counts is the ratio within a round.
"""

import argparse
import cProfile
import pstats
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from machine import describe_machine
from opened import Opened, heading, network_of, row
from report import publish

from serinette.decoding.config import END_NAME, DecodingConfig
from serinette.kinds.poem.forms import FORMS
from serinette.kinds.poem.wishes import PoemWishes
from serinette.recipes.generate import GenerateRequest
from serinette.recipes.model import Model

FORM: Final = "七绝"
HEADS: Final = "春江花月"
N_STEPS: Final = FORMS[FORM].n_symbols
BATCH: Final = 64
N_SAMPLES: Final = 256
MOST_OVERHEAD: Final = 0.3
FREE: Final = "no rules"
FREE_PENALTY: Final = "no rules, but the penalty on repeated characters"
RULES_ALONE: Final = "all rules, no penalty"
RULES: Final = "all rules, as `generate` has them"
PARTS: Final = {
    "everything": "all of it",
    "writing.commission_of": "wish to rules, once",
    "onnx_stepper.advance": "network",
    "onnx_stepper.field": "network: logits",
    "sampler.shape": "logits to what is drawn from, the next three included",
    "sampler._constrain": "rules and mask mass, the next included",
    "verse.allowed": "rules: which symbols may come",
    "sampler._penalise": "penalty on repeated characters",
    "sampler.draw": "draw",
    "sampler.draw_plain": "draw, where nothing is asked for",
    "sampler.remember": "rules and penalty: note what was drawn, the next included",
    "verse.advance": "rules: take a symbol in",
    "engine._log_probs": "log-probabilities of what was drawn",
}
"""Functions of the profile, and what they do."""
Draw = Callable[[], object]


def main() -> None:
    """Print the tables, and write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=100, help="single poems")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    model = Opened(args.model)
    lines = [
        f"Machine: {describe_machine()}.",
        "",
        f"Model {model.name}: {network_of(model.artifact.model)}, "
        f"{model.codec.alphabet.size:,} symbols. {FORM} with the acrostic {HEADS}, "
        "temperature 1.",
        "",
        *single_table(model, args.calls),
        "",
        *batch_table(model, args.rounds),
    ]
    publish(lines, args.out)


def single_table(model: Opened, n_calls: int) -> list[str]:
    """Return what one poem takes."""
    rows = []
    api = Model(model.artifact)
    ways: dict[str, Callable[[GenerateRequest], object]] = {
        "model open": model.draw,
        "`Model.generate`": lambda request: api.generate(
            request.n, seed=request.seed, form=FORM, acrostic=HEADS
        ),
    }
    for name, way in ways.items():
        way(asked(n=1, seed=n_calls))
        found = [1000 * seconds_of(lambda: way(asked(n=1, seed=k))) for k in range(n_calls)]  # noqa: B023
        rows.append(row(name, f"{statistics.median(found):.1f}", f"{max(found):.1f}"))
    return [
        f"One poem, batch 1, {n_calls} calls; everything after loading counts.",
        "",
        *heading("", "median ms", "most ms"),
        *rows,
    ]


def batch_table(model: Opened, rounds: int) -> list[str]:
    """Return poems a second and the rules' share, and a profile if that is large."""
    contenders = contenders_of(model)
    for draw in contenders.values():
        draw()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, draw in contenders.items():
            seconds[name].append(seconds_of(draw))
    ratios = {name: paired(found, seconds[FREE]) for name, found in seconds.items()}
    rows = [
        row(name, f"{N_SAMPLES / statistics.median(seconds[name]):,.0f}", spread(ratios[name]))
        for name in contenders
    ]
    overhead = statistics.median(ratios[RULES]) - 1
    is_large = overhead > MOST_OVERHEAD
    return [
        f"{N_SAMPLES} samples of {N_STEPS} steps, batch {BATCH}, {len(model.steppers)} threads, "
        f"medians of {rounds} rounds; ratios of time within a round (least to most).",
        "",
        *heading("", "samples/s", "time, of no rules"),
        *rows,
        "",
        f"The rules cost {overhead:.0%}; at most {MOST_OVERHEAD:.0%} is wanted: "
        f"{'FAIL' if is_large else 'PASS'}.",
        *(profile(model) if is_large else []),
    ]


def contenders_of(model: Opened) -> dict[str, Draw]:
    """Return ways to draw the same number of steps from the same model."""
    bias = {END_NAME: -100.0}
    plain = DecodingConfig(max_steps=N_STEPS, logit_bias=bias)
    penalised = DecodingConfig(max_steps=N_STEPS, logit_bias=bias, frequency_penalty=1.0)
    labels = {"form": FORM}
    free = GenerateRequest(n=N_SAMPLES, batch_size=BATCH, labels=labels, decoding=plain)
    free_penalty = GenerateRequest(n=N_SAMPLES, batch_size=BATCH, labels=labels, decoding=penalised)
    return {
        FREE: lambda: model.draw_free(free),
        FREE_PENALTY: lambda: model.draw_free(free_penalty),
        RULES_ALONE: lambda: model.draw(asked(n=N_SAMPLES, repeat_penalty=0.0)),
        RULES: lambda: model.draw(asked(n=N_SAMPLES)),
    }


def asked(*, n: int, seed: int = 0, repeat_penalty: float = 1.0) -> GenerateRequest:
    """Ask for acrostics."""
    wishes = PoemWishes(form=FORM, acrostic=HEADS, repeat_penalty=repeat_penalty)
    return GenerateRequest(n=n, seed=seed, batch_size=BATCH, wishes=wishes)


def seconds_of(draw: Draw) -> float:
    """Return the seconds that a call takes."""
    begun = time.perf_counter()
    draw()
    return time.perf_counter() - begun


def paired(found: list[float], others: list[float]) -> list[float]:
    """Return the ratio within each round."""
    return [one / other for one, other in zip(found, others, strict=True)]


def spread(ratios: list[float]) -> str:
    """Return the median ratio, and its spread."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def profile(model: Opened) -> list[str]:
    """Return where the time goes with the rules and without, on one thread."""
    decoding = DecodingConfig(max_steps=N_STEPS, logit_bias={END_NAME: -100.0})
    free = GenerateRequest(
        n=N_SAMPLES, batch_size=BATCH, n_threads=1, labels={"form": FORM}, decoding=decoding
    )
    with_rules = profiled(lambda: model.draw(replace(asked(n=N_SAMPLES), n_threads=1)))
    without = profiled(lambda: model.draw_free(free))
    rows = [
        row(said, f"`{name}`", f"{with_rules.get(name, 0):.2f}", f"{without.get(name, 0):.2f}")
        for name, said in PARTS.items()
    ]
    return [
        "",
        "Where the time goes: seconds on one thread, under a profiler.",
        "",
        *heading("part", "function", "all rules", "no rules"),
        *rows,
    ]


def profiled(draw: Draw) -> dict[str, float]:
    """Return the seconds spent in the functions of this project, callees included."""
    profiler = cProfile.Profile()
    profiler.runcall(draw)
    found: dict[tuple[str, int, str], Any] = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    seconds = {
        f"{Path(file).stem}.{function}": entry[3]
        for (file, _, function), entry in found.items()
        if "serinette" in Path(file).parts
    }
    return seconds | {"everything": sum(entry[2] for entry in found.values())}


if __name__ == "__main__":
    main()
