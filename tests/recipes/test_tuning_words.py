import pytest

from serinette.recipes.tuning_words import (
    added_words,
    origin_words,
    start_words,
    tuned_words,
    tuning_facts,
    tuning_metrics,
)

FACTS = {
    "name": "shakespeare",
    "sha256": "0123456789abcdef",
    "new": {"part": "test", "n": 50, "start": 2.1, "end": 1.62},
    "old": {"part": "validation", "n": 70, "start": 1.85, "end": 1.97},
}


def test_both_texts_stand_beside_their_start():
    assert tuned_words(FACTS) == (
        "fine-tuned from shakespeare (weights sha256 0123456789ab…): "
        "new text 2.10 -> 1.62, old text 1.85 -> 1.97 bits a character"
    )


def test_an_old_text_that_is_gone_is_said():
    assert tuned_words({**FACTS, "old": None}).endswith(
        "new text 2.10 -> 1.62 bits a character; "
        "the old text could not be read, so what was forgotten is not known"
    )


def test_nothing_held_out_gives_no_figures():
    assert tuned_words({**FACTS, "new": None, "old": None}).endswith(
        ": the old text could not be read, so what was forgotten is not known"
    )
    assert start_words({}) == (
        "before the first update: nothing is held out, so nothing is measured"
    )


@pytest.mark.parametrize("training", [{}, {"fine_tuning": None}, {"fine_tuning": {"x": 1}}])
def test_models_that_began_from_scratch_tell_nothing(training):
    assert tuning_facts(training) is None


def test_added_symbols_are_named_up_to_a_dozen():
    assert added_words([], 65) == "vocabulary: all symbols are among the 65 that the model knows"
    assert added_words(["ä", "\n"], 65) == (
        "vocabulary: 2 symbols are added to the 65 known: 'ä', '\\n'"
    )
    assert added_words(list("abcdefghijklmnop"), 3).endswith("'l', ...")


def test_the_figures_of_before_are_metrics_of_their_own():
    found = {metric.name: (metric.value, metric.n) for metric in tuning_metrics(FACTS)}
    assert found == {
        "test bits per character, before fine-tuning": (2.1, 50),
        "validation bits per character, old text": (1.97, 70),
        "validation bits per character, old text before fine-tuning": (1.85, 70),
    }
    assert origin_words(FACTS) == "shakespeare (weights sha256 0123456789ab…)"
