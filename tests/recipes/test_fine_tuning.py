"""Trainings that go on from a model, from end to end, on songs."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from invented_text import sentences
from poem_models import save_untrained_poet, write_poems
from safetensors.numpy import save as tensor_bytes
from untrained_model import SIZES, measure_coarsely, save_untrained, write_lines

import serinette
from serinette.artifact import folder
from serinette.artifact.runs import summarise
from serinette.constraints.config import RulesConfig
from serinette.core import plain_json
from serinette.core.config import Layer
from serinette.core.durable import write_folder
from serinette.core.errors import ArtifactError, ConfigError, DataError, NotFoundError
from serinette.decoding.config import DecodingConfig
from serinette.recipes import base_model
from serinette.recipes.evaluate import run
from serinette.recipes.evaluate.request import EvaluateRequest
from serinette.recipes.evaluate.run import evaluate
from serinette.recipes.generate import GenerateRequest, generate
from serinette.recipes.requests import TrainRequest
from serinette.recipes.train import plan_only, train
from serinette.recipes.training_data import earlier_again, prepared_again
from serinette.training.events import Note

OLD = "".join(f"line {k} of a song that goes on and on\n" for k in range(120))
NEW = "".join(f"Zeile {k}: ein Käfer, der die Brücke überquert!\n" for k in range(60))
SMALL = {
    "training.n_rows": 4,
    "training.window": 16,
    "training.n_evaluations": 3,
    "training.precision": "fp32",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with both songs and a model of the old one that was never trained."""
    place = tmp_path_factory.mktemp("tuning")
    (place / "old.txt").write_text(OLD, encoding="utf-8")
    (place / "new.txt").write_text(NEW, encoding="utf-8")
    save_untrained(place / "runs/song/model", [place / "old.txt"])
    return place


def request_of(place, **changes):
    values = {**SMALL, **changes.pop("values", {})}
    settings = {
        "sources": (place / "new.txt",),
        "layers": (Layer(origin="test", values=values),),
        "runs": place / "runs",
        "base_model": "song",
        "updates": 12,
        "seed": 3,
    }
    return TrainRequest(**{**settings, **changes})


@pytest.fixture(scope="module")
def tuned(place):
    """A fine-tuning, and what was heard of it."""
    heard = []
    return train(request_of(place), heard.append), heard


def texts(heard):
    return [event.text for event in heard if isinstance(event, Note)]


def lines_of(run):
    return [json.loads(line) for line in (run / "history.jsonl").read_text("utf-8").splitlines()]


def test_both_texts_are_measured_before_and_after(tuned):
    trained, heard = tuned
    facts = folder.load(trained.model).training["fine_tuning"]
    assert facts["name"] == "song"
    assert facts["new"]["part"] == facts["old"]["part"] == "test"
    assert facts["new"]["end"] < facts["new"]["start"]
    new, old = facts["new"], facts["old"]
    said = (
        f"new text {new['start']:.2f} -> {new['end']:.2f}, "
        f"old text {old['start']:.2f} -> {old['end']:.2f} bits a character"
    )
    assert any(said in text for text in texts(heard))
    assert trained.metrics["test bits per character"] == pytest.approx(new["end"])
    assert trained.metrics["test bits per character, old text"] == old["end"]
    assert trained.metrics["test bits per character, before fine-tuning"] == new["start"]
    assert said in folder.load(trained.model).card


def test_the_history_begins_before_the_first_update(tuned):
    lines = lines_of(tuned[0].run)
    assert [line["update"] for line in lines] == [0, 4, 8, 12]
    assert lines[0]["events"][0].startswith("fine-tuning: goes on from song (weights sha256 ")
    assert all("old_validation_nats" in line["metrics"] for line in lines)


