"""How well models of verse predict poems that were held out, and how they write without rules.

    python benchmarks/verse_model.py --model runs/a/model runs/b/model --data data/tang.json

Every model is asked for the test part of its own split. Two counts: nats of the hanzi alone, and
of all symbols, marks and the end included. Two protocols: told the form only, and told the author
and the title too. Beside each stand Witten-Bell models of 2, 3 and 4 symbols fitted on the same
training part; they are told nothing. An unknown character costs what `missing` costs in all of
them. Intervals: 95 %, by resampling poems. The samples are told the form and keep no rules; poems
of the test part are measured by the same code.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from machine import describe_machine
from opened import Opened, heading, network_of, row
from report import publish

from serinette.core.bootstrap import ratio_interval
from serinette.core.metric import Metric
from serinette.counts.ngram import WittenBell
from serinette.decoding.config import DecodingConfig
from serinette.decoding.reading import sequence_nats
from serinette.kinds.corpus import Corpus
from serinette.kinds.poem.codec import PoemCodec
from serinette.kinds.poem.forms import FORMS
from serinette.kinds.poem.layout import canonical, form_of
from serinette.kinds.poem.metrics import PoemMeasures
from serinette.recipes.generate import GenerateRequest
from serinette.recipes.prepare import Prepared
from serinette.recipes.score import closed_steps
from serinette.recipes.training_data import prepared_again

ORDERS: Final = (2, 3, 4)
REGULATED: Final = tuple(name for name in FORMS if FORMS[name].is_regulated)
KEYS: Final = ("tone", "rhyme", "repeated_rhyme", "parallel", "copied_line")
MOST_STEPS: Final = 200
SEED: Final = 0


class Cost(NamedTuple):
    """What every poem costs."""

    hanzi_nats: np.ndarray
    n_hanzi: np.ndarray
    nats: np.ndarray
    n_symbols: np.ndarray


def main() -> None:
    """Print the tables, and write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, nargs="+", required=True)
    parser.add_argument("--data", type=Path, nargs="+", default=[Path("data/tang.json")])
    parser.add_argument("--n-samples", type=int, default=250, help="samples of each form")
    parser.add_argument(
        "--most-poems", type=int, help="only about so many poems of the test part, evenly"
    )
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    predictions, samples, told = [], [], []
    for folder in args.model:
        model = Opened(folder)
        prepared = prepared_again(model.artifact, args.data)
        told.append(description(model, prepared))
        predictions += predicted(model, prepared, args.most_poems)
        samples += written(model, prepared, args.n_samples)
    lines = [
        f"Machine: {describe_machine()}.",
        "",
        *told,
        "",
        *heading("model", "told", "nats per hanzi", "nats per symbol", "poems", "hanzi", "symbols"),
        *predictions,
        "",
        f"{args.n_samples} samples a form, temperature 1, seed {SEED}, the form told, no rules; "
        "in brackets the same of people's poems of the test part.",
        "",
        *heading("model", "form", "of this form %", *(f"{key} %" for key in KEYS)),
        *samples,
    ]
    publish(lines, args.out)


def description(model: Opened, prepared: Prepared) -> str:
    """Say what a model is and what it learnt from."""
    seconds = [line["seconds"] for line in model.artifact.history if "seconds" in line]
    took = f"{max(seconds):,.0f} s of training" if seconds else "training time not recorded"
    n_poems = [len(part.sequences) for part in (prepared.parts.train, prepared.parts.test)]
    return (
        f"- {model.name}: {network_of(model.artifact.model)}, "
        f"{model.codec.alphabet.size:,} symbols, {took}, {n_poems[0]:,} poems to learn from, "
        f"{n_poems[1]:,} held out"
    )


def predicted(model: Opened, prepared: Prepared, most: int | None) -> list[str]:
    """Return what the held-out poems cost a model by both protocols, and the count models."""
    codec, test = model.codec, prepared.parts.test.sequences
    test = test[:: max(1, len(test) // (most or len(test)))]
    closed = [closed_steps(codec, sequence.content) for sequence in test]
    full = [sequence.context for sequence in test]
    protocols = {
        "form": [codec.measured_context(context) for context in full],
        "form, author, title": full,
    }
    rows = []
    for told, contexts in protocols.items():
        symbols = np.stack([codec.encode_context(context) for context in contexts])
        nats = list(sequence_nats(model.steppers[0], closed, symbols.astype(np.int64)))
        rows.append(cost_row(model.name, told, cost_of(codec, closed, nats)))
    counted = count_model(codec, prepared.parts.train)
    for order in ORDERS:
        lower = counted.at(order)
        nats = [lower.nats(sequence) for sequence in closed]
        rows.append(cost_row(f"Witten-Bell {order}-grams", "nothing", cost_of(codec, closed, nats)))
    return rows


def count_model(codec: PoemCodec, train: Corpus) -> WittenBell:
    """Count the grams of the training part; the first end is only given."""
    closed = [closed_steps(codec, sequence.content) for sequence in train.sequences]
    size = codec.alphabet.size
    return WittenBell.fit(closed, max(ORDERS), size, n_given=1)


def cost_of(codec: PoemCodec, closed: Sequence[np.ndarray], nats: Sequence[np.ndarray]) -> Cost:
    """Add up every poem, its hanzi alone and all of it."""
    is_hanzi = [codec.measured[symbols[1:]] for symbols in closed]
    sums = [
        (each[hanzi].sum(), hanzi.sum(), each.sum(), len(each))
        for each, hanzi in zip(nats, is_hanzi, strict=True)
    ]
    return Cost(*np.array(sums, dtype=np.float64).T)


def cost_row(name: str, told: str, cost: Cost) -> str:
    """Return a line of the table of predictions."""
    return row(
        name,
        told,
        mean_of(cost.hanzi_nats, cost.n_hanzi),
        mean_of(cost.nats, cost.n_symbols),
        f"{len(cost.nats):,}",
        f"{int(cost.n_hanzi.sum()):,}",
        f"{int(cost.n_symbols.sum()):,}",
    )


def mean_of(totals: np.ndarray, sizes: np.ndarray) -> str:
    """Return a mean with its interval."""
    interval = ratio_interval(totals, sizes, seed=SEED)
    around = "" if interval is None else f" ({interval[0]:.3f} to {interval[1]:.3f})"
    return f"{totals.sum() / sizes.sum():.3f}{around}"


def written(model: Opened, prepared: Prepared, n: int) -> list[str]:
    """Return what samples of each form keep of the rules that nobody told them."""
    others = [sequence.content for sequence in prepared.parts.train.sequences]
    rows = []
    for form in REGULATED:
        real = [s.content for s in prepared.parts.test.sequences if s.context["form"] == form]
        if not real:
            continue
        request = GenerateRequest(
            n=n, labels={"form": form}, seed=SEED, decoding=DecodingConfig(max_steps=MOST_STEPS)
        )
        samples = [canonical(sample.full_text) for sample in model.draw_free(request)]
        found = {m.key: m for m in PoemMeasures(real, others, seed=SEED)(samples)}
        n_right = sum(form_of(sample) == form for sample in samples)
        shown = [beside(found[key]) if key in found else "" for key in KEYS]
        rows.append(row(model.name, form, f"{100 * n_right / len(samples):.1f}", *shown))
    return rows


def beside(metric: Metric) -> str:
    """Return a percentage and people's."""
    floor = "" if metric.floor is None else f" ({metric.floor:.1f})"
    return f"{metric.value:.1f}{floor}"


if __name__ == "__main__":
    main()
