"""Models mixed as users mix them, in Python and on the command line."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from poem_models import save_untrained_poet, write_poems
from untrained_model import save_untrained, write_lines

import serinette
from serinette.cli.main import main
from serinette.core.errors import ConfigError
from serinette.recipes.generate import Opened, generate
from serinette.recipes.mixing import Mix, Partner, best_weights
from serinette.recipes.samples import GenerateRequest


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Models birds, fish (letters that birds lacks), words and poet in a folder of runs."""
    place = tmp_path_factory.mktemp("mixed")
    runs = place / "runs"
    birds = [f"line {k} tells of {k % 7} birds" for k in range(90)]
    fish = [f"Qué {k % 9} peces; line {k}" for k in range(90)]
    settings = {"split__test_share": 0.1, "split__validation_share": 0.1}
    data = write_lines(place / "birds.txt", birds)
    save_untrained(runs / "birds" / "model", [data], data__documents="line", **settings)
    data = write_lines(place / "fish.txt", fish)
    save_untrained(runs / "fish" / "model", [data], data__documents="line", **settings)
    save_untrained(runs / "words" / "model", [data], data__codec="word")
    save_untrained_poet(runs / "poet" / "model", write_poems(place / "poems.json"))
    return place


@pytest.fixture(scope="module")
def models(place):
    return {
        name: serinette.load(name, runs=place / "runs")
        for name in ("birds", "fish", "words", "poet")
    }


def texts(samples):
    return [(one.text, one.log_prob_nats, one.sampling_log_prob_nats) for one in samples]


@pytest.mark.parametrize("mix_by", ["probabilities", "logits"])
def test_mixing_a_model_with_itself_or_with_nothing_changes_nothing(models, mix_by):
    birds, fish = models["birds"], models["fish"]
    asked = {"seed": 3, "max_steps": 60, "temperature": 0.9}
    alone = texts(birds.generate(3, **asked))
    assert texts(birds.generate(3, mix={birds: 0.4}, mix_by=mix_by, **asked)) == alone
    assert texts(birds.generate(3, mix={fish: 0.0}, mix_by=mix_by, **asked)) == alone
    assert texts(birds.generate(3, mix={fish: 0.6}, mix_by=mix_by, **asked)) != alone
    assert birds.score(["line 3"], mix={fish: 0}).nats == birds.score(["line 3"]).nats


@pytest.mark.parametrize("mix_by", ["probabilities", "logits"])
def test_the_log_probability_of_a_sample_is_the_score_of_the_mixture(models, mix_by):
    birds, mix = models["birds"], {models["fish"]: 0.5}
    for one in birds.generate(4, seed=2, mix=mix, mix_by=mix_by, max_steps=400):
        if one.finish_reason == "end" and one.text:
            scored = birds.score([one.text], mix=mix, mix_by=mix_by)
            assert scored.nats == pytest.approx(-one.log_prob_nats, rel=1e-6)


def test_a_mixture_draws_the_same_in_any_batch(models):
    artifact, other = models["birds"].artifact, models["fish"].artifact
    opened = Opened(artifact, Mix(partners=(Partner(artifact=other, weight=0.5),)))
    requests = [GenerateRequest(n=20, seed=1, batch_size=size) for size in (1, 16)]
    one, two = (
        [event for event in generate(artifact, request, opened=opened) if hasattr(event, "text")]
        for request in requests
    )
    assert "".join(e.text for e in one) == "".join(e.text for e in two)


@given(st.lists(st.tuples(*[st.floats(0.1, 9)] * 3), min_size=1, max_size=30))
def test_fitted_weights_are_at_least_as_good_as_any_single_model(rows):
    nats = np.array(rows).T
    weights = best_weights(nats)
    assert weights.sum() == pytest.approx(1)
    mixed = -np.log(weights @ np.exp(-nats)).mean()
    assert mixed <= nats.mean(axis=1).min() + 1e-3
    for other in ([1 / 3] * 3, [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]):
        assert mixed <= -np.log(np.array(other) @ np.exp(-nats)).mean() + 1e-3


def test_weights_are_fitted_on_what_was_held_out(models, place, capsys):
    birds, fish = models["birds"], models["fish"]
    (weight,) = birds.fitted_mix(fish).values()
    assert 0 <= weight < 0.3  # fish say little of birds
    (own,) = fish.fitted_mix(birds).values()
    assert own < 0.5
    (found,) = birds.fitted_mix(fish, data=["Qué 3 peces; line 4"]).values()
    assert found > 0.8
    runs = ["--runs", str(place / "runs")]
    argv = ["score", "birds", str(place / "birds.txt"), "--mix", "fish=fit", "--json", *runs]
    assert main(argv) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["mix"] == {"by": "probabilities", "weights": {"fish": weight}}
    assert f"fitted on the validation text: --mix fish={weight:g}" in captured.err


