"""What fuzzing feeds: each reader with seeds that it can read and the grammar of its mutations."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from serinette.artifact import folder as folders
from serinette.artifact.step_graph import build_step_graph
from serinette.constraints.config import RulesConfig
from serinette.constraints.plan import automata_of
from serinette.constraints.regex import parse_pattern
from serinette.core import durable, manifest, plain_json
from serinette.core.config import build, plain, resolve
from serinette.core.layers import read_toml
from serinette.evaluation.gates import parse
from serinette.evaluation.turing import MARK, Item, Sheet, key_file, read_answers, read_key
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.reader import read_poems
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.metadata import config_from_sdv
from serinette.kinds.series.reader import read_table
from serinette.kinds.table import KINDS, find_kind
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.encodings import decode
from serinette.kinds.text.files import binary_format
from serinette.kinds.text.reader import check_text, read_text
from serinette.nets.config import ModelConfig, expected_shapes
from serinette.recipes.requests import GROUPS

Reader = tuple[Callable[[], Sequence[bytes]], Callable[[bytes, Path], None], str]
_DEEPEST_PATTERN = 60


class Refused(Exception):  # noqa: N818 - it is no error
    """The input is none that this reader is ever given."""


def _text(data: bytes, folder: Path) -> None:
    if binary_format(data) is not None:
        raise Refused
    decoded = decode(data, "file.txt")
    check_text(decoded.text, "file.txt")
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    for documents in ("line", "blank-line"):
        if text.strip():
            read_text([text], TextConfig(documents=documents))  # type: ignore[arg-type]


def _text_file(data: bytes, folder: Path) -> None:
    read_text([_file(folder, "x.txt", data)], TextConfig(), for_training=True)


def _csv(data: bytes, folder: Path) -> None:
    read_table([_file(folder, "x.csv", data)], SeriesConfig(), scratch=folder)


def _poems(data: bytes, folder: Path) -> None:
    read_poems([_file(folder, "x.json", data)], PoemConfig())


def _metadata(data: bytes, folder: Path) -> None:
    config_from_sdv(_file(folder, "metadata.json", data))


def _settings(data: bytes, folder: Path) -> None:
    resolve(GROUPS, [read_toml(_file(folder, "train.toml", data))])


def _manifest(data: bytes, folder: Path) -> None:
    _file(folder, "manifest.json", data)
    manifest.read_manifest(folder)


def _model(data: bytes, folder: Path) -> None:
    """The JSON of a model's folder: config, codec, history, evaluation."""
    parts = plain_json.load(data, "input")
    if not isinstance(parts, dict) or not all(isinstance(name, str) for name in parts):
        raise Refused
    files = dict(_model_files()) | {
        name: content if isinstance(content, bytes) else json.dumps(content).encode()
        for name, content in parts.items()
    }
    listed = manifest.Manifest(format=1, files={})
    read = manifest.FolderContents(manifest=listed, files=files, warnings=())
    with patch.object(durable, "read_folder", lambda *_, **__: read):
        artifact = folders.load(folder)
    codec = find_kind(artifact.kind).codec_from_json(artifact.codec)
    codec.decode(codec.encode("a text, with é"))


def _codec(data: bytes, folder: Path) -> None:
    """Codecs of every kind; what is built must also work."""
    stored = plain_json.load(data, "codec.json")
    if not isinstance(stored, dict):
        raise Refused
    name = stored.pop("kind", "text")
    if name not in ("text", "poem"):
        raise Refused
    codec = KINDS[name].codec_from_json(stored)
    if name == "text":
        steps = codec.encode("a text, with é and 👩‍👩‍👧\n")
        codec.decode(steps)
        codec.step_lengths("é")
        codec.rules()


def _rules(data: bytes, folder: Path) -> None:
    values = plain_json.load(data, "rules")
    if not isinstance(values, dict):
        raise Refused
    config = build(RulesConfig, values, source="rules")
    if sum(map(len, map(str, values.values()))) > 2 * _DEEPEST_PATTERN:
        return
    automata_of(config)


def _regex(data: bytes, folder: Path) -> None:
    pattern = data.decode("utf-8", "replace")
    parse_pattern(pattern)
    if len(pattern) <= _DEEPEST_PATTERN:
        automata_of(RulesConfig(regex=pattern))


def _gates(data: bytes) -> None:
    parse(data.decode("utf-8", "replace"))


def _key(data: bytes) -> None:
    read_key(data, "key.json")


def _answers(data: bytes) -> None:
    read_answers(data, "answers.txt")


def _answer_seeds() -> tuple[bytes, ...]:
    return (f"my answers:\n{MARK} {_SHEET.digest} rg\n{MARK} {_SHEET.digest} R-\n".encode(),)


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


_TEXTS = (
    "The cat sat on the mat.\nThe dog, too.\n\nA new day — «naïve» and 床前明月光,疑是地上霜。\n"
    * 3,
    "שלום עולם\tمرحبا بالعالم\nक्षि 👩‍👩‍👧 e\u0301\r\nline\rline\n" * 3,
)


_VERSE = (
    "床前明月光,疑是地上霜。\n举头望明月,低头思故乡。",
    "白日依山尽,黄河入海流。\n欲穷千里目,更上一层楼。",
)
_TOML = b"""[data]
codec = "word"
max_vocabulary = 500
[split]
test_share = 0.1
[training]
learning_rate = 1e-3
[model]
hidden_size = 64
"""
_SHEET = Sheet((Item("one"), Item("two, with é")), (True, False))


