"""Whole evaluations of small models that were never trained."""

import re
from dataclasses import replace

import numpy as np
import pytest
from invented_text import sentences
from untrained_model import (
    SIZES,
    measure_coarsely,
    save_untrained,
    strict_json,
    write_lines,
)

from serinette.artifact.folder import load
from serinette.core import plain_json
from serinette.core.errors import ConfigError, DataError, NotFoundError
from serinette.evaluation.report.content import Evaluation
from serinette.evaluation.report.page import page
from serinette.kinds.text.tokens import tokens
from serinette.recipes.evaluate import findings, run
from serinette.recipes.evaluate.bench import Bench
from serinette.recipes.evaluate.cache import Cache
from serinette.recipes.evaluate.case import open_case
from serinette.recipes.evaluate.drawing import DrawnText
from serinette.recipes.evaluate.likelihood import head
from serinette.recipes.evaluate.progress import Progress, Stage
from serinette.recipes.evaluate.request import EvaluateRequest
from serinette.recipes.evaluate.run import evaluate
from serinette.recipes.evaluate.turing import sheet_of

REQUEST = EvaluateRequest(temperatures=(0.7, 1.0), n_pieces=60, n_embedded=40, **SIZES)
ONE = replace(REQUEST, temperatures=(1.0,))
SPLIT = {"split__validation_share": 0.15, "split__test_share": 0.25}
LINES = {"data__documents": "line", **SPLIT}


