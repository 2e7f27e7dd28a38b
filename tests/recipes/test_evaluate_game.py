"""Reports on models that a game was played with."""

from dataclasses import replace

import pytest
from invented_text import sentences
from untrained_model import SIZES, measure_coarsely, save_untrained, write_lines

from serinette.recipes.evaluate.adversarial import KEY, game_section, start_of
from serinette.recipes.evaluate.request import EvaluateRequest
from serinette.recipes.evaluate.run import evaluate

REQUEST = EvaluateRequest(temperatures=(0.7, 1.0), n_pieces=60, n_embedded=40, **SIZES)
SPLIT = {
    "data__documents": "line",
    "split__validation_share": 0.15,
    "split__test_share": 0.25,
}
START = {"criterion": 0.836, "criterion_spread": 0.054}
FIGURES = {"critic_real_accuracy": 0.75, "critic_fake_accuracy": 0.5}
HISTORY = (
    {"update": 100, "seconds": 1.0, "phase": "likelihood", "metrics": {"train_nats": 1.0}},
    *(
        {
            "update": update,
            "seconds": 2.0,
            "phase": "adversarial",
            "metrics": {"criterion": value, **FIGURES},
            "events": [event],
        }
        for update, value, event in ((110, 0.8, "both learning rates halved"),
                                     (120, 0.7, "plan changed to 9 updates"))
    ),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _coarse():
    with pytest.MonkeyPatch.context() as patch:
        measure_coarsely(patch)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("game")
    write_lines(place / "lines.txt", sentences(240, 1))
    return place


@pytest.fixture(scope="module")
def played(place):
    """A model, beside the one that its game began with."""
    save_untrained(place / "runs/lines/likelihood", [place / "lines.txt"], **SPLIT)
    model = save_untrained(place / "runs/lines/model", [place / "lines.txt"], **SPLIT)
    game = {
        "is_better": True,
        "likelihood_start": "../likelihood",
        "criterion": "frechet",
        "start": START,
        "best": {"criterion": 0.7},
    }
    training = {**model.training, "adversarial": game}
    return replace(model, training=training, history=HISTORY)


def without(model, **facts):
    game = {**model.training["adversarial"], **facts}
    return replace(model, training={**model.training, "adversarial": game})


def test_a_model_of_a_game_is_laid_over_its_likelihood_start_by_itself(played):
    report = evaluate(played, REQUEST)
    section = report.sections[-1]
    assert section.key == KEY
    assert section.notes[0].startswith("The game's model is kept: its Fréchet distance")
    # Here both are the same model, so that the curves are one.
    assert section.notes[1].startswith("It stays on its likelihood start's curve")
    assert section.notes[2:] == ("Update 110: both learning rates halved",)
    criterion, accuracy = section.charts
    assert criterion.lines[0].points == ((110.0, 0.8), (120.0, 0.7))
    assert criterion.lines[1].band[0] == pytest.approx((0.728, 0.944))
    assert [line.name for line in accuracy.lines] == ["real rows", "written rows"]
    names = {line.name for chart in report.charts for line in chart.lines}
    assert "by temperature, its likelihood start" in names
    assert not any("the other model" in name for name in names)
    titles = [section.title for section in report.sections]
    assert "Against its likelihood start" in titles


def test_a_report_says_where_likelihood_beat_the_game(played):
    kept = without(played, is_better=False)
    assert start_of(kept) is None
    report = evaluate(kept, replace(REQUEST, temperatures=(1.0,)))
    assert report.headline.endswith(
        "The game did not beat likelihood: this is the likelihood model."
    )
    assert report.sections[-1].notes[0].startswith("The likelihood model is kept: the game's best")
    assert "Against" not in " ".join(section.title for section in report.sections)


def test_a_start_is_looked_for_in_its_own_place_alone(played):
    assert start_of(played).folder.name == "likelihood"
    assert start_of(without(played, likelihood_start="../../elsewhere")) is None
    assert start_of(replace(played, training={})) is None
    assert game_section(replace(played, training={}), (), ()) is None
    moved = replace(played, folder=played.folder / "away")
    assert start_of(moved) is None
    section = game_section(moved, (), ())
    assert "whether it leaves the curve is not known" in section.notes[1]


def test_what_the_guide_did_is_said(played):
    guide = {"plain_criterion": 0.7, "guided_criterion": 0.5}
    rests = without(played, guide=guide, is_better=False)
    assert "would go from 0.7 to 0.5" in game_section(rests, (), ()).notes[1]
    assert start_of(rests) is None
    chooses = replace(rests, guide_facts={"candidates": 4})
    section = game_section(chooses, (), ())
    assert "chooses among 4 candidates at generation, in this report too" in section.notes[1]
    assert start_of(chooses).folder.name == "likelihood"