def test_symbols_are_added_and_told(place, tuned):
    trained, heard = tuned
    before, after = (folder.load(f) for f in (place / "runs/song/model", trained.model))
    known = before.codec["characters"]
    assert after.codec["characters"].startswith(known)
    assert set(after.codec["characters"]) >= set("äü:!Z")
    n_added = len(after.codec["characters"]) - len(known)
    said = f"vocabulary: {n_added} symbols are added to the {2 + len(known)} known: '"
    assert any(text.startswith(said) for text in texts(heard))
    assert after.model["hidden_size"] == before.model["hidden_size"]


def test_it_says_what_it_goes_on_from(place, tuned):
    trained, heard = tuned
    record = folder.load(trained.model).source["base"]
    assert record["name"] == "song"
    assert record["source"]["paths"] == [str(place / "old.txt")]
    assert summarise(trained.run).base == {"name": "song", "sha256": record["sha256"]}
    assert any(f"sha256 {record['sha256'][:12]}" in text for text in texts(heard))


def test_a_text_of_new_symbols_alone_is_not_taken_for_a_divergence(place, tmp_path):
    artifact = folder.load(place / "runs/song/model")
    weights = artifact.weights()
    weights["readout.bias"] = 8 * weights["readout.bias"]  # very sure of the old symbols
    files = {**artifact.files, folder.WEIGHTS: tensor_bytes(weights)}
    write_folder(tmp_path / "sure", files)
    (tmp_path / "other.txt").write_text("мой дядя самых честных правил\n" * 60, "utf-8")
    heard = []
    request = request_of(place, sources=(tmp_path / "other.txt",), updates=4, name="other")
    train(replace(request, base_model=str(tmp_path / "sure")), heard.append)
    assert not any("back to update" in text for text in texts(heard))


def test_a_model_that_gets_no_better_stays_as_it_was(place):
    rates = ("training.learning_rate", "training.matrix_learning_rate")
    values = {"training.weight_decay": 0.0, **dict.fromkeys(rates, 1e-12)}
    trained = train(request_of(place, name="still", updates=3, values=values))
    name = "layers.0.weight_hh_l0"
    after = folder.load(trained.model).weights()[name]
    np.testing.assert_allclose(
        after, folder.load(place / "runs/song/model").weights()[name], atol=1e-6
    )


def test_resumed_equals_uninterrupted_to_the_bit_even_when_the_base_is_gone(place, tmp_path):
    shutil.copytree(place, tmp_path / "work")
    work = tmp_path / "work"
    data = {"paths": [str(work / "old.txt")]}
    _with_source(work / "runs/song/model", data)
    values = {"fine_tuning.replay": 0.3}
    whole = train(request_of(work, name="whole", updates=14, values=values))
    command = [sys.executable, "-c", _STOPPED, str(work), str(Path(__file__).parent)]
    command.append(str(Path(__file__).parent.parent))
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(work / "runs/song")
    resumed = train(TrainRequest(resume="cut", runs=work / "runs"))
    assert resumed.reason == "plan done"
    ours, theirs = (folder.load(run.model).weights() for run in (resumed, whole))
    for name, weight in theirs.items():
        np.testing.assert_array_equal(ours[name], weight)
    ours, theirs = (lines_of(run.run) for run in (resumed, whole))
    assert [line["metrics"] for line in ours] == [line["metrics"] for line in theirs]


_STOPPED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
import test_fine_tuning as t
from serinette.training import loop

original = loop.Training._tick
def tick(self):
    original(self)
    if self._trainer.update_count == 9:
        os.kill(os.getpid(), signal.SIGTERM)
