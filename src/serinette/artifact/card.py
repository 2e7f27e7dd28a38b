"""The model card: what the model is, what it learned from, how good it is and what it cannot do."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serinette.core.metric import Metric

_MAX_SOURCES = 8
_EVALUATION = "## Evaluation"
_OLD_EVALUATION = re.compile(
    rf"^{_EVALUATION}[ \t]*\r?\n.*?(?:(?=\r?\n##? )|\Z)", re.DOTALL | re.MULTILINE
)
_CARD_METRICS = (
    "bpc", "bpb", "ece", "bleu4", "selfbleu4", "lm", "rlm", "fed", "mauve", "accuracy",
    "copy50", "duplicates", "extraction", "mia_loss", "exposure1", "exposure16",
)  # fmt: skip
"""Figures of a full evaluation that the card shows; all of them stand in the report."""


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What the card tells."""

    name: str
    """Name of the run."""
    kind: str
    """Name of the kind: `text`."""
    sources: Sequence[str]
    """Names of the files it learned from, without their folders."""
    n_characters: int
    """Characters of the training part."""
    n_parameters: int
    model: Mapping[str, Any]
    """`ModelConfig` as plain values."""
    metrics: Sequence[Metric]
    """Figures on data that it did not learn from."""
    samples: Sequence[str] = ()
    """A few, as they came."""
    notes: Sequence[str] = ()
    """Sentences worth telling: how the data were split, what the verdicts were."""
    licence: str | None = None
    """Licence of the model; None: its owner has not said."""


