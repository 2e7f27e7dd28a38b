"""What a page that runs a model tells of it, and what its weights lose.

Shape letters: `B` rows, `T` steps, `V` symbols.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int

from serinette import __version__
from serinette.artifact.card import licence_of
from serinette.artifact.folder import INT8_GRAPH, Artifact
from serinette.core.distributions import categorical_log_probs
from serinette.core.durations import format_duration
from serinette.decoding.config import DecodingConfig
from serinette.explaining.network import SymbolNetwork
from serinette.exporting.page import PageContents
from serinette.exporting.weights import PackedWeights, Precision, pack
from serinette.nets.config import predicted_symbols
from serinette.recipes.generate import GenerateRequest, Opened, Sample, generate

_N_ROWS, _N_STEPS = 8, 256
"""Samples that the loss is measured on, and their longest."""
_MOST_FIGURES, _MOST_SOURCES = 4, 6
_NEGLIGIBLE = 5e-7

_NOTES = (
    "Nothing is loaded and nothing is sent: the page holds the whole model, and this browser "
    "computes it. Whoever has the page has the model.",
    "It writes in the manner of its data, with their errors, views and gaps. It knows no facts.",
    "It may repeat passages of its data word for word; mind their licence and privacy.",
)
_CRITIC_NOTE = (
    "Where it is run by serinette, a critic chooses among candidates unless --resample 1 is given. "
    "This page has no critic."
)
_EXACTNESS: Mapping[Precision, str] = {
    "fp32": "fp32, as they were saved",
    "fp16": "fp16, half precision",
    "int8": "int8, one scale for every row",
}


def page_contents(artifact: Artifact, precision: Precision) -> tuple[PageContents, float]:
    """Return what goes into a page of a model of text, and what its weights lose.

    Returns:
        The contents, and the mean divergence from the saved model, in nats a character.

    Raises:
        ConfigError: If the weights do not fit the precision.
    """
    weights = artifact.weights()
    packed = pack(weights, precision)
    loss, n_characters = (0.0, 0) if precision == "fp32" else _loss(artifact, packed)
    has_critic = artifact.guide_facts is not None
    contents = PageContents(
        name=artifact.name,
        headline=_headline(artifact, sum(weight.size for weight in weights.values())),
        told=[
            *_told(artifact),
            ("weights in this page", _weights_line(packed, precision, loss, n_characters)),
            ("made with", f"serinette {__version__}"),
        ],
        notes=(*_NOTES, *((_CRITIC_NOTE,) if has_critic else ())),
        unit=artifact.schema.fields[0].name,
        codec=artifact.codec,
        sizes=artifact.model,
        has_critic=has_critic,
        has_int8=INT8_GRAPH in artifact.files,
        weights=packed,
    )
    return contents, loss


def _headline(artifact: Artifact, n_parameters: int) -> str:
    model = artifact.model_config
    layers = f"{model.n_layers} layer{'s' if model.n_layers > 1 else ''}"
    return (
        f"A generative LSTM, {layers} of {model.hidden_size:,} units, {n_parameters:,} parameters. "
        "It writes here, in your browser, without a network."
    )


def _told(artifact: Artifact) -> Iterator[tuple[str, str]]:
    (symbols,) = predicted_symbols(artifact.schema)
    yield "it writes", f"{symbols.name}s, {symbols.size - 2:,} of them"
    paths = artifact.source.get("paths", ())
    names = [str(path).replace("\\", "/").rsplit("/", 1)[-1] for path in paths]
    if names:
        more = len(names) - _MOST_SOURCES
        listed = ", ".join(names[:_MOST_SOURCES]) + (f" and {more:,} more" if more > 0 else "")
        yield "learnt from", listed
    if artifact.history:
        last = artifact.history[-1]
        seconds = format_duration(float(last.get("seconds", 0.0)))
        yield "trained for", f"{last.get('update', 0):,} updates, {seconds}"
    for metric in artifact.evaluation.get("metrics", ())[:_MOST_FIGURES]:
        yield _figure(metric)
    licence = licence_of(artifact.card)
    yield "licence", "its owner has not said" if licence is None else licence


def _figure(metric: Mapping[str, Any]) -> tuple[str, str]:
    text = f"{metric['value']:.3f}"
    if metric.get("baseline") is not None:
        text += f"; a count model {metric['baseline']:.3f}"
    return str(metric["name"]), text


def _weights_line(
    packed: PackedWeights, precision: Precision, loss: float, n_characters: int
) -> str:
    size = f"{_EXACTNESS[precision]}; {len(packed.content) / 1e6:.1f} MB"
    if precision == "fp32":
        return f"{size}. The text is that of serinette generate, but where rounding tips a draw."
    lost = "less than 0.000001" if loss < _NEGLIGIBLE else f"{loss:.6f}"
    return (
        f"{size}. They lose {lost} nats a character: the mean divergence from the saved model over "
        f"{n_characters:,} characters that it wrote. The text may differ from that of serinette "
        "generate."
    )


def _loss(artifact: Artifact, packed: PackedWeights) -> tuple[float, int]:
    """Return the divergence of the page's distributions from the model's, in nats a character.

    Measured on what the model itself writes, so it needs no data: there the divergence is just
    what its log-likelihood of such text falls by.
    """
    request = GenerateRequest(n=_N_ROWS, decoding=DecodingConfig(max_steps=_N_STEPS), resample=1)
    opened = Opened(artifact)
    texts = [s.text for s in generate(artifact, request, opened=opened) if isinstance(s, Sample)]
    begin = np.array([artifact.schema.end], dtype=np.int64)
    rows = [np.concatenate([begin, opened.codec.encode(text)[:, 0]]) for text in texts]
    read = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for row, symbols in zip(read, rows, strict=True):
        row[: len(symbols)] = symbols
    context = np.zeros((len(rows), len(artifact.schema.context)), dtype=np.int64)
    saved, written = (
        _joined(SymbolNetwork(weights, artifact.model_config, artifact.schema), read, context)
        for weights in (artifact.weights(), packed.read)
    )
    nats = sum(_divergence(next(saved), next(written))[: len(symbols)].sum() for symbols in rows)
    n_characters = sum(opened.codec.n_characters(text) for text in texts) + len(texts)
    return max(0.0, float(nats)) / n_characters, n_characters


def _joined(
    network: SymbolNetwork, symbols: Int[np.ndarray, "B T"], context: Int[np.ndarray, "B C"]
) -> Iterator[Float[np.ndarray, "T V"]]:
    """Yield the logits of every row; all at once they might not fit into memory."""
    hidden = network.joined(network.embed(symbols, context), network.empty(len(symbols)))
    return (network.read_out(row) for row in hidden)


def _divergence(
    logits: Float[np.ndarray, "T V"], others: Float[np.ndarray, "T V"]
) -> Float64[np.ndarray, " T"]:
    log_probs = categorical_log_probs(logits)
    found: Float64[np.ndarray, " T"] = (
        np.exp(log_probs) * (log_probs - categorical_log_probs(others))
    ).sum(-1)
    return found
