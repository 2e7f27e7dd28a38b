"""Fine-tuning beside training from scratch and the untouched model, the same updates of each.

    python benchmarks/fine_tuning.py --model runs/shakespeare --seeds 0 1 2

The old text is what the model has learnt from. The new one is modern technical prose that every
Python brings along: the first 50,000 characters of the language reference (`pydoc_data.topics`). Of
both the test parts are measured, bits a character, which nothing was chosen by: neither the best
weights nor the softmax temperature. The network from scratch has the sizes of the model.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from pydoc_data.topics import topics
from typing import NamedTuple

from machine import describe_machine
from report import publish

from serinette.artifact.folder import load
from serinette.artifact.runs import find_model
from serinette.core.config import Layer
from serinette.nets.config import n_parameters
from serinette.recipes.requests import TrainRequest
from serinette.recipes.train import train

N_CHARACTERS = 50_000
SPLIT = {"split.validation_share": 0.1, "split.test_share": 0.2}
"""Of so little text a twentieth would be too little to measure on."""
SIZES = ("embedding_size", "hidden_size", "n_layers")
CONTENDERS = {"from scratch": None, "fine-tuned": 0.0, "fine-tuned, --replay 0.3": 0.3}
"""What share of the rows goes on reading the old text; None: there is none to go on from."""


class Result(NamedTuple):
    """What one training came to, in bits a character."""

    new: float
    old: float | None
    seconds: float
    start: tuple[float, float] | None
    """Of both texts before the first update."""


def main() -> None:
    """Train each contender with each seed, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a model or run whose text is still there")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    model = find_model(args.model, args.runs)
    found: dict[str, list[Result]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as scratch:
        text = Path(scratch) / "reference.txt"
        whole = "\n\n".join(topics[name] for name in sorted(topics))
        text.write_text(whole[:N_CHARACTERS], encoding="utf-8")
        for seed in args.seeds:
            for name, replay in CONTENDERS.items():
                result = run(text, model, replay, args.updates, seed)
                print(name, seed, result, file=sys.stderr, flush=True)
                found[name].append(result)
    publish([*head(model, args.updates, len(args.seeds)), *rows(found)], args.out)


def run(text: Path, model: Path, replay: float | None, updates: int, seed: int) -> Result:
    """Train once."""
    values: dict[str, object] = dict(SPLIT)
    base = None if replay is None else str(model)
    if replay is None:
        values |= {f"model.{name}": load(model).model[name] for name in SIZES}
    else:
        values["fine_tuning.replay"] = replay
    request = TrainRequest(
        sources=(text,),
        base_model=base,
        layers=(Layer(origin="benchmark", values=values),),
        runs=text.parent / "runs",
        updates=updates,
        seed=seed,
    )
    trained = train(request)
    artifact = load(trained.model)
    facts = artifact.training.get("fine_tuning")
    old = None if facts is None else facts["old"]
    return Result(
        new=trained.metrics["test bits per character"],
        old=None if old is None else old["end"],
        seconds=artifact.training["seconds"],
        start=None if old is None else (facts["new"]["start"], old["start"]),
    )


def head(model: Path, updates: int, n_seeds: int) -> list[str]:
    """Say what was run, and begin the table."""
    artifact = load(model)
    sizes = artifact.model
    parameters = n_parameters(artifact.model_config, artifact.schema)
    files = ", ".join(Path(path).name for path in artifact.source["paths"])
    learnt = f"{artifact.history[-1]['update']:,} updates on {files}"
    return [
        f"Machine: {describe_machine()}.",
        "",
        f"The model: {sizes['n_layers']} x {sizes['hidden_size']} cells, {parameters:,} parameters,"
        f" {learnt}. {updates:,} updates of each contender, {n_seeds} seeds: mean (least to most), "
        "bits a character of the test parts.",
        "",
        "| contender | new text | old text | seconds of training |",
        "|---|---|---|---|",
    ]


def rows(found: dict[str, list[Result]]) -> list[str]:
    """Return a row for the untouched model and for each contender."""
    starts = [result.start for results in found.values() for result in results if result.start]
    lines = [f"| untouched | {starts[0][0]:.3f} | {starts[0][1]:.3f} | - |"] if starts else []
    for name, results in found.items():
        old = [result.old for result in results if result.old is not None]
        lines.append(
            f"| {name} | {spread([r.new for r in results])} | {spread(old) if old else '-'} | "
            f"{min(r.seconds for r in results):.0f} to {max(r.seconds for r in results):.0f} |"
        )
    return lines


def spread(figures: list[float]) -> str:
    """Return the mean with the range."""
    return f"{statistics.mean(figures):.3f} ({min(figures):.3f} to {max(figures):.3f})"


if __name__ == "__main__":
    main()