def model_card(facts: CardFacts) -> str:
    """Write the card: Markdown under a YAML head that model hubs read."""
    parts = [
        _front_matter(facts),
        f"# {_one_line(facts.name)}",
        _what_it_is(facts),
        _evaluation(facts.metrics),
        _samples(facts.samples),
        _how_to_use(facts.name),
        _limits(facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def with_evaluation(card: str, metrics: Sequence[Metric], verdict: str) -> str:
    """Put an evaluation into a card, in the place of the one before; all else stays as it is.

    Args:
        card: The card, perhaps edited by people.
        metrics: All figures of the evaluation; the card shows the telling ones.
        verdict: The verdict in plain words.
    """
    chosen = [m for key in _CARD_METRICS for m in metrics if m.key == key]
    section = "\n\n".join([_evaluation(chosen), _one_line(verdict), "All of it: `report.html`."])
    found = _OLD_EVALUATION.search(card)
    if found is None:
        return f"{card.rstrip()}\n\n{section}\n"
    return f"{card[: found.start()]}{section}\n{card[found.end() :]}"


def licence_of(card: str) -> str | None:
    """Return the licence that a card names in its head; None: its owner has not said."""
    head = card.split("\n---", 1)[0]
    found = re.search(r"^license:\s*(.+?)\s*$", head, re.MULTILINE)
    return None if found is None else found[1].strip("\"'")


def _front_matter(facts: CardFacts) -> str:
    head: dict[str, object] = {
        "library_name": "serinette",
        "pipeline_tag": "text-generation",
        "tags": ["lstm", "serinette", facts.kind],
        "model_name": facts.name,
    }
    if facts.licence is not None:
        head["license"] = facts.licence
    # A JSON value is also a YAML value, whatever characters a name holds.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    return "\n".join(["---", *lines, "---"])


def _what_it_is(facts: CardFacts) -> str:
    model = facts.model
    n_more = len(facts.sources) - _MAX_SOURCES
    sources = (
        ", ".join(f"`{_one_line(source)}`" for source in facts.sources[:_MAX_SOURCES])
        or "text in memory"
    )
    more = f" and {n_more:,} more" if n_more > 0 else ""
    return (
        f"A generative LSTM for {facts.kind}: {model['n_layers']} layers of "
        f"{model['hidden_size']:,} units, {facts.n_parameters:,} parameters. "
        f"It learned from {facts.n_characters:,} characters: {sources}{more}."
    )


def _evaluation(metrics: Sequence[Metric]) -> str:
    if not metrics:
        return ""
    rows = [
        _EVALUATION,
        "",
        "On data that it did not learn from.",
        "",
        "| measure | value | 95 % interval | real text | count baseline | measured on |",
        "|---|---|---|---|---|---|",
    ]
    rows += [_row(metric) for metric in metrics]
    return "\n".join(rows)


def _row(metric: Metric) -> str:
    name = f"{metric.name}, {metric.setting}" if metric.setting else metric.name
    interval = "" if metric.interval is None else "{:.4g} to {:.4g}".format(*metric.interval)
    others = ["" if v is None else f"{v:.4g}" for v in (metric.floor, metric.baseline)]
    value = f"{metric.value:.4g} {metric.unit}".rstrip()
    cells = [name, value, interval, *others, f"{metric.n:,}"]
    return "| " + " | ".join(cells) + " |"


def _samples(samples: Sequence[str]) -> str:
    blocks = [f"{_fence(sample)}text\n{sample}\n{_fence(sample)}" for sample in samples]
    return "\n\n".join(["## Samples", "As they came, not chosen.", *blocks]) if blocks else ""


def _how_to_use(name: str) -> str:
    quoted = name if name.isalnum() else f'"{name}"'
    return f"""## How to use it

```
serinette generate {quoted} -n 5 --temperature 0.8 --seed 7
```

or in Python

```python
import serinette

model = serinette.load({json.dumps(name, ensure_ascii=False)})
model.generate(5, seed=7)
```"""


def _limits(facts: CardFacts) -> str:
    notes = [f"- {_one_line(note)}" for note in facts.notes]
    return "\n".join(
        [
            "## Limits",
            "",
            "- It writes in the manner of its data, with their errors, views and gaps.",
            "- It knows no facts: what it states is not to be relied on.",
            "- It may repeat passages of its data word for word; mind their licence and privacy.",
            *notes,
        ]
    )


def _fence(text: str) -> str:
    """Return a fence longer than any that the text holds."""
    fence = "```"
    while fence in text:
        fence += "`"
    return fence


def _one_line(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True, kw_only=True)
class SeriesCardFacts:
    """What the card of a model of a table tells."""

    name: str
    """Name of the run."""
    n_rows: int
    """Rows of the training part."""
    sources: Sequence[str]
    """Names of the files it learned from, without their folders."""
    n_parameters: int
    metrics: Sequence[Metric]
    """Figures on rows that it did not learn from."""
    sample: str
    """A drawn sequence, pictured."""
    notes: Sequence[str]
    """Sentences worth telling: the split, what always holds."""


def series_card(facts: SeriesCardFacts) -> str:
    """Write the card of a model of a table."""
    head = {
        "library_name": "serinette",
        "tags": ["lstm", "serinette", "series", "time-series", "synthetic-data"],
        "model_name": facts.name,
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    named = ", ".join(f"`{_one_line(source)}`" for source in facts.sources[:_MAX_SOURCES])
    quoted = facts.name if facts.name.isalnum() else f'"{facts.name}"'
    command = f"serinette generate {quoted} -n 500 -o synthetic.csv --seed 1"
    parts = [
        "\n".join(["---", *lines, "---"]),
        f"# {_one_line(facts.name)}",
        f"A generative LSTM for tables of time series, {facts.n_parameters:,} parameters. It "
        f"learned from {facts.n_rows:,} rows: {named or 'a table in memory'}.",
        _evaluation(facts.metrics).replace("count baseline", "columns alone"),
        _samples([facts.sample]),
        f"## How to use it\n\n```\n{command}\n```",
        "\n".join(
            [
                "## Limits",
                "",
                "- What it writes looks like its data and may repeat facts about people in them: "
                "read the report's section on privacy before you share samples.",
                *(f"- {_one_line(note)}" for note in facts.notes),
            ]
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
