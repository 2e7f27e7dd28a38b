import json

import pytest

from serinette.artifact.card import CardFacts, model_card
from serinette.core.metric import Metric

METRIC = Metric(
    name="bits per character",
    value=2.13579,
    unit="bits",
    better="lower",
    n=11_540,
    interval=(2.1, 2.2),
    baseline=2.4,
)


@pytest.fixture
def facts():
    return CardFacts(
        name="my notes: 春",
        kind="text",
        sources=[f"notes-{n}.txt" for n in range(11)],
        n_characters=1_003_854,
        n_parameters=234_567,
        model={"n_layers": 2, "hidden_size": 256},
        metrics=[METRIC],
        samples=["Once ```\nupon", "a time"],
        notes=["Split by\nplace."],
        licence="cc-by-4.0",
    )


def front_matter(card):
    head, separator, _ = card.removeprefix("---\n").partition("\n---\n")
    assert separator
    pairs = [line.split(": ", 1) for line in head.split("\n")]
    return {key: json.loads(value) for key, value in pairs}


def test_the_head_is_yaml_that_model_hubs_read(facts):
    assert front_matter(model_card(facts)) == {
        "library_name": "serinette",
        "pipeline_tag": "text-generation",
        "tags": ["lstm", "serinette", "text"],
        "model_name": "my notes: 春",
        "license": "cc-by-4.0",
    }


def test_the_card_tells_data_size_figures_and_limits(facts):
    card = model_card(facts)
    for words in (
        "# my notes: 春",
        "2 layers of 256 units, 234,567 parameters",
        "1,003,854 characters",
        "`notes-7.txt` and 3 more",
        "| bits per character | 2.136 bits | 2.1 to 2.2 |  | 2.4 | 11,540 |",
        'serinette generate "my notes: 春" -n 5',
        "- Split by place.",
        "It knows no facts",
    ):
        assert words in card
    assert card.endswith("\n")


def test_a_sample_cannot_break_out_of_its_block(facts):
    assert "````text\nOnce ```\nupon\n````" in model_card(facts)


def test_what_is_not_known_is_left_out():
    facts = CardFacts(
        name="x",
        kind="text",
        sources=[],
        n_characters=0,
        n_parameters=1,
        model={"n_layers": 1, "hidden_size": 7},
        metrics=[],
    )
    card = model_card(facts)
    assert "license" not in front_matter(card)
    assert "## Evaluation" not in card
    assert "## Samples" not in card
    assert "text in memory" in card
    assert "serinette generate x -n 5" in card


def test_a_metric_without_interval_or_baseline_has_empty_cells(facts):
    from dataclasses import replace

    bare = replace(METRIC, interval=None, baseline=None)
    assert "| 2.136 bits |  |  |  | 11,540 |" in model_card(replace(facts, metrics=[bare]))
