"""Write a model as one file for other programs: the step graph, a zip, or a page that runs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from serinette import __version__
from serinette.artifact import archive
from serinette.artifact.folder import Artifact
from serinette.core import disk
from serinette.core.coercion import nearest
from serinette.core.durable import write_file
from serinette.core.errors import ConfigError
from serinette.exporting.graph_facts import with_facts
from serinette.exporting.page import page
from serinette.exporting.weights import Precision
from serinette.kinds.kind import Codec
from serinette.kinds.table import find_kind
from serinette.nets.config import predicted_symbols
from serinette.nets.networks import find_network
from serinette.recipes.page_contents import page_contents

WEIGHTS: Precision = "int8"
"""Of a page, where nothing else is asked for."""

_USAGE = """One step of a generative LSTM, written by serinette {version}: {name}, of kind {kind}.

Feed `symbols` int64 [T, B] and the state `h`, `c` float32 [L, B, H], zeros at first{context}. You
get `logits` float32 [T, B, V] of the symbol after each step, and `h_out`, `c_out` to feed next. A
sequence opens and ends with symbol {end}; symbol {missing} stands for what is not known and is
never drawn. Metadata `serinette.symbols` lists what every symbol is written as."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that was written."""

    path: Path
    form: str
    """`onnx`, `zip` or `html`."""
    n_bytes: int
    weights: Precision | None = None
    """Of a page: how its weights are written."""
    loss_nats: float | None = None
    """Of a page: what they lose, in nats a character."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "path": str(self.path)}


def export(
    artifact: Artifact, path: Path, form: str | None = None, *, weights: str | None = None
) -> Exported:
    """Write a model as one file.

    Args:
        artifact: The model.
        path: Where; nothing may be there.
        form: `onnx`, `zip` or `html`; None: by the ending of `path`.
        weights: Of a page: `int8`, `fp16` or `fp32`; None: `int8`.

    Raises:
        ConfigError: If the form is unknown or not one of this model's, or the file exists.
        ResourceError: If the disk refuses.
    """
    form = form_of(form, path)
    precision = _precision(weights, form)
    if disk.exists(path):
        raise ConfigError(f"{path} exists already; choose another name or remove it")
    written = FORMS[form](artifact, precision)
    write_file(path, written.content)
    return Exported(
        path=path,
        form=form,
        n_bytes=len(written.content),
        weights=precision if form == _PAGE else None,
        loss_nats=written.loss_nats,
    )


def form_of(form: str | None, path: Path | None) -> str:
    """Return the form that is asked for, by name or by the ending of a file.

    Raises:
        ConfigError: If it is unknown, if neither tells it, or if the two disagree.
    """
    ending = "" if path is None else path.suffix.lower().removeprefix(".")
    known = ", ".join(FORMS)
    if form is None and ending in FORMS:
        return ending
    if form is None:
        place = "a form is missing" if path is None else f"'{path}' does not tell its form"
        raise ConfigError(f"export: {place}; end the file in .{' .'.join(FORMS)}, or name a form")
    if form not in FORMS:
        raise ConfigError(f"export: unknown form '{form}' ({nearest(form, list(FORMS))})")
    if ending in FORMS and ending != form:
        raise ConfigError(f"export: form {form} in a file '{path}'; they must agree ({known})")
    return form


def _precision(weights: str | None, form: str) -> Precision:
    if weights is None:
        return WEIGHTS
    if form != _PAGE:
        raise ConfigError(f"export: weights {weights} are for html; {form} keeps them as they are")
    for precision in get_args(Precision):
        if precision == weights:
            return precision  # type: ignore[no-any-return]
    names = nearest(weights, list(get_args(Precision)))
    raise ConfigError(f"export: unknown weights '{weights}' ({names})")


@dataclass(frozen=True, kw_only=True)
class _Written:
    content: bytes
    loss_nats: float | None = None


def _as_graph(artifact: Artifact, _: Precision) -> _Written:
    if not find_network(artifact.network).has_graph:
        raise ConfigError(
            f"export: onnx is for texts and poems; this model of tables ({artifact.network}) has "
            "no step graph; export it as zip"
        )
    codec = find_kind(artifact.kind).codec_from_json(artifact.codec)
    return _Written(content=with_facts(artifact.graph(), _usage(artifact), _facts(artifact, codec)))


def _usage(artifact: Artifact) -> str:
    schema = artifact.schema
    (symbols,) = predicted_symbols(schema)
    names = ", ".join(field.name for field in schema.context)
    context = f", and `context` int64 [B, {len(schema.context)}]: {names}" if names else ""
    return _USAGE.format(
        version=__version__,
        name=artifact.name,
        kind=artifact.kind,
        context=context,
        end=schema.end,
        missing=symbols.missing,
    )


def _facts(artifact: Artifact, codec: Codec) -> Mapping[str, Any]:
    (symbols,) = predicted_symbols(artifact.schema)
    is_bytes = symbols.name == "byte"
    pieces = None if is_bytes else [codec.streamer().push(k) for k in range(symbols.size)]
    return {
        "serinette.version": __version__,
        "serinette.name": artifact.name,
        "serinette.kind": artifact.kind,
        "serinette.model": dict(artifact.model),
        "serinette.end": artifact.schema.end,
        "serinette.symbols": pieces,
        "serinette.codec": dict(artifact.codec),
    }


def _as_archive(artifact: Artifact, _: Precision) -> _Written:
    return _Written(content=archive.pack(artifact.files))


def _as_page(artifact: Artifact, precision: Precision) -> _Written:
    if artifact.kind != "text":
        raise ConfigError(
            f"export: html is for models of text; this one is of kind {artifact.kind}; export it "
            "as zip"
        )
    unit = artifact.schema.fields[0].name
    lacking = f"symbols of kind {unit}" if unit not in _IN_PAGES else ""
    if artifact.codec.get("added"):
        lacking = "words that fine-tuning added"
    if artifact.codec.get("facts"):
        lacking = "facts about documents beside a label"
    if lacking:
        raise ConfigError(f"export: a page knows no {lacking}; export this model as zip")
    contents, loss = page_contents(artifact, precision)
    return _Written(content=page(contents).encode("utf-8", "replace"), loss_nats=loss)


_PAGE = "html"
_IN_PAGES = ("character", "word", "byte")
FORMS: Mapping[str, Callable[[Artifact, Precision], _Written]] = {
    "onnx": _as_graph,
    "zip": _as_archive,
    _PAGE: _as_page,
}
"""What a model can be written as."""
