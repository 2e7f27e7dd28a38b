"""Every threshold from both sides."""

import math
from dataclasses import replace

import pytest

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Verdict
from serinette.evaluation.verdict_rules import MODEL_RULES, SAMPLE_RULES
from serinette.evaluation.verdicts import headline, model_verdicts, sample_verdicts


def metric(key, value, *, floor=None, half=None, setting="T=1", **facts):
    interval = None if half is None else (value - half, value + half)
    known = {"name": key, "key": key, "value": value, "unit": "", "better": "real", "n": 100}
    return Metric(**(known | {"floor": floor, "interval": interval, "setting": setting} | facts))


def of_samples(*metrics):
    return {verdict.name: verdict for verdict in sample_verdicts(metrics)}


def of_model(*metrics):
    plain = [replace(m, setting="") for m in metrics]
    return {verdict.name: verdict for verdict in model_verdicts(plain)}


@pytest.mark.parametrize(
    ("name", "key", "floor", "yellow", "red"),
    [
        ("Realism", "accuracy", 50.0, 60.0, 75.0),
        ("Word order", "lm", 4.0, 4.28, 4.6),
        ("Spelling", "invented", 2.0, 5.0, 14.0),
        ("Spelling", "spelling", 1.0, 1.1, 1.4),
        ("Subject", "words", 0.1, 0.15, 0.25),
        ("Variety", "lm", 4.0, 3.8, 3.4),
        ("Variety", "bleu4", 0.3, 0.33, 0.45),
        ("Variety", "selfbleu4", 0.3, 0.37, 0.5),
        ("Variety", "repeats", 1.0, 3.0, 11.0),
        ("Loops", "repetition", 1.0, 3.0, 11.0),
        ("Copying", "copy50", 1.0, 2.0, 6.0),
        ("Copying", "duplicates", 1.0, 3.0, 11.0),
    ],
)
def test_samples_are_judged_by_their_distance_from_real_text(name, key, floor, yellow, red):
    sign = 1 if red > floor else -1
    a_bit = 1e-6 * sign
    for value, light in (
        (floor, "green"),
        (yellow - a_bit, "green"),
        (yellow + a_bit, "yellow"),
        (red - a_bit, "yellow"),
        (red + a_bit, "red"),
    ):
        assert of_samples(metric(key, value, floor=floor))[name].light == light, value


@pytest.mark.parametrize(
    ("name", "key", "facts", "yellow", "red"),
    [
        ("Prediction", "bpc", {"baseline": 2.0}, 2.0, 2.1),
        ("Calibration", "ece", {}, 2.0, 5.0),
        ("Extraction", "extraction", {"floor": 1.0}, 2.0, 6.0),
        ("Canaries", "exposure4", {}, 5.0, 10.0),
    ],
)
def test_the_model_is_judged_by_what_counting_or_chance_would_give(name, key, facts, yellow, red):
    for value, light in (
        (yellow - 1e-6, "green"),
        (yellow + 1e-6, "yellow"),
        (red - 1e-6, "yellow"),
        (red + 1e-6, "red"),
    ):
        assert of_model(metric(key, value, **facts))[name].light == light, value


@pytest.mark.parametrize(
    ("low", "light"), [(1.4, "green"), (1.6, "yellow"), (4.9, "yellow"), (5.1, "red")]
)
def test_membership_is_judged_by_the_lower_end_of_the_best_attack(low, light):
    weak = metric("mia_min_k", 1.0, half=0.1)
    strong = metric("mia_loss", low + 3.0, half=3.0)
    found = of_model(weak, strong)["Membership"]
    assert found.light == light
    if light != "green":
        assert f"{low + 3:.1f} % of the training pieces" in found.sentence
    assert "Membership" not in of_model(metric("mia_loss", 30.0))  # without an interval


@pytest.mark.parametrize(("low", "light"), [(55.5, "none"), (54.5, "red")])
def test_where_training_text_differs_by_itself_membership_is_not_judged(low, light):
    drift = metric("wording_training", low + 2, half=2.0)
    found = of_model(metric("mia_loss", 30.0, half=1.0), drift)["Membership"]
    assert found.light == light
    assert ("Not judged" in found.sentence) == (light == "none")


