import json

import pytest

from serinette.artifact import folder
from serinette.core.config import Layer, resolve
from serinette.recipes.prepare import prepare
from serinette.recipes.requests import GROUPS, TrainRequest
from serinette.recipes.train import train
from serinette.recipes.training_data import prepared_again
from serinette.training.events import Note, silent

WORDS = [first + last for first in "bdfgklmnpr" for last in "aeiou"]
TEXT = "".join(" ".join(WORDS[(7 * k + i * i) % 50] for i in range(4)) + "\n" for k in range(400))


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def settings_of(**values):
    return resolve(GROUPS, [Layer(origin="test", values=values)])


def test_canaries_stand_in_the_train_part_only_and_are_told_of(song):
    heard = []
    prepared = prepare("text", [song], settings_of(**{"data.canaries": 2}), heard.append)
    plain = prepare("text", [song], settings_of(), silent)
    assert plain.canaries == ()
    assert len(prepared.canaries) == 10
    for canary in prepared.canaries:
        assert prepared.parts.train.sequences[0].content.count(canary.text) == canary.repeats
    assert prepared.parts.validation == plain.parts.validation
    assert prepared.parts.test == plain.parts.test
    added = prepared.parts.train.n_characters - plain.parts.train.n_characters
    assert prepared.train.n_steps == plain.train.n_steps + added
    note = heard[-1]
    assert note == Note(
        text="10 made-up lines are hidden in the train part, 62 with their repeats, "
        f"{added / prepared.parts.train.n_characters:.2%} of it; samples may show them",
        is_warning=True,
    )


@pytest.mark.parametrize("codec", ["character", "byte", "word"])
def test_every_codec_knows_the_symbols_of_the_canaries(song, codec):
    values = {"data.canaries": 1, "data.codec": codec}
    prepared = prepare("text", [song], settings_of(**values), silent)
    for canary in prepared.canaries:
        assert prepared.codec.n_missing(prepared.codec.encode(canary.text)) == 0


def test_a_model_finds_its_canaries_again_and_resumes_with_them(song, tmp_path):
    values = {"model.hidden_size": 8, "model.embedding_size": 4, "training.precision": "fp32"}
    values |= {"data.canaries": 2, "training.n_rows": 4, "training.window": 16}
    layer = Layer(origin="test", values=values)
    runs = tmp_path / "runs"
    trained = train(TrainRequest(sources=(song,), layers=(layer,), runs=runs, updates=2))
    artifact = folder.load(trained.model)
    assert artifact.source["data"]["canaries"] == 2
    again = prepared_again(artifact)
    assert again.canaries == prepare("text", [song], settings_of(**values), silent).canaries
    plan = json.loads((trained.run / "plan.json").read_text("utf-8"))
    plan["settings"]["training"]["updates"] = 4
    (trained.run / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    resumed = train(TrainRequest(resume="song", runs=runs))
    assert resumed.reason == "plan done"
    assert folder.load(resumed.model).codec == artifact.codec