def test_generate_and_score_mix_on_the_command_line(models, place, capsys):
    runs = ["--runs", str(place / "runs")]
    argv = ["generate", "birds", "--mix", "fish=0.5", "--seed", "3", "--max-steps", "40", "--json"]
    assert main([*argv, *runs]) == 0
    captured = capsys.readouterr()
    (expected,) = models["birds"].generate(seed=3, mix={models["fish"]: 0.5}, max_steps=40)
    assert json.loads(captured.out)["text"] == expected.text
    assert re.search(r"fish lacks \d of the model's \d\d symbols and has \d others", captured.err)
    assert main(["score", "birds", str(place / "fish.txt"), "--mix", "fish=0.5", *runs]) == 0
    assert "bits per character" in capsys.readouterr().out


def test_a_character_that_the_other_model_lacks_costs_but_is_not_impossible(models):
    found = models["birds"].score(["birds"], mix={models["fish"]: 1.0})  # fish never saw b or d
    assert math.isfinite(found.nats)
    assert found.n_unknown == 0


def test_nothing_of_either_training_text_is_copied(models):
    """The ban on copies looks at the training text of every model that is mixed in."""
    for weight in (0.3, 1.0):
        (one,) = models["birds"].generate(
            seed=1, mix={models["fish"]: weight}, no_copy=3, max_steps=40
        )
        for source in ("birds", "fish"):
            known = Path(models[source].artifact.source["paths"][0]).read_text("utf-8")
            assert not any(one.text[k : k + 4] in known for k in range(len(one.text) - 3))


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["--mix", "fish"],
            "--mix: 'fish' is not MODEL=WEIGHT; write it like plays=0.3, or plays=",
        ),
        (
            ["--mix", "fish=x"],
            "--mix fish=x: the weight must be a number in [0, 1] or fit; got 'x'",
        ),
        (["--mix", "fish=1.5"], "mix: the weight of fish must be in [0, 1]; got 1.5"),
        (["--mix", "fish=nan"], "mix: the weight of fish must be in [0, 1]; got nan"),
        (
            ["--mix", "fish=0.7", "--mix", "birds=0.7"],
            "mix: the weights must be at most 1 together",
        ),
        (["--mix", "fish=fit", "--mix", "birds=0.1"], "--mix: fit all weights or none"),
        (["--mix", "fish=fit", "--mix-by", "logits"], "mix: weights are fitted for probabilities"),
        (["--mix", "words=0.5"], "mix: words writes in words and the model in characters; mix"),
        (["--mix", "poet=0.5"], "mix: only models of texts can be mixed, and poet is of kind poem"),
        (["--mix-by", "logits"], "--mix-by logits needs --mix MODEL=WEIGHT"),
    ],
)
def test_what_cannot_be_mixed_is_refused_in_one_line(place, capsys, argv, message):
    done = main(["generate", "birds", "--seed", "1", "--runs", str(place / "runs"), *argv])
    err = capsys.readouterr().err
    assert done == 2
    assert f"error: {message}" in err
    assert err.count("error") == 1


def test_a_model_that_is_not_there_is_told(place, capsys):
    argv = ["generate", "birds", "--mix", "bird=0.5", "--runs", str(place / "runs"), "--seed", "1"]
    assert main(argv) == 4
    assert "bird" in capsys.readouterr().err


def test_poems_and_unknown_ways_are_refused_in_python(models):
    with pytest.raises(ConfigError, match="mix: only models of texts can be mixed, and this one"):
        models["poet"].generate(mix={models["poet"]: 0.5})
    with pytest.raises(ConfigError, match="mix_by must be probabilities or logits; got 'sums'"):
        models["birds"].generate(mix={models["fish"]: 0.5}, mix_by="sums")
    with pytest.raises(ConfigError, match="mix: must be a table of models and weights; got 'fish'"):
        models["birds"].generate(mix={"fish": 0.5})
    with pytest.raises(ConfigError, match="score: unknown argument 'mixed'; known: mix, mix_by"):
        models["birds"].score(["a"], mixed=1)


def test_symbols_that_are_no_texts_of_their_own_are_only_mixed_if_they_are_the_same(models):
    """Two models of another unit, made of models of characters by naming their field so."""

    def renamed(artifact):
        (field,) = artifact.schema.fields
        return replace(
            artifact, schema=replace(artifact.schema, fields=(replace(field, name="part"),))
        )

    birds, fish = (renamed(models[name].artifact) for name in ("birds", "fish"))
    with pytest.raises(
        ConfigError, match="mix: fish has other symbols of kind part than the model"
    ):
        Mix(partners=(Partner(artifact=fish, weight=0.5, name="fish"),)).notes(birds)
    assert Mix(partners=(Partner(artifact=birds, weight=0.5),)).notes(birds) == []
