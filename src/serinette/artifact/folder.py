"""A trained model on disk: one folder that needs nothing outside it, verified when it is loaded.

README.md            model card
config.json          format, kind, schema, sizes, training settings as resolved, source
codec.json           vocabulary and all else that turns raw data into steps and back
model.safetensors    weights, float32, by the names of `nets.networks`
decode.fp32.onnx     step graph, of networks that are decoded by one
critic.safetensors   a critic that chooses among candidates, of models that have one
history.jsonl        one line an evaluation
evaluation.json      figures
report.html          the evaluation as a page, once `serinette evaluate` has run
manifest.json        size and SHA-256 of each

Nothing here runs code from the folder, and nothing here needs torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as tensor_bytes

from serinette.artifact import archive
from serinette.artifact.graph_guard import check_graph
from serinette.artifact.validate import first_non_finite, read_header, read_tensors
from serinette.core import durable, plain_json
from serinette.core.config import build, plain
from serinette.core.errors import ArtifactError, ConfigError, DivergedError
from serinette.core.manifest import FORMAT, REMEDY, check_format
from serinette.core.schema import Schema
from serinette.nets.config import predicted_symbols
from serinette.nets.critic_config import CriticConfig
from serinette.nets.critic_config import expected_shapes as critic_shapes
from serinette.nets.networks import SYMBOLS, Network, find_network

CARD, CONFIG, CODEC = "README.md", "config.json", "codec.json"
WEIGHTS, GRAPH = "model.safetensors", "decode.fp32.onnx"
INT8_GRAPH = "decode.int8.onnx"
CRITIC = "critic.safetensors"
HISTORY, EVALUATION = "history.jsonl", "evaluation.json"
REPORT = "report.html"
_WINDOW_TENSORS = ("centre", "spread", "weights")
"""Of a critic of windows, all of one size."""
EDITED_BY_PEOPLE = (CARD, EVALUATION, REPORT)


@dataclass(frozen=True, kw_only=True)
class Guide:
    """A critic that chooses among candidates at generation."""

    sizes: CriticConfig
    candidates: int
    """Candidates that it chooses from unless something else is asked for; 1: it rests."""
    window: int | None
    """Steps that it judges at once; None: whole sequences."""
    weights: Mapping[str, np.ndarray] = field(repr=False)
    """Of `decoding.row_critic`."""


@dataclass(frozen=True, kw_only=True)
class WindowGuide:
    """A critic of windows of a table that chooses among candidates at generation."""

    candidates: int
    """Candidates that it chooses from unless something else is asked for; 1: it rests."""
    look: Mapping[str, Any]
    """What it sees of a window, as plain values."""
    weights: Mapping[str, np.ndarray] = field(repr=False)
    """Of `evaluation.series.window_critic`."""


@dataclass(frozen=True, kw_only=True)
class ArtifactContents:
    """All that goes into an artifact."""

    kind: str
    """Name of the kind: `text`."""
    schema: Schema
    """Fields and context of a sequence."""
    codec: Mapping[str, Any]
    """The codec as plain values."""
    model: Mapping[str, Any]
    """`ModelConfig` as plain values."""
    training: Mapping[str, Any]
    """Settings as resolved, with their origins and the plan."""
    source: Mapping[str, Any]
    """Where the data came from: paths, hashes, split."""
    evaluation: Mapping[str, Any]
    """Figures of the final model."""
    history: Sequence[Mapping[str, Any]]
    """One record an evaluation."""
    weights: Mapping[str, np.ndarray]
    """Weights by name, float32."""
    graph: bytes | None
    """The step graph, ONNX; None: the network is decoded without one."""
    card: str
    """The model card, Markdown."""
    int8_graph: bytes | None = None
    """The step graph in whole numbers; None: there is none."""
    network: str = SYMBOLS
    """A name of `nets.networks.NETWORKS`."""
    guide: Guide | WindowGuide | None = None
    """A critic, if the model has one."""


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A verified artifact. It holds what it was checked with, whatever happens to the folder."""

    folder: Path
    format: int
    kind: str
    schema: Schema
    codec: Mapping[str, Any]
    model: Mapping[str, Any]
    """Sizes as plain values; `model_config` is the same, built."""
    model_config: Any
    training: Mapping[str, Any]
    source: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    card: str
    warnings: tuple[str, ...]
    """Sentences about files that were edited, removed or added; they do not change the model."""
    files: Mapping[str, bytes] = field(repr=False)
    """Contents of the files by name."""
    network: str = SYMBOLS
    """A name of `nets.networks.NETWORKS`."""
    guide_facts: Any = None
    """Sizes and use of the critic as plain values; `guide()` or `window_guide()` is the same,
    built."""

    @property
    def name(self) -> str:
        """What people call it: the name of its run, of its folder or of its zip."""
        folder = self.folder.resolve()
        if archive.is_packed(folder):
            return folder.stem
        return folder.parent.name if folder.name == "model" else folder.name

    def weights(self) -> dict[str, np.ndarray]:
        """Unpack the weights by name, float32, all finite."""
        shapes = find_network(self.network).expected_shapes(self.model_config, self.schema)
        place = str(self.folder / WEIGHTS)
        return read_tensors(self.files[WEIGHTS], place, shapes=shapes)

    def guide(self) -> Guide | None:
        """Return the critic of symbols that chooses among candidates; None: the model has none.

        Raises:
            ArtifactError: If what the folder says of it cannot be.
        """
        if self.guide_facts is None:
            return None
        place, content, path = self._critic_file()
        try:
            if self.network != SYMBOLS:
                raise ConfigError(f"{place}: a critic of symbols, in a {self.network} model")
            use, sizes = _guide_settings(self.guide_facts, place, len(read_header(content, path)))
            (symbols,) = predicted_symbols(self.schema)
            shapes = critic_shapes(sizes, symbols.size, int(self.model_config.embedding_size))
        except ConfigError as error:
            raise ArtifactError(f"{error}; {REMEDY}") from error
        weights = read_tensors(content, path, shapes=shapes)
        return Guide(sizes=sizes, weights=weights, **vars(use))

    def window_guide(self) -> WindowGuide | None:
        """Return the critic of windows that chooses among candidates; None: the model has none.

        Raises:
            ArtifactError: If what the folder says of it cannot be.
        """
        if self.guide_facts is None:
            return None
        place, content, path = self._critic_file()
        header = read_header(content, path)
        facts = self.guide_facts if isinstance(self.guide_facts, Mapping) else {}
        look, candidates = facts.get("look"), facts.get("candidates")
        if not isinstance(look, Mapping) or type(candidates) is not int or candidates < 1:
            raise ArtifactError(f"{place}: no critic of windows; {REMEDY}")
        sizes = header["weights"].shape if "weights" in header else ()
        shapes = {**dict.fromkeys(_WINDOW_TENSORS, sizes), "bias": (1,)}
        weights = read_tensors(content, path, shapes=shapes)
        return WindowGuide(candidates=candidates, look=look, weights=weights)

    def _critic_file(self) -> tuple[str, bytes, str]:
        """Return where the critic's facts stand, the bytes of its weights, and where these lie."""
        _require(self.folder, self.files, (CRITIC,))
        path = str(self.folder / CRITIC)
        return f"{self.folder / CONFIG} [guide]", self.files[CRITIC], path

    def graph(self) -> bytes:
        """Return the step graph in fp32, an ONNX file of standard operators that stands alone."""
        return self.files[GRAPH]

    def decoding_graph(self) -> bytes:
        """Return the step graph that writes and scores: in whole numbers where there is one."""
        return self.files.get(INT8_GRAPH) or self.graph()