@pytest.mark.parametrize(("value", "light"), [(79.0, "green"), (81.0, "yellow"), (96.0, "red")])
def test_no_model_need_be_nearer_to_held_out_text_than_what_it_learnt_from(value, light):
    drift = metric("accuracy_training", 70.0, setting="")
    found = of_samples(metric("accuracy", value, floor=50.0), drift)["Realism"]
    assert found.light == light


def test_chance_alone_lights_nothing():
    wide = metric("selfbleu4", 0.45, floor=0.3, half=0.09)
    assert of_samples(wide)["Variety"].light == "green"
    unsure_floor = metric("selfbleu4", 0.45, floor=0.3, floor_interval=(0.21, 0.39))
    assert of_samples(unsure_floor)["Variety"].light == "green"
    assert of_samples(metric("selfbleu4", 0.45, floor=0.3, half=0.05))["Variety"].light == "yellow"


def test_a_model_must_beat_counting_by_more_than_chance():
    assert of_model(metric("bpc", 1.95, half=0.1, baseline=2.0))["Prediction"].light == "yellow"
    assert of_model(metric("bpc", 1.85, half=0.1, baseline=2.0))["Prediction"].light == "green"


def test_a_figure_that_is_no_number_is_not_judged():
    assert of_samples(metric("repetition", math.nan, floor=1.0))["Loops"].light == "none"
    assert of_samples(metric("repetition", 9.0, floor=math.nan))["Loops"].light == "none"


def test_what_was_not_measured_is_not_judged():
    assert of_samples(metric("bleu4", 0.9)) == {}  # no floor
    assert of_model(metric("bpc", 2.0)) == {}  # no count model
    assert sample_verdicts([]) == model_verdicts([]) == []


def test_the_worst_of_several_measures_is_the_verdict_and_is_told_first():
    found = of_samples(
        metric("invented", 40.0, floor=2.0),
        metric("spelling", 1.5, floor=1.0),
        metric("brackets", 50.0, floor=90.0),
    )["Spelling"]
    assert found.light == "red"
    assert found.sentence.startswith("40 of the words")
    assert "Spelling costs 1.5 nats" in found.sentence
    mixed = of_samples(metric("invented", 40.0, floor=2.0), metric("spelling", 1.2, floor=1.0))[
        "Spelling"
    ]
    assert "Spelling costs" not in mixed.sentence


def test_every_setting_is_judged_by_its_own_figures():
    metrics = [
        metric("repetition", value, floor=1.0, setting=setting)
        for value, setting in ((1.0, "T=1"), (20.0, "T=0.5"))
    ]
    lights = {(v.setting, v.light) for v in sample_verdicts(metrics)}
    assert lights == {("T=1", "green"), ("T=0.5", "red")}


def test_the_exposed_line_with_the_fewest_repeats_is_told():
    found = of_model(
        metric("exposure1", 1.2), metric("exposure4", 11.0), metric("exposure16", 20.0)
    )["Canaries"]
    assert (found.light, "seen 4 times" in found.sentence) == ("red", True)
    found = of_model(metric("exposure1", 6.0), metric("exposure2", 3.0))["Canaries"]
    assert (found.light, "seen 1 time in" in found.sentence) == ("yellow", True)


def test_every_rule_says_its_thresholds_and_what_is_good():
    rules = (*SAMPLE_RULES, *MODEL_RULES)
    assert len({rule.name for rule in rules}) == len(rules)
    assert all("yellow" in rule.threshold and "red" in rule.threshold for rule in rules)
    assert all(rule.good.endswith(".") for rule in rules)


def verdict(light, name, setting="", sentence="It is bad. More of it."):
    return Verdict(light=light, name=name, sentence=sentence, rule="a rule", setting=setting)


def test_the_headline_tells_the_worst_first_and_a_fault_once():
    told = headline(
        [
            verdict("yellow", "Calibration", sentence="It is off."),
            verdict("red", "Loops", "T=0.7"),
            verdict("red", "Loops", "T=0.8"),
            verdict("green", "Loops", "T=1"),
        ]
    )
    assert told == (
        "At T=1 the samples pass every test. Wrong. Loops at T=0.7 and T=0.8: it is bad. "
        "To watch. Calibration: it is off."
    )


def test_the_headline_says_so_when_nothing_is_wrong_or_known():
    good = [verdict("green", "Loops", "T=1", "Fine."), verdict("green", "Copying", "T=1", "Good.")]
    assert headline(good) == "Nothing is wrong by these measures. Fine. Good."
    assert headline([]) == "Nothing could be judged: too little was measured."
