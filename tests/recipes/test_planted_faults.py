"""Samples with a known fault: the verdict must name it, and real text must light nothing."""

import numpy as np
import pytest
from invented_text import noisy, sentences, shuffled_words

from serinette.evaluation.report.content import Evaluation
from serinette.recipes.evaluate.cache import Cache
from serinette.recipes.evaluate.files import FilesRequest, evaluate_files
from serinette.recipes.evaluate.request import EvaluateRequest

REQUEST = EvaluateRequest(n_pieces=500, n_embedded=250)
TRAINING = sentences(1_500, 1)
SAMPLES = {
    "real": sentences(600, 3),
    "shuffled": shuffled_words(sentences(600, 3), 0),
    "repeated": sentences(1, 3) * 600,
    "copied": TRAINING[:600],
    "noise": noisy(sentences(600, 3), 0.1, 0),
    "another subject": sentences(600, 3, "sea"),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The evaluation of every set of samples."""
    place = tmp_path_factory.mktemp("samples")
    files = {"reference": sentences(600, 2), "training": TRAINING, **SAMPLES}
    for name, lines in files.items():
        (place / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    cache = Cache(place / "cache")  # real text is embedded once

    def judge(name) -> Evaluation:
        return evaluate_files(
            FilesRequest(
                samples=place / f"{name}.txt",
                reference=place / "reference.txt",
                training=place / "training.txt",
            ),
            REQUEST,
            cache=cache,
        )

    return {name: judge(name) for name in SAMPLES}


def lights(evaluation):
    return {verdict.name: verdict.light for verdict in evaluation.verdicts}


def test_real_text_in_the_place_of_samples_lights_nothing(judged):
    assert set(lights(judged["real"]).values()) == {"green"}
    assert judged["real"].headline.startswith("Nothing is wrong")


@pytest.mark.parametrize(
    ("name", "verdict", "word"),
    [
        ("shuffled", "Word order", "do not follow one another"),
        ("repeated", "Variety", "collapse"),
        ("copied", "Copying", "word for word"),
        ("noise", "Spelling", "spelling costs"),
        ("another subject", "Subject", "not used as often"),
    ],
)
def test_a_planted_fault_is_red_and_named_in_the_headline(judged, name, verdict, word):
    evaluation = judged[name]
    assert lights(evaluation)[verdict] == "red"
    assert f"{verdict}: " in evaluation.headline
    assert word in evaluation.headline


def test_a_copy_of_the_training_text_is_red_though_everything_else_looks_perfect(judged):
    found = lights(judged["copied"])
    assert found.pop("Copying") == "red"
    # Half of it was copied from what the language model learnt from: it finds that too tame.
    assert found.pop("Variety") in ("green", "yellow")
    assert set(found.values()) == {"green"}
    for key in ("bleu4", "fed", "mauve", "accuracy", "rlm"):
        metric = judged["copied"].metric(key, "samples")
        slack = np.diff(metric.interval)[0] + np.diff(metric.floor_interval)[0]
        assert abs(metric.value - metric.floor) <= slack, key


def test_shuffled_words_leave_the_other_lights_alone(judged):
    found = lights(judged["shuffled"])
    assert {found[name] for name in ("Spelling", "Subject", "Copying")} == {"green"}


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "real"])
def test_nothing_beats_real_text_where_real_text_is_the_best(judged, name):
    for key, sign in (("fed", -1), ("mauve", 1), ("accuracy", -1), ("rlm", -1)):
        metric = judged[name].metric(key, "samples")
        slack = np.diff(metric.interval)[0] / 2 + np.diff(metric.floor_interval)[0] / 2
        assert sign * (metric.value - metric.floor) <= slack, key


def test_the_same_files_give_the_same_report(judged, tmp_path):
    for name, lines in (("s", SAMPLES["real"]), ("r", sentences(600, 2))):
        (tmp_path / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = FilesRequest(samples=tmp_path / "s.txt", reference=tmp_path / "r.txt")
    request = EvaluateRequest(n_pieces=150, n_embedded=60)
    first, second = (evaluate_files(files, request).to_json() for _ in range(2))
    assert first == second
