"""Middles, as users ask for them in Python and on the command line."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from poem_models import save_untrained_poet, write_poems
from tiny_models import config, schema, weights
from untrained_model import save_untrained, write_lines

import serinette
from serinette.artifact.step_graph import build_step_graph
from serinette.cli.main import main
from serinette.core.distributions import categorical_log_probs
from serinette.core.errors import ConfigError, ConstraintError
from serinette.core.graphemes import tears
from serinette.decoding.engine import Row
from serinette.decoding.infilling import Ending, best_join
from serinette.decoding.onnx_stepper import OnnxStepper

GRAPH = build_step_graph(config(), schema(), weights(config(), schema()))
STEPPER = OnnxStepper(GRAPH, schema())
NO_CONTEXT = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Models notes, octets (bytes), words and poet in a folder of runs."""
    place = tmp_path_factory.mktemp("infilled")
    runs = place / "runs"
    lines = [f"line {k} tells of {k % 7} birds, cafe\u0301 or café." for k in range(60)]
    data = [write_lines(place / "notes.txt", lines)]
    for name, codec in (("notes", "character"), ("octets", "byte"), ("words", "word")):
        save_untrained(runs / name / "model", data, data__codec=codec, end_nats=-3.0)
    save_untrained_poet(runs / "poet" / "model", write_poems(place / "poems.json"))
    return place


@pytest.fixture(scope="module")
def models(place):
    return {
        name: serinette.load(name, runs=place / "runs")
        for name in ("notes", "octets", "words", "poet")
    }


def score(symbols):
    """-log p of every symbol after the first, by one full reading."""
    hidden, _ = STEPPER.advance(symbols[None, :-1, None], STEPPER.start(NO_CONTEXT[None]))
    return -np.take_along_axis(categorical_log_probs(hidden[0]), symbols[1:, None], axis=1)[:, 0]


symbols_of = st.lists(st.integers(2, 10), min_size=1, max_size=7).map(np.array)


@settings(max_examples=25)
@given(st.lists(symbols_of, min_size=1, max_size=4), symbols_of, st.integers(0, 99))
def test_the_best_join_is_the_best_of_all_that_are_tried_one_by_one(candidates, ending, seed):
    begin = np.array([0, 4, 7])
    chooser = np.random.default_rng(seed)
    places = [{n for n in range(len(one) + 1) if chooser.random() < 0.6} for one in candidates]
    row = Row(number=0, read=begin, context=NO_CONTEXT)
    found = best_join(STEPPER, row, candidates, places, Ending(symbols=ending, end=0))
    tried = {
        (k, n): score(np.concatenate([begin, one[:n], ending]))[-len(ending) :].sum()
        for k, one in enumerate(candidates)
        for n in places[k]
    }
    if not tried:
        assert found is None
        return
    assert found is not None
    assert found.nats == pytest.approx(min(tried.values()), rel=1e-6)
    assert tried[found.candidate, found.n_steps] == pytest.approx(found.nats, rel=1e-6)


@pytest.mark.parametrize("name", ["notes", "octets", "words"])
def test_beginning_and_end_stand_exactly_and_the_middle_has_its_length(models, name):
    asked = {"middle": "5-12", "candidates": 4, "n": 3, "seed": 2}
    for prefix, suffix in (("line 3", "birds."), ("", " or café."), ("tells", "é.")):
        for one in models[name].infill(prefix, suffix, **asked):
            middle = one.full_text.removeprefix(prefix).removesuffix(suffix)
            assert one.full_text == prefix + middle + suffix
            assert 5 <= len(middle) <= 12
            assert (one.suffix, one.finish_reason) == (suffix, "suffix")
            assert 0 < one.join_nats < -one.log_prob_nats
            assert not tears(prefix, middle)
            assert not tears(middle, suffix)


def test_more_candidates_never_make_the_join_worse(models):
    asked = {"middle": "5-20"}
    gains = []
    for seed in range(3):
        one, many = (
            models["notes"]
            .infill("line ", " birds.", candidates=n, seed=seed, **asked)[0]
            .join_nats
            for n in (1, 12)
        )
        gains.append(one - many)
    assert min(gains) >= 0
    assert max(gains) > 0


def test_the_log_probability_is_the_score_of_the_whole(models):
    notes = models["notes"]
    for prefix in ("", "line 4"):
        (one,) = notes.infill(prefix, "of birds.", middle="5-9", candidates=3, seed=1)
        (whole,) = notes.score([one.full_text]).per_sequence
        assert whole.surprisal[len(prefix) :].sum() == pytest.approx(-one.log_prob_nats, rel=1e-5)
        tail = whole.surprisal[-len("of birds.") :].sum()
        assert tail == pytest.approx(one.join_nats, rel=1e-5)


