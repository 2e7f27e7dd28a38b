"""Scoring and writing with a model that has followed a text."""

import pytest
from untrained_model import save_untrained, write_lines

import serinette
from serinette.artifact.folder import load
from serinette.cli.main import main
from serinette.core.errors import ConfigError, DataError
from serinette.kinds.corpus import Corpus
from serinette.recipes.adapting import AdaptConfig, adapted, score_adapting
from serinette.recipes.generate import GenerateRequest, Opened, Sample, generate
from serinette.recipes.score import score_with

NOTES = [f"Line {k} of these notes tells of {k % 7} birds." for k in range(60)]
LETTER = "these birds tell of notes, " * 30
LIVELY = AdaptConfig(rate=5e-3)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model of notes, and a letter that it has not seen."""
    place = tmp_path_factory.mktemp("adapted")
    data = write_lines(place / "notes.txt", NOTES)
    (place / "letter.txt").write_text(LETTER, encoding="utf-8")
    save_untrained(place / "model", [data])
    return place


def test_following_a_text_makes_it_cheaper_and_leaves_the_model(place):
    model = serinette.load(place / "model")
    before = model.score([LETTER]).bits_per_character
    assert model.score([LETTER], adapt=True, adapt_rate=5e-3).bits_per_character < before - 0.5
    assert model.score([LETTER]).bits_per_character == before


def test_a_model_that_has_followed_a_text_predicts_it_better(place):
    model = serinette.load(place / "model")
    followed = model.adapted([LETTER], rate=5e-3)
    assert followed.score([LETTER]).bits_per_character < model.score([LETTER]).bits_per_character
    with pytest.raises(ConfigError, match="save: an adapted model is not kept; adapt again"):
        followed.save(place / "kept")


def test_a_mixture_follows_no_text(place):
    model = serinette.load(place / "model")
    with pytest.raises(ConfigError, match="mix: a mixture follows no text; mix a model that is"):
        model.adapted([LETTER]).generate(mix={model: 0.3})
    with pytest.raises(ConfigError, match="mix_by says how models are mixed: give mix, or leave"):
        model.generate(mix_by="logits")


def corpus_of(place):
    artifact = load(place / "model")
    return artifact, serinette.load(place / "model")._read([LETTER])


def test_what_it_writes_has_the_log_probability_of_its_score(place):
    artifact, corpus = corpus_of(place)
    found = adapted(artifact, corpus, LIVELY)
    opened = Opened(found.artifact, make_stepper=found.stepper)
    request = GenerateRequest(n=12, seed=5)
    samples = [s for s in generate(found.artifact, request, opened=opened) if isinstance(s, Sample)]
    assert len({sample.text for sample in samples}) == 12
    for sample in samples:
        if sample.finish_reason == "end":
            texts = serinette.load(place / "model")._read([sample.text])
            (whole,) = score_with(opened.codec, found.stepper(), texts).per_sequence
            assert -sample.log_prob_nats == pytest.approx(whole.nats, abs=1e-3)


@pytest.mark.parametrize("batch_size", [1, 5])
def test_the_same_seed_writes_the_same_in_any_batch(place, batch_size):
    artifact, corpus = corpus_of(place)
    found = adapted(artifact, corpus, LIVELY)

    def written(request):
        opened = Opened(found.artifact, make_stepper=found.stepper)
        drawn = generate(found.artifact, request, opened=opened)
        return [(s.text, s.log_prob_nats) for s in drawn if isinstance(s, Sample)]

    all_at_once = written(GenerateRequest(n=7, seed=3))
    assert written(GenerateRequest(n=7, seed=3, batch_size=batch_size)) == all_at_once


def test_nothing_to_read_is_told(place):
    artifact = load(place / "model")
    with pytest.raises(DataError, match="there is no text to read; give a file that holds some"):
        score_adapting(artifact, Corpus(sequences=()), LIVELY)


def test_score_shows_what_following_gains(place, capsys):
    command = ["score", str(place / "model"), str(place / "letter.txt"), "--no-baseline"]
    assert main([*command, "--adapt", "--adapt-rate", "0.005", "--no-colour"]) == 0
    head, first = capsys.readouterr().out.splitlines()[:2]
    assert "following the text" in head
    model, following = map(float, first.split()[3:5])
    assert following < model - 0.5


def test_generate_follows_before_it_writes(place, capsys):
    command = ["generate", str(place / "model"), "--seed", "1", "--max-steps", "60"]
    assert main([*command]) == 0
    plainly = capsys.readouterr().out
    assert main([*command, "--adapt", str(place / "letter.txt"), "--adapt-rate", "0.005"]) == 0
    followed = capsys.readouterr()
    assert followed.out != plainly
    assert "followed 810 characters: " in followed.err


@pytest.mark.parametrize("command", ["score", "generate"])
def test_a_rate_alone_is_refused(place, command, capsys):
    files = [str(place / "letter.txt")] if command == "score" else []
    assert main([command, str(place / "model"), *files, "--adapt-rate", "0.1"]) == 2
    assert "adapt rate 0.1: nothing adapts; add --adapt, or leave it out" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["score", "generate"])
def test_weights_that_go_astray_are_told(place, command, capsys):
    letter = str(place / "letter.txt")
    files = [letter, "--adapt"] if command == "score" else ["--adapt", letter]
    assert main([command, str(place / "model"), *files, "--adapt-rate", "1e9"]) == 7
    captured = capsys.readouterr()
    assert "adapt.rate 1e+09: the weights have gone astray, a symbol costs " in captured.err
    assert "take a smaller rate" in captured.err
    assert captured.out == ""