def save(folder: Path, contents: ArtifactContents, *, replace: bool = False) -> None:
    """Write an artifact: `folder` is afterwards whole, or as it was before.

    Args:
        folder: Where it is to be.
        contents: What it is to hold.
        replace: Whether an artifact that is there gives way.

    Raises:
        ConfigError: If `folder` exists and may not be replaced.
        DivergedError: If a weight is not finite.
        ResourceError: If the disk refuses.
    """
    guided = {} if contents.guide is None else contents.guide.weights
    name = first_non_finite(contents.weights) or first_non_finite(guided)
    if name is not None:
        raise DivergedError(f"weight '{name}' holds NaN or infinity: {folder} is not written")
    durable.write_folder(folder, _files(contents), replace=replace)


def load(folder: Path) -> Artifact:
    """Read an artifact and check every file of it.

    Args:
        folder: A folder, or the zip that `serinette export` makes of one.

    Raises:
        ArtifactError: If a file is missing, damaged, foreign, or of a newer format.
    """
    if archive.is_packed(folder):
        read = archive.read(folder)
    else:
        read = durable.read_folder(folder, lenient=EDITED_BY_PEOPLE)
    _require(folder, read.files, (CONFIG, CODEC, WEIGHTS, HISTORY))
    config = _object(folder, read.files, CONFIG)
    check_format(config.get("format"), folder / CONFIG)
    named = config.get("network", SYMBOLS)
    network = find_network(named)
    if network.has_graph:
        _require(folder, read.files, (GRAPH,))
    evaluation, warnings = _evaluation(folder, read.files)
    try:
        artifact = Artifact(
            folder=folder,
            format=FORMAT,
            kind=config["kind"],
            schema=Schema.from_json(config["schema"]),
            codec=_object(folder, read.files, CODEC),
            model=config["model"],
            model_config=_model_config(network, config["model"], folder / CONFIG),
            training=config["training"],
            source=config["source"],
            evaluation=evaluation,
            history=_history(folder, read.files),
            card=read.files.get(CARD, b"").decode("utf-8", "replace"),
            warnings=read.warnings + warnings,
            files=read.files,
            network=named,
            guide_facts=config.get("guide"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{folder / CONFIG} lacks a part: {error}; {REMEDY}") from error
    _check(artifact)
    return artifact


def _require(folder: Path, files: Mapping[str, bytes], names: Sequence[str]) -> None:
    for name in names:
        if name not in files:
            raise ArtifactError(f"{folder} is not a saved model: it has no {name}; {REMEDY}")


def _files(contents: ArtifactContents) -> dict[str, bytes]:
    config: dict[str, Any] = {
        "format": FORMAT,
        "kind": contents.kind,
        "schema": contents.schema.to_json(),
        "model": contents.model,
        "training": contents.training,
        "source": contents.source,
    }
    if contents.network != SYMBOLS:
        config["network"] = contents.network
    graphs = {GRAPH: contents.graph, INT8_GRAPH: contents.int8_graph}
    graph = {name: content for name, content in graphs.items() if content is not None}
    guide = contents.guide
    if guide is not None:
        config["guide"] = _guide_plain(guide)
        graph[CRITIC] = tensor_bytes(dict(guide.weights))
    history = "".join(plain_json.dump_line(record) + "\n" for record in contents.history)
    weights = {name: np.asarray(array, order="C") for name, array in contents.weights.items()}
    return {
        CARD: contents.card.encode("utf-8", "replace"),
        CONFIG: plain_json.dump(config),
        CODEC: plain_json.dump(contents.codec),
        WEIGHTS: tensor_bytes(weights),
        **graph,
        HISTORY: history.encode(),
        EVALUATION: plain_json.dump(contents.evaluation),
    }


def _guide_plain(guide: Guide | WindowGuide) -> dict[str, Any]:
    if isinstance(guide, WindowGuide):
        return {"look": guide.look, "candidates": guide.candidates}
    return {"sizes": plain(guide.sizes), "candidates": guide.candidates, "window": guide.window}


def _object(folder: Path, files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    plain = plain_json.load(files[name], str(folder / name))
    if not isinstance(plain, dict):
        raise ArtifactError(f"{folder / name} is not a JSON object; {REMEDY}")
    return plain


def _evaluation(folder: Path, files: Mapping[str, bytes]) -> tuple[dict[str, Any], tuple[str, ...]]:
    if EVALUATION not in files:
        return {}, ()
    try:
        return _object(folder, files, EVALUATION), ()
    except ArtifactError as error:  # people may have edited it; the model does not need it
        return {}, (f"{error}, or go on without it",)


def _history(folder: Path, files: Mapping[str, bytes]) -> tuple[Mapping[str, Any], ...]:
    lines = files[HISTORY].splitlines()
    place = folder / HISTORY
    return tuple(plain_json.load(line, f"{place} line {n}") for n, line in enumerate(lines, 1))


def _model_config(network: Network, plain: Mapping[str, Any], path: Path) -> Any:
    try:
        sizes = {**network.before, **plain}
        return build(network.config_type, sizes, source=f"{path} [model]")
    except ConfigError as error:
        raise ArtifactError(f"{error}; {REMEDY}") from error


@dataclass(frozen=True, kw_only=True)
class _GuideUse:
    """How a guide is used."""

    candidates: int
    window: int | None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and value < 1:
                raise ConfigError(f"guide.{name} must be at least 1, got {value}")


def _guide_settings(facts: Any, place: str, n_tensors: int) -> tuple[_GuideUse, CriticConfig]:
    """Read what a folder says of its guide, before anything is made that large."""
    rest = dict(facts) if isinstance(facts, Mapping) else {}
    sizes = rest.pop("sizes", None)
    if not isinstance(sizes, Mapping):
        raise ConfigError(f"{place}: no object that holds the critic's sizes")
    critic = build(CriticConfig, sizes, source=f"{place} sizes")
    if critic.packing > 1 or critic.minibatch_spread:
        raise ConfigError(f"{place}: a critic that judges rows by their neighbours is no guide")
    n_layers = max(critic.n_dense, critic.n_layers if critic.network == "lstm" else 0)
    if n_layers > n_tensors:
        raise ConfigError(f"{place}: {n_tensors} tensors for {n_layers} layers")
    return build(_GuideUse, rest, source=place), critic


def _check(artifact: Artifact) -> None:
    """Check what hashes cannot: that a model made by somebody else is one that we can run."""
    place = str(artifact.folder / WEIGHTS)
    n_tensors = len(read_header(artifact.files[WEIGHTS], place))
    if artifact.model_config.n_layers > n_tensors:  # before anything is made that large
        reason = f"{n_tensors} tensors for {artifact.model_config.n_layers} layers"
        raise ArtifactError(f"{place}: {reason}; {REMEDY}")
    try:
        artifact.weights()
    except ConfigError as error:
        raise ArtifactError(f"{artifact.folder / CONFIG}: {error}; {REMEDY}") from error
    if artifact.network == SYMBOLS:
        artifact.guide()
    else:
        artifact.window_guide()
    if find_network(artifact.network).has_graph:
        for name in (GRAPH, INT8_GRAPH):
            if name in artifact.files:
                check_graph(artifact.files[name], str(artifact.folder / name))