def test_the_same_seed_gives_the_same_middle_in_any_batch(place, capsys):
    argv = ["generate", "notes", "--runs", str(place / "runs"), "--prefix", "line", "--json"]
    argv += ["--suffix", "birds.", "--middle", "5-9", "--candidates", "6", "--seed", "3"]
    seen = []
    for extra in (["-n", "3"], ["-n", "3", "--batch-size", "2"], ["-n", "1", "--first-row", "2"]):
        assert main([*argv, *extra]) == 0
        seen.append([json.loads(line) for line in capsys.readouterr().out.splitlines()])
    assert seen[0] == seen[1]
    assert seen[2] == seen[0][2:]


def test_the_cost_of_the_join_is_told(place, capsys):
    argv = ["generate", "notes", "--runs", str(place / "runs"), "--suffix", "birds.", "--seed", "3"]
    assert main([*argv, "--middle", "4", "--best-of", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.out.endswith("birds.\n")
    assert len(captured.out) == 4 + len("birds.\n")
    assert "the end costs " in captured.err
    assert " nats after what leads to it\n" in captured.err


def test_rules_hold_in_the_whole(models):
    notes = models["notes"]
    asked = {"middle": "5-20", "candidates": 4, "n": 3, "seed": 5}
    for one in notes.infill("line", "birds.", ban=["e", "li"][:0], characters="a-z .", **asked):
        assert set(one.full_text) <= set("abcdefghijklmnopqrstuvwxyz .")
    for one in notes.infill("line", "birds.", require=["tt"], length="20", **asked):
        assert "tt" in one.full_text
        assert len(one.full_text) == 20
    for one in notes.infill("line", "birds.", no_repeat=5, **asked):
        text = one.full_text
        stretches = [text[k : k + 5] for k in range(len(text) - 4)]
        assert len(set(stretches)) == len(stretches)


def test_a_constraint_that_a_middle_must_keep_is_read_at_the_join(models):
    """The ban is broken by the last letter of a middle and the first of the end, or not at all."""
    for one in models["notes"].infill("line", "birds.", ban=["sb", "eb", " b"], middle="5-20", n=3):
        assert one.full_text[-7] not in "se "


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["--suffix", ""], 2, "--suffix: rules.ending must not be empty; leave it out"),
        (
            ["--suffix", "birds", "--beam", "2"],
            2,
            "beam does not go with suffix; best_of and middle",
        ),
        (["--suffix", "birds", "--resample", "2"], 2, "resample does not go with suffix"),
        (
            ["--suffix", "birds", "--stop", "x"],
            2,
            "stop does not go with suffix; best_of and middle",
        ),
        (
            ["--suffix", "birds", "--max-steps", "9"],
            2,
            "max_steps does not go with suffix; best_of",
        ),
        (
            ["--suffix", "birds", "--middle", "9-"],
            2,
            "middle must have a most; got '9-', write 9-100",
        ),
        (
            ["--suffix", "birds", "--middle", "x"],
            2,
            "middle must be a number, a span 2-5 or a least",
        ),
        (["--middle", "9"], 2, "--middle 9 needs --suffix TEXT"),
        (
            ["--suffix", "月"],
            2,
            "'月' in --suffix is not among the model's characters; ask for others",
        ),
        (
            ["--suffix", "birds", "--ban", "ird"],
            2,
            "--ban 'ird' and --suffix 'birds' cannot both hold",
        ),
        (
            ["--suffix", "birds", "--text-length", "9"],
            2,
            "--text-length 9 leaves no room for a middle between prefix and suffix; change it, or",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(place, capsys, argv, code, message):
    assert main(["generate", "notes", "--runs", str(place / "runs"), "--seed", "1", *argv]) == code
    err = capsys.readouterr().err
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["best_of", "ending"])
def test_what_an_infilling_says_otherwise_is_refused(place, name):
    model = serinette.load("notes", runs=place / "runs")
    with pytest.raises(ConfigError, match=f"infill: {name} is .* here; leave it out"):
        model.infill("It", "birds", **{name: 2})


def test_poems_have_no_suffix(models, place, capsys):
    runs = ["--runs", str(place / "runs")]
    assert main(["generate", "poet", "--suffix", "月", "--seed", "1", *runs]) == 2
    assert "--suffix is for text models; this one is of kind poem" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="unknown setting 'ending'"):
        models["poet"].infill("春", "月")
    with pytest.raises(ConfigError, match=r"rules.ending must not be empty"):
        models["notes"].infill("line", "")


def test_that_no_candidate_can_stand_there_is_told(models):
    """Every candidate begins with an accent on the last letter of the beginning."""
    with pytest.raises(
        ConstraintError, match=r"sample 0: none of 3 candidates can stand before 'b"
    ):
        models["notes"].infill("line", "birds.", candidates=3, logit_bias={"\u0301": 90.0})


def test_an_end_may_begin_with_an_accent(models):
    (one,) = models["notes"].infill("line", "\u0301 birds.", candidates=3, middle="5-9")
    assert one.text.endswith("\u0301 birds.")


def test_an_ending_alone_is_a_rule_like_any_other(models):
    for one in models["notes"].generate(3, ending="birds.", max_steps=60, seed=2):
        assert one.text.endswith("birds.")
        assert one.join_nats is None
