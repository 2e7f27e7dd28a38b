"""Models of merged pieces and of clusters, from a text to samples that keep their rules."""

import sys

import pytest
from untrained_model import save_untrained

import serinette

TEXT = (
    "The cat sat on the mat, and the cat's mat lay by the door.\n"
    "床前明月光,疑是地上霜。\nשלום עולם, שלום\nक्षि e\u0301 👩‍👩‍👧 🇩🇪\n"
) * 20


@pytest.fixture(scope="module", params=["bpe", "grapheme"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    sizes = {"data__vocabulary_size": 320} if request.param == "bpe" else {}
    save_untrained(folder / "model", [folder / "text.txt"], data__codec=request.param, **sizes)
    return serinette.load(folder / "model")


def test_using_a_model_needs_no_package_that_learnt_it(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    (sample,) = serinette.load(model.artifact.folder).generate(1, prefix="שלום", max_steps=30)
    assert sample.full_text.startswith("שלום")


def test_the_same_seed_writes_the_same_bytes_however_many_are_asked_for(model):
    few, many = model.generate(2, seed=7, max_steps=40), model.generate(5, seed=7, max_steps=40)
    assert [sample.text for sample in few] == [sample.text for sample in many[:2]]


def test_streamed_and_whole_samples_agree_and_hold_no_broken_character(model):
    for seed in range(4):
        pieces = list(model.stream(seed=seed, max_steps=40))
        (sample,) = model.generate(1, seed=seed, max_steps=40)
        assert "".join(pieces) == sample.text
        assert "\ufffd" not in sample.text


@pytest.mark.parametrize(
    ("wishes", "keeps"),
    [
        (
            {"acrostic": "床ש👩"},
            lambda text: [line[:1] for line in text.split("\n")] == ["床", "ש", "👩"],
        ),
        (
            {"lines": "2", "line_length": "3-6"},
            lambda text: [3 <= len(line) <= 6 for line in text.split("\n")] == [True, True],
        ),
        ({"regex": "(the |床前)+明?"}, lambda text: text.replace("明", "")[-2:] in ("e ", "床前")),
        ({"ban": ["e", "前"]}, lambda text: not set("e前") & set(text)),
        ({"fixed": {"3": "光👩"}}, lambda text: text[2:4] == "光👩"[: max(0, len(text) - 2)]),
        ({"characters": "a-z "}, lambda text: set(text) <= set("abcdefghijklmnopqrstuvwxyz ")),
        ({"no_repeat": 3}, lambda text: len({text[i : i + 3] for i in range(len(text) - 2)})
         == max(0, len(text) - 2)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_every_sample_keeps_its_rule(model, wishes, keeps):
    for sample in model.generate(6, seed=3, max_steps=60, **wishes):
        assert keeps(sample.full_text), sample.full_text


def test_a_score_is_in_bits_per_character(model, tmp_path):
    (tmp_path / "other.txt").write_text("the cat 床 🇩🇪\n", encoding="utf-8")
    found = model.score(tmp_path / "other.txt")
    assert found.n_characters == len("the cat 床 🇩🇪\n") + 1
    assert found.n_unknown == 0
    assert 1 < found.bits_per_character < 60
    (one,) = found.per_sequence
    assert len(one.surprisal) == len(one.text)