def _text_seeds() -> tuple[bytes, ...]:
    found = [text.encode(codec) for text in _TEXTS for codec in ("utf-8", "utf-8-sig", "utf-16")]
    found += [text.encode("utf-32-le") for text in _TEXTS]
    found += ["Der Bär läßt größere Äpfel übrig. ".encode("cp1252") * 5]
    return (*found, "床前明月光,疑是地上霜。".encode("gb18030") * 5, b"plain words only\n" * 9)


def _csv_seeds() -> tuple[bytes, ...]:
    rows = [f"{k % 2},2024-01-{k + 1:02},{k * 1.5},{'ab'[k % 2]},{k}" for k in range(14)]
    plain_csv = "id,day,level,kind,n\n" + "\n".join(rows) + "\n"
    quoted = 'a;b;"c d"\n' + "".join(f'{k};"{k},5";"x\ny"\n' for k in range(12))
    return (plain_csv.encode(), quoted.encode(), plain_csv.replace(",", "\t").encode("utf-16"))


def _poem_seeds() -> tuple[bytes, ...]:
    poem = {
        "title": "静夜思",
        "author": "李白",
        "paragraphs": ["床前明月光,疑是地上霜。", "举头望明月,低头思故乡。"],
    }
    other = [{"title": "x", "content": "白日依山尽,黄河入海流。欲穷千里目,更上一层楼。"}]
    return tuple(
        json.dumps(value).encode() for value in ([poem, poem | {"author": "杜甫"}], [poem], other)
    )


def _metadata_seeds() -> tuple[bytes, ...]:
    table = {
        "columns": {
            "id": {"sdtype": "id"},
            "t": {"sdtype": "datetime"},
            "x": {"sdtype": "numerical"},
        },
        "sequence_key": "id",
        "sequence_index": "t",
    }
    return (json.dumps(table).encode(), json.dumps({"tables": {"one": table}}).encode())


@cache
def _model_seeds() -> tuple[bytes, ...]:
    files = _model_files()
    parts = {
        name: json.loads(files[name]) for name in ("config.json", "codec.json", "evaluation.json")
    }
    return tuple(
        json.dumps(value).encode() for value in (parts, {"config.json": parts["config.json"]})
    )


@cache
def _model_files() -> dict[str, bytes]:
    codec = _text_codec("character")
    sizes = ModelConfig(embedding_size=3, hidden_size=5, n_layers=1)
    shapes = expected_shapes(sizes, codec.schema)
    weights = {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}
    contents = folders.ArtifactContents(
        kind="text",
        schema=codec.schema,
        codec=codec.to_json(),
        model=plain(sizes),
        training={"settings": {}},
        source={"paths": ["a"], "sha256": ["b"], "data": {}, "split": {}},
        evaluation={"metrics": []},
        history=[{"update": 1, "seconds": 1.0, "metrics": {}}],
        weights=weights,
        graph=build_step_graph(sizes, codec.schema, weights),
        card="---\n---\n",
    )
    return folders._files(contents)


def _text_codec(name: str) -> Any:
    texts = [RawSequence(content=text, context={"label": "a"}, place="x") for text in _TEXTS]
    config = TextConfig(codec=name, vocabulary_size=300 if name == "bpe" else None)  # type: ignore[arg-type]
    return KINDS["text"].fit(Corpus(sequences=tuple(texts)), config)


@cache
def _codec_seeds() -> tuple[bytes, ...]:
    names = ("character", "byte", "word", "grapheme", "bpe")
    plain_codecs = [_text_codec(name).to_json() for name in names]
    poems = Corpus(sequences=tuple(RawSequence(content=t, context={}, place="x") for t in _VERSE))
    plain_codecs.append({"kind": "poem"} | KINDS["poem"].fit(poems, PoemConfig()).to_json())
    return tuple(json.dumps(stored).encode() for stored in plain_codecs)


def _rule_seeds() -> tuple[bytes, ...]:
    wishes: tuple[dict[str, Any], ...] = (
        {"acrostic": "ab", "lines": "2-3", "line_length": "4", "ban": ["x"], "require": ["the"]},
        {"regex": "(a|b)+c?", "characters": "a-z", "length": "2-9", "depth": 3},
        {"fixed": {"3": "ab"}, "avoid": {"the": 2.0}, "no_repeat": 4, "acrostic_at": "last"},
    )
    return tuple(json.dumps(wish).encode() for wish in wishes)


def _manifest_seed() -> bytes:
    return manifest.encode({"config.json": b"{}", "weights.safetensors": b"1234"})


READERS: dict[str, Reader] = {
    "text: bytes": (_text_seeds, _text, "text"),
    "text: file": (_text_seeds, _text_file, "text"),
    "table: CSV": (_csv_seeds, _csv, "csv"),
    "poems: JSON": (_poem_seeds, _poems, "json"),
    "model: JSON files": (_model_seeds, _model, "json"),
    "codec.json": (_codec_seeds, _codec, "json"),
    "manifest.json": (lambda: (_manifest_seed(),), _manifest, "json"),
    "SDV metadata": (_metadata_seeds, _metadata, "json"),
    "settings: TOML": (lambda: (_TOML,), _settings, "toml"),
    "rules": (_rule_seeds, _rules, "json"),
    "regex": (lambda: (b"(ab|c)+d?", rb"[a-z]{2,4}\d*\.", b"(?:x|y)*z"), _regex, "regex"),
    "gates": (lambda: (b"copy50>1%, bpc@T=0.7>2.2",), lambda data, _: _gates(data), "text"),
    "blind test: key": (lambda: (key_file(_SHEET),), lambda data, _: _key(data), "json"),
    "blind test: answers": (_answer_seeds, lambda data, _: _answers(data), "text"),
}
