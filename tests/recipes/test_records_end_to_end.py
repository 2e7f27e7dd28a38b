"""A model of records, trained on dictionaries and asked by facts; one of a label, as ever."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from untrained_model import save_untrained

import serinette
from serinette.cli.main import main
from serinette.core.config import Layer
from serinette.core.errors import ConfigError
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.recipes.describe import describe_data
from serinette.recipes.shares import shares_of
from serinette.training import loop

GOLDEN = Path(__file__).parents[1] / "golden" / "labelled"
AS_BEFORE = {
    None: ["ewr ew0n lolt  vesduwdos", "sg", "le 0lee0 t g "],
    "sea": ["ewr ew0n lolt ", "sg", "le 0lwe0 t g "],
    "street": ["war ew0n lolt  ves0uw0os", "sg", "le 0lww1 v g "],
}
"""What the version that wrote the golden model drew from it."""
ROWS = [
    {"body": f"{word} {'waves' if k % 3 else 'stones'} {k * 7 % 11}", "year": 1800 + k % 2,
     "by": {"name": "Austen" if k % 3 else "Burney"}}
    for k, word in enumerate(["grey", "old", "loud", "slow", "far", "wet"] * 8)
]  # fmt: skip
SMALL = {
    "model__hidden_size": 8, "model__embedding_size": 4, "model__n_layers": 1,
    "training__precision": "fp32", "training__n_rows": 4, "training__window": 16,
}  # fmt: skip


@pytest.mark.parametrize("label", AS_BEFORE)
def test_a_model_of_a_label_from_before_facts_writes_the_same(label):
    model = serinette.load(GOLDEN / "model")
    drawn = [s.text for s in model.generate(3, label=label, seed=5, max_steps=24)]
    assert drawn == AS_BEFORE[label]
    if label is not None:
        given = model.generate(3, given={"label": label}, seed=5, max_steps=24)
        assert [s.text for s in given] == drawn


def test_a_model_of_a_label_from_before_facts_finds_its_data_again(monkeypatch):
    monkeypatch.chdir(GOLDEN)
    found = serinette.load("model").score("labelled.txt")
    assert found.baseline_nats is not None  # the data are what they were, and so is the codec
    assert found.n_sequences == 48


def test_records_in_memory_are_learnt_from_and_their_facts_asked_for(tmp_path):
    model = serinette.train(
        ROWS, data__text_field="body", data__context_fields=["by.name", "year"], updates=2,
        runs=tmp_path, **SMALL,
    )  # fmt: skip
    assert [field.name for field in model.artifact.schema.context] == ["by.name", "year"]
    assert model.artifact.model["context_dropout"] == 0.1
    facts = {"by.name": "Austen", "year": 1801}
    (sample,) = model.generate(given=facts, seed=1, max_steps=20)
    assert sample.labels == {"by.name": "Austen", "year": "1801"}
    texts = {s.text for f in ({}, facts, {"year": 1800}) for s in model.generate(given=f, seed=1)}
    assert len(texts) > 0
    assert model.score(ROWS).n_sequences == len(ROWS)
    with pytest.raises(ConfigError, match=r"unknown year '1802' \(did you mean '180[01]'\?\)"):
        model.generate(given={"year": 1802})


def test_a_table_whose_text_is_named_is_read_as_text(tmp_path):
    table = tmp_path / "posts.csv"
    table.write_text("id,body\n" + "".join(f"{k},{row['body']}\n" for k, row in enumerate(ROWS)))
    model = serinette.train(
        table, data__text_field="body", updates=1, runs=tmp_path, name="m", **SMALL
    )
    assert model.artifact.kind == "text"


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    place = tmp_path_factory.mktemp("posts")
    data = place / "posts.jsonl"
    data.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    settings = {"data__text_field": "body", "data__context_fields": ("by.name", "year")}
    save_untrained(place / "model", [data], **settings)
    return place


def test_a_model_of_records_goes_on_with_records_as_it_read_them(posts, tmp_path):
    more = tmp_path / "more.jsonl"
    rows = [{**row, "by": {"name": "Woolf"}} for row in ROWS]
    more.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    model = serinette.train(more, base_model=posts / "model", updates=1, runs=tmp_path, name="more")
    assert (
        model.artifact.codec["characters"]
        == serinette.load(posts / "model").artifact.codec["characters"]
    )
    (sample,) = model.generate(given={"by.name": "Woolf", "year": 1801}, max_steps=5)
    assert sample.labels == {"by.name": "Woolf", "year": "1801"}
    plain = tmp_path / "plain.txt"
    plain.write_text("\n".join(row["body"] for row in ROWS), encoding="utf-8")
    model = serinette.train(
        plain, base_model=posts / "model", updates=1, runs=tmp_path, name="plain"
    )
    assert model.artifact.source["data"]["text_field"] is None


def test_the_command_line_asks_by_facts(posts, capsys):
    argv = ["generate", str(posts / "model"), "--seed", "1", "--max-steps", "9", "--json"]
    assert main([*argv, "--given", "by.name=Burney", "--given", "year=1801"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] == {"by.name": "Burney", "year": "1801"}
    assert main([*argv, "--label", "Burney"]) == 2
    assert "this model knows several facts (by.name, year)" in capsys.readouterr().err
    assert main([*argv, "--given", "by.name=Burny"]) == 2
    assert "unknown by.name 'Burny' (did you mean 'Burney'?)" in capsys.readouterr().err


def test_records_and_plain_texts_are_scored_and_explained(posts, capsys):
    model = serinette.load(posts / "model")
    assert model.score(posts / "posts.jsonl").n_sequences == len(ROWS)
    assert model.score(["grey waves 3"]).n_sequences == 1
    assert main(["explain", str(posts / "model"), "grey waves", "--quick"]) == 0
    capsys.readouterr()


def test_facts_change_what_is_written(posts):
    model = serinette.load(posts / "model")
    drawn = {
        tuple(s.text for s in model.generate(4, given=given, seed=3, max_steps=30))
        for given in ({}, {"year": 1800}, {"year": 1801}, {"by.name": "Austen", "year": 1801})
    }
    assert len(drawn) > 1


def test_shares_are_those_of_what_is_read():
    rows = [RawSequence(content="x" * n, place="p", source=k) for n, k in ((30, 0), (60, 1))]
    train = Corpus(sequences=tuple(rows), weights=(4.0, 1.0))
    first, second = shares_of(train, [Path("a"), Path("b")])
    assert (first.name, first.n_characters, first.times) == ("a", 30, 4.0)
    assert first.share == pytest.approx(120 / 180)
    assert second.share == pytest.approx(60 / 180)
    assert shares_of(train, ["one", "two"]) == ()
    assert shares_of(train, [Path("a")]) == ()


def test_weights_must_be_as_many_as_the_data(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("some words of text\n" * 20)
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    layer = Layer(origin="test", values={"data.weights": [2.0, 0.5]})
    assert [s.times for s in describe_data(paths, [layer]).shares] == [2.0, 0.5]
    with pytest.raises(ConfigError, match="2 numbers for 1 data; give one for each"):
        serinette.train(paths[0], data__weights=[2.0, 0.5], updates=1, runs=tmp_path)


def test_a_weighted_training_is_gone_on_with_to_the_bit(tmp_path, monkeypatch):
    for k, name in enumerate(("a.txt", "b.txt")):
        (tmp_path / name).write_text(
            "".join(f"{name} line {j * (k + 3) % 17}\n" for j in range(60))
        )
    sources = (tmp_path / "a.txt", tmp_path / "b.txt")
    how = {"data__weights": [2.5, 0.5], "updates": 9, "runs": tmp_path, **SMALL}
    whole = serinette.train(sources, name="whole", **how)
    tick = loop.Training._tick

    def stopped(self):
        tick(self)
        if self._trainer.update_count == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Training, "_tick", stopped)
        serinette.train(sources, name="cut", **how)
    resumed = serinette.train((), resume="cut", runs=tmp_path)
    for name, weight in whole.artifact.weights().items():
        assert np.array_equal(weight, resumed.artifact.weights()[name]), name
