import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import serinette
from serinette.artifact import folder
from serinette.core.config import Layer
from serinette.core.errors import ConfigError, DataError, LockedError, NotFoundError
from serinette.core.locking import lock
from serinette.recipes.requests import TrainRequest
from serinette.recipes.train import plan_only, train
from serinette.training.events import Evaluated, Finished, Note

TEXT = "".join(f"line {k} of a song that goes on and on\n" for k in range(120))
SMALL = {
    "model.hidden_size": 12,
    "model.embedding_size": 6,
    "training.n_rows": 4,
    "training.window": 16,
    "training.n_evaluations": 3,
    "training.precision": "fp32",
}


def request_of(tmp_path, text=TEXT, **changes):
    data = tmp_path / "song.txt"
    data.write_text(text, encoding="utf-8")
    values = {**SMALL, **changes.pop("values", {})}
    settings = {
        "sources": (data,),
        "layers": (Layer(origin="test", values=values),),
        "runs": tmp_path / "runs",
        "updates": 12,
        "seed": 3,
    }
    return TrainRequest(**{**settings, **changes})


def weights_of(trained):
    return folder.load(trained.model).weights()


def test_a_file_becomes_a_model_that_says_what_it_is(tmp_path):
    heard = []
    trained = train(request_of(tmp_path), heard.append)
    assert trained.reason == "plan done"
    assert trained.run == tmp_path / "runs" / "song"
    assert set(trained.metrics) == {"validation bits per character", "test bits per character"}
    artifact = folder.load(trained.model)
    assert artifact.kind == "text"
    assert artifact.source["sha256"]
    assert artifact.training["settings"]["model"]["hidden_size"] == 12
    measured = artifact.evaluation["metrics"][0]
    assert measured["baseline"] < measured["value"]  # twelve updates do not beat counting
    lines = (trained.run / "history.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["update"] for line in lines] == [4, 8, 12]
    assert sum(isinstance(event, Evaluated) for event in heard) == 3
    assert isinstance(heard[-1], Finished)
    plan = json.loads((trained.run / "plan.json").read_text("utf-8"))
    assert plan["origins"]["model.hidden_size"] == "test"
    assert plan["origins"]["training.updates"] == "command line"


def test_a_taken_name_is_never_overwritten(tmp_path):
    first = train(request_of(tmp_path, updates=3))
    second = train(request_of(tmp_path, updates=3))
    assert (first.run.name, second.run.name) == ("song", "song-2")
    for name, weight in weights_of(first).items():
        np.testing.assert_array_equal(weight, weights_of(second)[name])


def test_resumed_equals_uninterrupted_to_the_bit_through_files(tmp_path):
    whole = train(request_of(tmp_path, name="whole", updates=14))
    command = [sys.executable, "-c", _STOPPED, str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    resumed = train(TrainRequest(resume="cut", runs=tmp_path / "runs"))
    assert resumed.reason == "plan done"
    ours, theirs = weights_of(resumed), weights_of(whole)
    for name, weight in theirs.items():
        np.testing.assert_array_equal(ours[name], weight)
    lines = [(run / "history.jsonl").read_text("utf-8") for run in (resumed.run, whole.run)]
    ours, theirs = ([json.loads(x) for x in text.splitlines()] for text in lines)
    assert [line["metrics"] for line in ours] == [line["metrics"] for line in theirs]


_STOPPED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import test_train_recipe as t
from serinette.training import loop

original = loop.Training._tick
def tick(self):
    original(self)
    if self._trainer.update_count == 9:
        os.kill(os.getpid(), signal.SIGTERM)
loop.Training._tick = tick
trained = t.train(t.request_of(Path(sys.argv[1]), name="cut", updates=14))
assert (trained.reason, trained.exit_code) == ("interrupted", 143)
assert (trained.model / "manifest.json").exists()
"""


def test_data_that_changed_cannot_be_resumed(tmp_path):
    train(request_of(tmp_path, updates=3))
    (tmp_path / "song.txt").write_text(TEXT + "more", encoding="utf-8")
    with pytest.raises(DataError, match="song: the data have changed since this run began"):
        train(TrainRequest(resume="song", runs=tmp_path / "runs"))


def test_a_run_that_does_not_exist_cannot_be_resumed(tmp_path):
    with pytest.raises(NotFoundError, match="songs"):
        train(TrainRequest(resume="songs", runs=tmp_path / "runs"))


def test_a_run_in_use_is_left_alone(tmp_path):
    run = train(request_of(tmp_path, updates=3)).run
    with lock(run), pytest.raises(LockedError, match="in use by process"):
        train(TrainRequest(resume="song", runs=tmp_path / "runs"))


def test_no_data_is_refused():
    with pytest.raises(ConfigError, match="no data given; name a file or a folder"):
        train(TrainRequest())


def test_a_budget_is_met(tmp_path):
    begun = time.monotonic()
    heard = []
    request = request_of(
        tmp_path, text=TEXT * 4, updates=None, budget_seconds=12.0, started=begun, values={}
    )
    trained = train(request, heard.append)
    assert 12 * 0.7 < time.monotonic() - begun < 12 * 1.3
    assert trained.reason == "plan done"
    assert any("plan: " in event.text for event in heard if isinstance(event, Note))


def test_a_dry_run_writes_nothing(tmp_path):
    dry = plan_only(request_of(tmp_path))
    assert not (tmp_path / "runs").exists()
    assert dry.parameters > 0
    assert dry.memory_bytes > 100_000_000
    assert dry.seconds > 0
    assert len(dry.decoded_batches) == 3
    assert any(text and text in TEXT for text in dry.decoded_batches[1])
    assert dry.resolved.origins["training.window"] == "test"
    assert dry.resolved.origins["training.learning_rate"] == "plan"


@pytest.mark.parametrize("codec", ["character", "byte", "word"])
def test_labels_condition_every_codec(tmp_path, codec):
    for label, line in (("day", "the sun is up\n"), ("night", "the moon is up\n")):
        (tmp_path / "texts" / label).mkdir(parents=True)
        for k in range(12):
            path = tmp_path / "texts" / label / f"{k}.txt"
            path.write_text(f"{k} " + line * 3, encoding="utf-8")
    values = {**SMALL, "data.codec": codec, "data.labels": "folder", "training.n_rows": 4}
    request = TrainRequest(
        sources=(tmp_path / "texts",),
        layers=(Layer(origin="test", values=values),),
        runs=tmp_path / "runs",
        updates=6,
    )
    model = serinette.Model(folder.load(train(request).model))
    drawn = model.generate(2, label="night", seed=1, max_steps=20)
    assert [sample.seed for sample in drawn] == [1, 1]
    with pytest.raises(ConfigError, match="nigth"):
        model.generate(1, label="nigth")


def test_the_python_api_does_it_all(tmp_path):
    texts = [f"the {k}th verse of the same old song" for k in range(40)]
    settings = {key.replace(".", "__"): value for key, value in SMALL.items()}
    model = serinette.train(texts, runs=tmp_path / "runs", updates=6, **settings)
    (sample,) = model.generate(1, prefix="the ", seed=5, max_steps=12)
    assert "".join(model.stream(prefix="the ", seed=5, max_steps=12)) == sample.text
    score = model.score(["the 3th verse", "of the song"])
    assert score.bits_per_character > 0
    model.save(tmp_path / "copy")
    again = serinette.load(tmp_path / "copy")
    assert again.generate(1, prefix="the ", seed=5, max_steps=12)[0] == sample


def test_an_unknown_argument_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="unknown argument 'buget'"):
        serinette.train("x.txt", buget="5m")
    with pytest.raises(ConfigError, match="hiden_size"):
        serinette.train([TEXT], model__hiden_size=3, updates=2, runs=tmp_path)


def test_public_names_are_the_documented_ones():
    assert set(serinette.__all__) == {"Model", "SeriesModel", "__version__", "load", "train"}
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        serinette.trian  # noqa: B018


@pytest.mark.slow
def test_four_sequences_are_learnt_by_heart(tmp_path):
    lines = [
        "to be or not to be\n",
        "all the world's a stage\n",
        "now is the winter\n",
        "if music\n",
    ]
    data = tmp_path / "four.txt"
    data.write_text("".join(lines * 60), encoding="utf-8")
    values = {"data.documents": "line", "training.n_rows": 8, "training.window": 26}
    values |= {"model.hidden_size": 48, "model.n_layers": 1, "split.validation_share": 0.0}
    request = TrainRequest(
        sources=(data,),
        layers=(Layer(origin="test", values={**values, "split.test_share": 0.0}),),
        runs=tmp_path / "runs",
        updates=150,
    )
    model = serinette.Model(folder.load(train(request).model))
    drawn = {sample.text + "\n" for sample in model.generate(20, seed=1, temperature=0.5)}
    assert drawn <= set(lines)
    assert len(drawn) >= 3
