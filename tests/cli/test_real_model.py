"""The commands on a real, if untrained, artifact; torch must not be asked for."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from serinette.artifact.folder import ArtifactContents, save
from serinette.artifact.step_graph import build_step_graph
from serinette.cli.main import main
from serinette.core.config import plain, resolve
from serinette.core.metric import Metric
from serinette.nets.config import ModelConfig, expected_shapes
from serinette.recipes.prepare import prepare
from serinette.recipes.requests import GROUPS
from serinette.training.events import silent

TEXT = "".join(f"Line {k} of these notes tells of {k % 7} birds.\n" for k in range(60))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working directory with notes.txt and a model of it in runs/notes/model."""
    place = tmp_path_factory.mktemp("place")
    (place / "notes.txt").write_text(TEXT, encoding="utf-8")
    settings = resolve(GROUPS, [])
    prepared = prepare("text", [place / "notes.txt"], settings, silent)
    config = ModelConfig(embedding_size=5, hidden_size=7, n_layers=2)
    schema = prepared.codec.schema
    weights = {
        name: np.sin(np.arange(np.prod(shape)) + k).astype(np.float32).reshape(shape)
        for k, (name, shape) in enumerate(expected_shapes(config, schema).items())
    }
    metric = Metric(
        name="validation bits per character",
        value=2.5,
        unit="bits",
        better="lower",
        n=1234,
        baseline=2.25,
    )
    contents = ArtifactContents(
        kind="text",
        schema=schema,
        codec=prepared.codec.to_json(),
        model=plain(config),
        training={"settings": settings.to_json(), "reason": "plan done", "best_update": 7},
        source={
            "paths": [str(place / "notes.txt")],
            "sha256": [file.sha256 for file in prepared.corpus.sources],
            "data": plain(settings.groups["data"]),
            "split": plain(settings.groups["split"]),
        },
        evaluation={"metrics": [metric.to_json()]},
        history=[{"update": 7, "seconds": 3.0, "metrics": {"validation_nats": 2.0}}],
        weights=weights,
        graph=build_step_graph(config, schema, weights),
        card="---\n---\n",
    )
    save(place / "runs" / "notes" / "model", contents)
    return place


def run(place, *argv):
    """Run a command in a process of its own that cannot import torch."""
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['onnx'] = None\n"
        f"from serinette.cli.main import main; sys.exit(main({list(argv)!r}))"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=place,
        env=env,
    )


def test_generate_repeats_itself_and_starts_anywhere(place):
    argv = ["generate", "notes", "--seed", "7", "--max-steps", "9", "--json"]
    three = run(place, *argv, "-n", "3")
    assert (three.returncode, three.stderr) == (0, "")
    rows = [json.loads(line) for line in three.stdout.splitlines()]
    assert [row["row"] for row in rows] == [0, 1, 2]
    last = run(place, *argv, "--first-row", "2")
    assert json.loads(last.stdout) == rows[2]


def test_generate_warns_of_a_prefix_that_it_cannot_read(place):
    done = run(place, "generate", "notes", "--prefix", "春 Line", "--max-steps", "5", "--seed", "1")
    assert done.stdout.startswith("春 Line")
    assert done.stderr == "warning: 1 characters of a prefix never occurred in training\n"


def test_score_stands_beside_the_count_model_of_the_training_data(place):
    done = run(place, "score", "notes", "notes.txt", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["note"] is None
    assert found["score"]["n_characters"] == len(TEXT) + 1
    assert 0 < found["score"]["baseline_nats"] < found["score"]["nats"]


def test_inspect_tells_a_run_from_data(place, monkeypatch, capsys):
    monkeypatch.chdir(place)

    def shown(*argv):
        assert main(["inspect", *argv]) == 0
        return capsys.readouterr().out

    found = json.loads(shown("notes", "--json"))
    assert (found["schema_version"], found["kind"], found["format"]) == (1, "model", 1)
    assert found["model"]["hidden_size"] == 7
    page = shown(str(place / "runs" / "notes" / "model"))
    assert "verified" in page
    assert "7 updates, 3 s" in page
    assert "validation bits per character  2.500        2.250  1,234" in page
    assert json.loads(shown("notes.txt", "--json"))["kind"] == "data"


def test_a_damaged_model_is_exit_code_5(place, tmp_path, monkeypatch, capsys):
    shutil.copytree(place / "runs", tmp_path / "runs")
    weights = tmp_path / "runs" / "notes" / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-3] + b"abc")
    monkeypatch.chdir(tmp_path)
    for argv in (["generate", "notes"], ["score", "notes", "x"], ["inspect", "notes"]):
        assert main(argv) == 5
        err = capsys.readouterr().err
        assert "model.safetensors" in err
        assert err.count("\n") == 1