loop.Training._tick = tick
values = {"fine_tuning.replay": 0.3}
trained = t.train(t.request_of(Path(sys.argv[1]), name="cut", updates=14, values=values))
assert trained.reason == "interrupted"
"""


def _with_source(model, changes):
    """Rewrite where a model says that its data lie."""
    artifact = folder.load(model)
    config = plain_json.load(artifact.files["config.json"], "config.json")
    config["source"] |= changes
    files = {**artifact.files, "config.json": plain_json.dump(config)}
    shutil.rmtree(model)
    write_folder(model, files)


@pytest.mark.parametrize("codec", ["word", "byte"])
def test_every_codec_goes_on(place, tmp_path, codec):
    save_untrained(tmp_path / "base", [place / "old.txt"], data__codec=codec)
    trained = train(request_of(place, base_model=str(tmp_path / "base"), runs=tmp_path / "runs",
                               updates=4))  # fmt: skip
    model = serinette.load(trained.model)
    assert prepared_again(model.artifact).codec.to_json() == model.artifact.codec
    assert model.artifact.source["data"]["codec"] == codec
    (sample,) = model.generate(1, prefix="Zeile ", max_steps=20)
    assert sample.n_unknown == 0


def test_poems_go_on(tmp_path):
    old, new = write_poems(tmp_path / "old.json"), tmp_path / "new.json"
    save_untrained_poet(tmp_path / "base", old)
    poems = json.loads(old.read_text("utf-8"))[:40]
    for number, poem in enumerate(poems):
        poem["paragraphs"][0] = poem["paragraphs"][0][:-2] + "雪" + "。"
        poem["title"] = f"雪{number}"
    new.write_text(json.dumps(poems, ensure_ascii=False), encoding="utf-8")
    trained = train(
        request_of(
            tmp_path, sources=(new,), base_model=str(tmp_path / "base"), updates=3,
            values={"fine_tuning.replay": 0.25},
        )
    )  # fmt: skip
    artifact = folder.load(trained.model)
    assert artifact.kind == "poem"
    assert "雪" in artifact.codec["characters"]
    assert artifact.training["fine_tuning"]["old"]["part"] == "test"


def test_a_model_may_gain_labels(place, tmp_path):
    column = tmp_path / "labelled.txt"
    column.write_text("".join(f"de\t{line}\n" for line in NEW.splitlines()), encoding="utf-8")
    trained = train(request_of(place, sources=(column,), updates=3, name="labelled",
                               values={"data.labels": "column"}))  # fmt: skip
    model = serinette.load(trained.model)
    assert model.artifact.codec["labels"] == ["de"]
    assert model.generate(1, label="de", max_steps=5)


def test_a_fine_tuned_model_can_be_fine_tuned_again(place, tuned):
    (place / "third.txt").write_text("".join(f"<{k}> third text\n" for k in range(80)), "utf-8")
    third = (place / "third.txt",)
    trained = train(request_of(place, sources=third, base_model=tuned[0].run.name, updates=3))
    artifact = folder.load(trained.model)
    assert prepared_again(artifact).codec.to_json() == artifact.codec
    contents = [p.parts.train.sequences[0].content[:5] for p in earlier_again(artifact)]
    assert contents == ["Zeile", "line "]


def test_the_copy_ban_knows_both_texts(tuned):
    artifact = folder.load(tuned[0].model)
    decoding = DecodingConfig(max_steps=30, temperature=0.3)
    request = GenerateRequest(n=8, seed=1, wishes=RulesConfig(no_copy=2), decoding=decoding)
    for sample in generate(artifact, request):
        text = getattr(sample, "full_text", "")
        for known in (OLD, NEW):
            assert not any(text[k : k + 3] in known for k in range(len(text) - 2))


def test_the_copy_ban_is_refused_where_the_old_text_is_gone(place, tmp_path):
    shutil.copytree(place, tmp_path / "work")
    work = tmp_path / "work"
    _with_source(work / "runs/song/model", {"paths": [str(work / "old.txt")]})
    heard = []
    (work / "old.txt").unlink()
    trained = train(request_of(work, updates=3), heard.append)
    assert any("old.txt is no longer there; what is forgotten is not" in t for t in texts(heard))
    facts = folder.load(trained.model).training["fine_tuning"]
    assert facts["old"] is None
    assert any("what was forgotten is not known" in text for text in texts(heard))
    model = serinette.load(trained.model)
    with pytest.raises(NotFoundError, match=r"old.txt is no longer there; --no-copy needs"):
        model.generate(1, no_copy=3)
    with pytest.raises(NotFoundError, match=r"replay needs the old text, so leave out --replay"):
        train(request_of(work, values={"fine_tuning.replay": 0.3}))


def test_an_evaluation_looks_for_copies_of_both_texts(tmp_path, monkeypatch):
    for number, name in enumerate(("old", "new")):
        write_lines(tmp_path / f"{name}.txt", sentences(240, number))
    lines = {"data.documents": "line", "split.validation_share": 0.15, "split.test_share": 0.25}
    saved = {key.replace(".", "__"): value for key, value in lines.items()}
    save_untrained(tmp_path / "runs/song/model", [tmp_path / "old.txt"], **saved)
    trained = train(request_of(tmp_path, updates=2, values=lines))
    artifact = folder.load(trained.model)
    seen = []
    original = run.TrainingText.of

    def seeing(sequences, **more):
        seen.extend(sequences)
        return original(sequences, **more)

    monkeypatch.setattr(run.TrainingText, "of", seeing)
    measure_coarsely(monkeypatch)
    request = EvaluateRequest(temperatures=(1.0,), n_pieces=60, n_embedded=40, **SIZES)
    report = evaluate(artifact, request)
    read = (prepared_again(artifact), *earlier_again(artifact))
    assert len(read) == 2
    assert {s.content for s in seen} == {s.content for p in read for s in p.parts.train.sequences}
    assert any("fine-tuned from song" in note for note in report.notes)
    (tmp_path / "old.txt").unlink()
    report = evaluate(artifact, request)
    said = "Copies from the text before the fine-tuning are not found: "
    assert any(said in note and "old.txt is no longer there" in note for note in report.notes)


def test_a_dry_run_tells_what_is_gone_on_from(place):
    dry = plan_only(request_of(place, values={"fine_tuning.replay": 0.25}))
    begun = dry.summary[0]
    assert begun.startswith("fine-tuning: goes on from song (weights sha256 ")
    assert begun.endswith("25% of the rows on its old text")
    assert dry.resolved.origins["model.hidden_size"] == "base model song"
    assert dry.resolved.groups["model"].hidden_size == 7


def test_a_near_text_is_learnt_at_smaller_rates(place):
    near = place / "near.txt"
    near.write_text(OLD.replace("song", "gong"), encoding="utf-8")
    rate = "training.learning_rate"
    far, close = (plan_only(request_of(place, **more)) for more in ({}, {"sources": (near,)}))
    usual, smaller = (dry.resolved.groups["training"] for dry in (far, close))
    assert smaller.learning_rate == pytest.approx(0.1 * usual.learning_rate)
    assert smaller.matrix_learning_rate == pytest.approx(0.1 * usual.matrix_learning_rate)
    assert close.summary[1].startswith("learning rates: 0.1 of the usual ones, as the new text is")
    own = plan_only(request_of(place, sources=(near,), values={rate: 0.5}))
    assert own.resolved.groups["training"].learning_rate == 0.5


def test_an_adversarial_stage_may_follow(place):
    values = {
        "training.objective": "adversarial",
        "data.documents": "line",
        "adversarial.updates": 2,
        "adversarial.critic_start": 1,
        "adversarial.n_evaluations": 1,
        "adversarial.n_samples": 20,
        "adversarial.guide_updates": 0,
        "adversarial.largest_rise": 9.0,
        "critic.channels": 4,
        "split.validation_share": 0.2,
    }
    trained = train(request_of(place, name="game", updates=3, values=values))
    artifact = folder.load(trained.model)
    assert artifact.training["fine_tuning"]["name"] == "song"
    assert "adversarial" in artifact.training


def test_the_python_api_fine_tunes(place, tmp_path):
    base = serinette.load(place / "runs/song/model")
    values = {key.replace(".", "__"): value for key, value in SMALL.items()}
    lines = NEW.splitlines()
    for number, given in enumerate((base, place / "runs/song/model", "song")):
        runs = place / "runs" if number == 2 else tmp_path / str(number)
        model = serinette.train(
            lines, base_model=given, replay=0.3, updates=2, runs=runs, name="api", **values
        )
        assert model.artifact.source["base"]["name"] == "song"
        assert model.artifact.training["fine_tuning"]["replay"] == 0.3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": "m"}, r"--size m: a network that is gone on with keeps its size; leave it out"),
        (
            {"values": {"model.hidden_size": 8}},
            "test: model.hidden_size is 8, but the base model song has 7 and keeps it; leave",
        ),
        (
            {"values": {"data.codec": "word"}},
            "test: data.codec is word, but the base model song has character and keeps it",
        ),
        (
            {"values": {"training.start": "spectral"}},
            "test: training.start is spectral, but the base model song has random and keeps it",
        ),
        (
            {"kind": "poem"},
            "the data are of kind poem, the base model song of kind text; give other data",
        ),
        (
            {"base_model": None, "values": {"fine_tuning.replay": 0.3}},
            "test: replay 0.3 means nothing without a model to go on from; add --from MODEL",
        ),
        (
            {
                "values": {
                    "fine_tuning.replay": 0.5,
                    "training.n_rows": 1,
                    "training.n_workers": 1,
                }
            },
            r"fine_tuning.replay 0.5 needs rows of both texts, got training.n_rows 1; set it to 2",
        ),
        ({"values": {"fine_tuning.replay": 1.0}}, r"replay must be in \[0, 1\), got 1.0"),
    ],
)
def test_what_a_base_cannot_follow_is_refused(place, changes, message):
    with pytest.raises(ConfigError, match=message):
        train(request_of(place, **changes))


def test_the_same_sizes_may_be_said_again(place):
    assert plan_only(request_of(place, values={"model.hidden_size": 7})).parameters > 0


def test_data_with_nothing_new_are_refused(place):
    with pytest.raises(DataError, match=r"old.txt: song has learnt from just these data; give"):
        train(request_of(place, sources=(place / "old.txt",)))


def test_a_base_that_is_not_there_is_not_found(place):
    with pytest.raises(NotFoundError, match=r"no model or run 'sung'.*did you mean 'song'"):
        train(request_of(place, base_model="sung"))


def test_a_damaged_base_is_refused(place, tmp_path):
    shutil.copytree(place / "runs/song/model", tmp_path / "broken")
    weights = tmp_path / "broken/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ArtifactError, match=r"model.safetensors"):
        train(request_of(place, base_model=str(tmp_path / "broken")))


def test_a_table_model_is_no_base(place, monkeypatch):
    table = replace(folder.load(place / "runs/song/model"), kind="series")
    monkeypatch.setattr(base_model, "load", lambda folder: table)
    with pytest.raises(ConfigError, match=r"song is a model of tables; only models of texts and"):
        train(request_of(place))


def test_a_table_is_no_text_for_a_text_model(place, tmp_path):
    table = tmp_path / "walks.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    message = "the data are of kind series, the base model song of kind text"
    with pytest.raises(ConfigError, match=message):
        train(request_of(place, sources=(table,)))


@pytest.mark.parametrize("record", [{"name": "x"}, {"name": "x", "sha256": "", "codec": 3,
                                                    "source": {}}])  # fmt: skip
def test_a_base_record_that_cannot_be_is_refused(tuned, record):
    artifact = folder.load(tuned[0].model)
    damaged = replace(artifact, source={**artifact.source, "base": record})
    with pytest.raises(ArtifactError, match=r"config.json: the base model"):
        prepared_again(damaged)


def test_a_model_of_before_has_no_base(place):
    artifact = folder.load(place / "runs/song/model")
    assert "base" not in artifact.source
    assert earlier_again(artifact) == ()
