"""A file of poems becomes a model that writes acrostics."""

import re

import pytest
from poem_models import write_poems

from serinette.artifact import folder
from serinette.core.config import Layer
from serinette.kinds.poem.wishes import PoemWishes
from serinette.recipes.generate import GenerateRequest, Sample, generate
from serinette.recipes.requests import TrainRequest
from serinette.recipes.train import train

SMALL = {
    "model.hidden_size": 12,
    "model.embedding_size": 8,
    "training.n_rows": 4,
    "training.sampled_symbols": 30,
    "training.n_evaluations": 2,
    "training.precision": "fp32",
}


def trained(place, **changes):
    values = {**SMALL, **{f"training.{name}": value for name, value in changes.items()}}
    request = TrainRequest(
        sources=(write_poems(place / "poems.json"),),
        layers=(Layer(origin="test", values=values),),
        runs=place / "runs",
        updates=10,
        seed=3,
    )
    return train(request, lambda event: None)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("poems"))


@pytest.fixture(scope="module")
def poet(run):
    return folder.load(run.model)


def samples(poet, n=6, **wishes):
    request = GenerateRequest(n=n, wishes=PoemWishes(**wishes))
    return [one for one in generate(poet, request) if isinstance(one, Sample)]


@pytest.mark.slow
def test_a_file_of_poems_is_found_out_and_trained_with_the_habits_of_the_kind(run, poet):
    assert run.reason == "plan done"
    assert poet.kind == "poem"
    settings = poet.training["settings"]
    assert settings["training"]["batching"] == "documents"
    assert settings["training"]["start"] == "spectral"
    assert settings["training"]["sampled_symbols"] == 30
    assert settings["model"]["tied"] is True
    assert settings["model"]["hidden_size"] == 12


@pytest.mark.slow
@pytest.mark.parametrize("search", [{}, {"form": "五绝"}])
def test_every_acrostic_has_its_heads(poet, search):
    for one in samples(poet, acrostic="白月山明", **search):
        width = 5 if search else 7
        lines = re.split("[，。\n]+", one.text.strip("。"))
        assert [len(line) for line in lines] == [width] * 4
        assert "".join(line[0] for line in lines) == "白月山明"
        assert 0 < one.mask_mass <= 1
        assert one.finish_reason == "end"


@pytest.mark.slow
def test_the_same_seed_trains_the_same_poet(run, tmp_path):
    again = trained(tmp_path)
    ours, theirs = folder.load(run.model).weights(), folder.load(again.model).weights()
    assert all((ours[name] == theirs[name]).all() for name in ours)
    other = folder.load(trained(tmp_path / "noise", start="random").model).weights()
    assert any((ours[name] != other[name]).any() for name in ours)