@pytest.fixture(scope="module", autouse=True)
def _coarse():
    with pytest.MonkeyPatch.context() as patch:
        measure_coarsely(patch)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with some training data."""
    place = tmp_path_factory.mktemp("evaluate")
    write_lines(place / "lines.txt", sentences(240, 1))
    write_lines(place / "book.txt", [f"{line}\n" * (k % 4 == 0) + line
                                     for k, line in enumerate(sentences(900, 2))])  # fmt: skip
    return place


@pytest.fixture(scope="module")
def lines(place):
    """A model of short documents."""
    return save_untrained(place / "runs/lines/model", [place / "lines.txt"], **LINES)


@pytest.fixture(scope="module")
def book(place):
    """A model of one long document, word by word; it never ends."""
    settings = {"end_nats": -30.0, "data__codec": "word", **SPLIT}
    return save_untrained(place / "runs/book/model", [place / "book.txt"], **settings)


@pytest.fixture(scope="module")
def of_lines(lines):
    """What is found of the model of short documents."""
    return evaluate(lines, REQUEST)


@pytest.fixture(scope="module")
def of_book(book):
    """What is found of the model of a long document."""
    return evaluate(book, ONE)


def values(evaluation, setting):
    return {m.key: (m.value, m.interval) for m in evaluation.metrics if m.setting == setting}


def test_every_question_is_answered(of_lines):
    assert [section.key for section in of_lines.sections] == [
        "prediction", "calibration", "realism", "drift", "variety", "copying", "privacy"
    ]  # fmt: skip
    assert of_lines.subject == "lines"
    assert {verdict.setting for verdict in of_lines.verdicts} == {"", "T=0.7", "T=1"}
    assert {specimen.setting for specimen in of_lines.specimens} == {"T=0.7", "T=1"}
    assert "the test part" in of_lines.facts["held-out text"]
    assert str(REQUEST.seed) == of_lines.facts["seed"]
    assert "</html>" in page(of_lines)


def test_a_model_that_was_never_trained_is_told_from_real_text(of_lines):
    lights = {(v.name, v.setting): v.light for v in of_lines.verdicts}
    assert lights["Prediction", ""] == "red"
    assert lights["Spelling", "T=1"] == "red"
    assert of_lines.headline.startswith("Wrong.")


def test_no_figure_of_samples_stands_alone(of_lines):
    figures = [m for m in of_lines.metrics if m.setting and m.key != "unfinished"]
    assert {m.key for m in figures if m.floor is None} == set()
    bare = {m.key for m in figures if m.baseline is None}
    assert bare == set()
    assert all(m.seed == REQUEST.seed for m in figures)


def test_every_set_of_pieces_has_the_same_size(of_lines):
    n_training = 240 - 2 * 60  # about: the split goes by a hash of the content
    for key in ("bleu4", "selfbleu4", "lm", "distinct2", "duplicates"):
        (n,) = {m.n for m in of_lines.metrics if m.key == key}
        assert abs(n - n_training // 2) <= 16, key
    half = of_lines.metric("rlm", "T=1").n
    assert of_lines.metric("mauve", "T=1").n == half < 40


def test_an_evaluation_survives_json(of_lines):
    content = plain_json.dump(of_lines.to_json())
    assert Evaluation.from_json(strict_json(content)) == of_lines


def test_the_same_seed_gives_the_same_report_and_another_does_not(lines, of_lines):
    assert evaluate(lines, REQUEST) == of_lines
    other = evaluate(lines, replace(REQUEST, seed=1))
    assert values(other, "T=1") != values(of_lines, "T=1")
    assert other.metric("bpc").value == pytest.approx(of_lines.metric("bpc").value)


def test_the_figures_of_one_setting_do_not_depend_on_the_others(lines, of_lines):
    alone, among_others = values(evaluate(lines, ONE), "T=1"), values(of_lines, "T=1")
    assert alone == among_others


def test_top_p_is_one_more_setting(lines):
    request = replace(REQUEST, temperatures=(), top_p=(0.9,))
    evaluation = evaluate(lines, request)
    assert {m.setting for m in evaluation.metrics} == {"", "top-p=0.9"}


def test_what_is_kept_is_not_drawn_again(lines, of_lines, tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    assert evaluate(lines, REQUEST, cache=cache) == of_lines

    def refuse(*_args, **_facts):
        raise AssertionError("drawn again")

    monkeypatch.setattr(findings, "draw", refuse)
    # Of another request the samples are kept, though the report is not.
    other = replace(REQUEST, temperatures=(1.0,), n_embedded=30)
    assert evaluate(lines, other, cache=cache).metric("mauve", "T=1").n <= 30
    monkeypatch.setattr(run, "_evaluate", refuse)
    assert evaluate(lines, REQUEST, cache=cache) == of_lines


def test_a_kept_report_names_the_files_of_today(place, lines, tmp_path):
    cache = Cache(tmp_path / "cache")
    evaluate(lines, ONE, cache=cache)
    moved = write_lines(tmp_path / "moved.txt", sentences(240, 1))
    found = evaluate(lines, ONE, data=[moved], cache=cache)
    assert found.facts["data"].startswith("moved.txt (sha256 ")


def test_every_stage_is_told_of(lines):
    told = []
    evaluate(lines, ONE, listener=told.append)
    # How often a stage is told of depends on how long it takes.
    assert list(dict.fromkeys(working.doing for working in told)) == [
        "measuring real text",
        "measuring samples of the count model",
        "lines: predicting held-out text",
        "lines: drawing samples at T=1",
        "lines: measuring samples at T=1",
        "looking for leaks",
    ]


def test_progress_never_goes_back(monkeypatch):
    monkeypatch.setattr("serinette.recipes.evaluate.progress._QUIET_SECONDS", 0.0)
    told = []
    stages = [Stage(doing="a", seconds=1.0), Stage(doing="b", seconds=3.0)]
    progress = Progress(stages, told.append)
    for shares in ((0.2, 0.6, 0.2, 5.0), (0.5, 1.0)):
        with progress.next_stage() as tell:
            for share in shares:
                tell(share)
    assert [working.share for working in told] == pytest.approx(
        [0.0, 0.05, 0.15, 0.15, 0.25, 0.25, 0.625, 1.0]
    )
    assert told[-1].remaining_seconds == 0
    assert "".join(working.doing for working in told) == "aaaaabbb"


def test_data_that_moved_are_found_where_the_user_says(place, tmp_path):
    path = write_lines(tmp_path / "lines.txt", sentences(240, 1))
    artifact = save_untrained(tmp_path / "model", [path], **LINES)
    path.unlink()
    with pytest.raises(NotFoundError, match=r"lines.txt is no longer there; say with --data where"):
        evaluate(artifact, ONE)
    assert evaluate(artifact, ONE, data=[place / "lines.txt"]).subject == tmp_path.name


def test_data_that_changed_are_refused(tmp_path):
    path = write_lines(tmp_path / "lines.txt", sentences(240, 1))
    artifact = save_untrained(tmp_path / "model", [path], **LINES)
    write_lines(path, sentences(241, 1))
    with pytest.raises(DataError, match=r"the data at .*lines.txt have changed since training;"):
        evaluate(artifact, ONE)


def test_without_a_test_part_the_validation_part_is_taken_with_a_caveat(place, tmp_path):
    shares = {"split__validation_share": 0.3, "split__test_share": 0.0}
    artifact = save_untrained(
        tmp_path / "model", [place / "lines.txt"], data__documents="line", **shares
    )
    evaluation = evaluate(artifact, ONE)
    assert evaluation.notes[0].startswith("There is no test part")
    assert "the validation part" in evaluation.facts["held-out text"]
    # There is no third text to calibrate the attack by.
    assert "mia_calibrated" not in {m.key for m in evaluation.metrics}


def test_where_nothing_was_held_out_nothing_is_measured(place, tmp_path):
    shares = {"split__validation_share": 0.0, "split__test_share": 0.0}
    artifact = save_untrained(
        tmp_path / "model", [place / "lines.txt"], data__documents="line", **shares
    )
    with pytest.raises(DataError, match=r"nothing was held out .*split.test_share above 0"):
        evaluate(artifact, ONE)


def test_too_little_held_out_text_is_refused_with_the_numbers(place, tmp_path):
    shares = {"split__validation_share": 0.02, "split__test_share": 0.02}
    artifact = save_untrained(
        tmp_path / "model", [place / "lines.txt"], data__documents="line", **shares
    )
    with pytest.raises(DataError, match=r"too little real text .* \d+ held-out and \d+ other"):
        evaluate(artifact, ONE)


def test_a_model_that_ends_at_once_is_refused(place, tmp_path):
    artifact = save_untrained(tmp_path / "model", [place / "lines.txt"], end_nats=50.0, **LINES)
    with pytest.raises(DataError, match=r"T=1 hold no documents: the model ends at once; train it"):
        evaluate(artifact, ONE)


def test_a_model_that_mostly_ends_at_once_is_measured_with_a_caveat(place, tmp_path):
    artifact = save_untrained(tmp_path / "model", [place / "lines.txt"], end_nats=12.5, **LINES)
    evaluation = evaluate(artifact, ONE)
    notes = [note for section in evaluation.sections for note in section.notes]
    n = evaluation.metric("lm", "T=1").n
    assert any(f"At T=1 the model wrote only {n} of " in note for note in notes)


def test_a_long_text_is_measured_in_passages_and_resampled_in_stretches(of_book):
    assert of_book.facts["pieces"].startswith("passages of 30 words: ")
    assert "unfinished" not in {m.key for m in of_book.metrics}
    assert of_book.metric("bleu4", "T=1").n == REQUEST.n_pieces


def test_held_out_passages_are_none_of_the_training_text(book):
    case = open_case([book], ())
    bench = run._bench(case, ONE, Cache(None), lambda share: None)
    trained = "".join(s.content for s in case.prepared.parts.train.sequences)
    assert all(stretch.content not in trained for stretch in bench.stretches.held_out)
    assert all(stretch.content in trained for stretch in bench.stretches.twin)
    assert not set(bench.real.twin.texts) & set(bench.real.fitted.texts)


@pytest.mark.slow
def test_a_model_of_bytes_is_measured_as_any_other(place, tmp_path):
    settings = {"data__codec": "byte", "end_nats": -30.0, **SPLIT}
    artifact = save_untrained(tmp_path / "model", [place / "book.txt"], **settings)
    evaluation = evaluate(artifact, ONE)
    assert evaluation.metric("bpc").value == pytest.approx(evaluation.metric("bpb").value)
    assert evaluation.metric("bleu4", "T=1").value < evaluation.metric("bleu4", "T=1").floor


@pytest.fixture(scope="module")
def labelled(place):
    """A model of documents of two subjects."""
    rows = [f"street\t{line}" for line in sentences(160, 1)]
    rows += [f"sea\t{line}" for line in sentences(80, 1, "sea")]
    path = write_lines(place / "labelled.txt", rows)
    return save_untrained(place / "runs/labelled/model", [path], data__labels="column", **LINES)


def test_labels_are_drawn_as_often_as_the_training_part_has_them(labelled):
    evaluation = evaluate(labelled, ONE)
    case = open_case([labelled], ())
    writer = findings._writer(case.subjects[0], case)
    street, sea = ((("label", name),) for name in ("street", "sea"))
    assert set(writer.shares) == {street, sea}
    assert writer.shares[street] == pytest.approx(2 / 3, abs=0.08)
    assert evaluation.metric("bleu4", "T=1").n > 0


def test_the_first_pieces_are_of_all_labels(labelled, monkeypatch):
    seen = []

    def take(_bench, stretches, _setting, _tell):
        seen.extend(stretches)
        return [], None

    monkeypatch.setattr(Bench, "measured", take)
    case = open_case([labelled], ())
    bench = run._bench(case, ONE, Cache(None), lambda share: None)
    drawn = DrawnText(texts=("street",) * 60 + ("sea",) * 60, n_unfinished=0)
    findings._measured(drawn, ONE.settings[0], bench, lambda share: None)
    words = [stretch.content for stretch in seen]
    assert sorted(words) == sorted(drawn.texts)
    assert 5 < words[:30].count("sea") < 25


@pytest.mark.slow
def test_a_second_model_that_knows_no_labels_is_compared(labelled, place, tmp_path):
    other = save_untrained(tmp_path / "model", [place / "labelled.txt"], **LINES)
    evaluation = evaluate(labelled, ONE, against=other)
    assert evaluation.sections[-1].key == "comparison"
    assert any("other data or another split" in note for note in evaluation.notes)


@pytest.mark.slow
def test_a_model_is_even_with_itself_in_all_figures(lines, of_lines):
    evaluation = evaluate(lines, REQUEST, against=lines)
    section = evaluation.sections[-1]
    assert section.title == "Against lines"
    assert {metric.value for metric in section.metrics} == {0.0}
    assert section.notes == (
        f"Better beyond chance in 0 figures, worse in 0, even in {len(section.metrics)}.",
    )
    assert not any("other data" in note for note in evaluation.notes)
    assert values(evaluation, "T=1").items() > values(of_lines, "T=1").items()


def test_a_better_model_is_better_beyond_chance(lines, place, tmp_path):
    spoilt = save_untrained(tmp_path / "model", [place / "lines.txt"], end_nats=6.0, **LINES)
    section = evaluate(lines, ONE, against=spoilt).sections[-1]
    (bpc,) = [m for m in section.metrics if m.key == "bpc_difference"]
    assert bpc.interval[1] < 0
    assert bpc.note.startswith("this model is better; paired; the other: ")


@pytest.mark.slow
@pytest.mark.parametrize("documents", ["line", "file", "blank-line"])
def test_canaries_are_ranked_and_are_no_real_text(place, tmp_path, documents):
    text = sentences(240, 1) if documents == "line" else sentences(900, 2)
    gap = "\n" if documents == "blank-line" else ""
    path = write_lines(tmp_path / "data.txt", [line + gap for line in text])
    artifact = save_untrained(
        tmp_path / "model",
        [path],
        end_nats=None if documents == "line" else -30.0,
        data__documents=documents,
        data__canaries=2,
        **SPLIT,
    )
    evaluation = evaluate(artifact, ONE)
    exposures = {m.key: m for m in evaluation.metrics if re.fullmatch(r"exposure\d+", m.key)}
    assert list(exposures) == [f"exposure{n}" for n in (1, 2, 4, 8, 16)]
    assert all(m.value < 8 and m.n == 2 for m in exposures.values())
    case = open_case([artifact], ())
    real = run._bench(case, ONE, Cache(None), lambda share: None).real
    pieces = "\n".join((*real.twin.texts, *real.fitted.texts, *real.held_out.texts))
    assert not any(canary.text in pieces for canary in case.prepared.canaries)


def test_without_canaries_the_report_says_how_to_have_them(of_lines):
    (privacy,) = [s for s in of_lines.sections if s.key == "privacy"]
    assert any("train with --canaries 20" in note for note in privacy.notes)


def test_a_blind_test_of_a_long_text_shows_excerpts_that_begin_alike(book):
    sheet = sheet_of(book, ONE.settings[0], n_pairs=8, seed=0)
    assert sum(sheet.key) == 8
    assert len(sheet.items) == 16
    assert max(len(tokens(item.text)) for item in sheet.items) <= 61
    again = sheet_of(book, ONE.settings[0], n_pairs=8, seed=0)
    assert again == sheet


def test_of_much_held_out_text_some_is_predicted_wherever_it_stands(lines):
    held_out = open_case([lines], ()).held_out
    chosen = head(held_out, 1_000, 0)
    assert chosen.n_characters == 1_000
    places = [s.place for s in held_out.sequences]
    numbers = [places.index(s.place) for s in chosen.sequences]
    assert numbers != sorted(numbers)
    assert max(numbers) > len(places) / 2
    assert head(held_out, 10**6, 0) is held_out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperatures": (0.0,)}, "temperature must be above 0 and finite, got 0.0"),
        ({"temperatures": (float("nan"),)}, "finite, got nan"),
        ({"top_p": (1.5,)}, r"top-p must be in \(0, 1\], got 1.5"),
        ({"n_pieces": 19}, "n_pieces must be at least 20, got 19"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"temperatures": ()}, "at least one temperature or top-p is needed"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        replace(REQUEST, **changes)


def test_settings_are_each_asked_once_safest_first():
    request = replace(REQUEST, temperatures=(1.0, 0.5, 1.0), top_p=(0.9, 0.8))
    assert [s.name for s in request.settings] == ["T=0.5", "T=1", "top-p=0.8", "top-p=0.9"]


def test_the_quick_form_never_asks_for_more():
    small = EvaluateRequest(n_pieces=20, n_embedded=7, n_prefixes=3)
    assert small.quick == replace(
        small, is_quick=True, n_copy_characters=100_000, n_scored_characters=40_000
    )


def test_loading_the_model_again_changes_nothing(place, lines, of_lines):
    again = load(place / "runs/lines/model")
    assert np.isclose(evaluate(again, REQUEST).metric("bpc").value, of_lines.metric("bpc").value)
