from pathlib import Path

import numpy as np
import pytest

from serinette.artifact.folder import Artifact
from serinette.core.config import Resolved, plain, resolve
from serinette.core.errors import ConfigError
from serinette.kinds.table import find_kind
from serinette.nets.config import ModelConfig
from serinette.recipes.count_model import count_model_of, reading_settings
from serinette.recipes.prepare import prepare
from serinette.recipes.requests import GROUPS
from serinette.training.events import silent


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.txt"
    lines = [f"line {k} of some notes about {k % 7} birds\n" for k in range(60)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def artifact_of(path, **source):
    """An artifact that says it was trained on a file; it holds no weights."""
    settings: Resolved = resolve(GROUPS, [])
    prepared = prepare("text", [path], settings, silent)
    facts = {
        "paths": [str(path)],
        "sha256": [file.sha256 for file in prepared.corpus.sources],
        "data": plain(settings.groups["data"]),
        "split": plain(settings.groups["split"]),
    }
    return Artifact(
        folder=Path("model"),
        format=1,
        kind="text",
        schema=prepared.codec.schema,
        codec=prepared.codec.to_json(),
        model={},
        model_config=ModelConfig(),
        training={},
        source={**facts, **source},
        evaluation={},
        history=(),
        card="",
        warnings=(),
        files={},
    )


def test_the_count_model_is_that_of_the_training_part(notes):
    artifact = artifact_of(notes)
    found = count_model_of(artifact)
    assert found.note == ""
    assert found.model is not None
    assert found.order == found.model.order
    codec = find_kind("text").codec_from_json(artifact.codec)
    steps = codec.encode("line 9 of some notes\n")[:, 0]
    known = np.concatenate([[0], steps, [0]])
    assert found.model.nats(known).mean() < np.log(20)


@pytest.mark.parametrize("change", ["gone", "other text", "empty"])
def test_data_that_are_not_what_they_were_give_a_sentence(notes, change):
    artifact = artifact_of(notes)
    if change == "gone":
        notes.unlink()
    else:
        notes.write_text("" if change == "empty" else "y" * 200, encoding="utf-8")
    found = count_model_of(artifact)
    assert found.model is None
    assert found.note.startswith("no count model beside it: ")
    assert str(notes) in found.note


def test_a_model_of_texts_without_a_file_says_so(notes):
    found = count_model_of(artifact_of(notes, paths=[]))
    assert found.note == ("no count model beside it: the model does not say what it learnt from")


def test_data_are_read_as_in_training_unless_the_user_wishes_otherwise(notes):
    artifact = artifact_of(notes)
    kept = {**artifact.source["data"], "documents": "line"}
    artifact = artifact_of(notes, data=kept)
    assert reading_settings(artifact, {"documents": None})[1].documents == "line"
    kind, config = reading_settings(artifact, {"documents": "file"})
    assert (kind.name, config.documents) == ("text", "file")
    with pytest.raises(ConfigError, match=r"^--documents: documents must be one of"):
        reading_settings(artifact, {"documents": "page"})
