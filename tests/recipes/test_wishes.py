"""From a request with wishes to samples that keep them."""

import math
import re

import numpy as np
import pytest
from tiny_models import LETTERS, FixedStepper, LetterCodec
from untrained_model import save_untrained, write_lines

from serinette.constraints.config import RulesConfig
from serinette.core.errors import ConfigError, ConstraintError, NotFoundError
from serinette.decoding.config import DecodingConfig
from serinette.recipes.generate import GenerateRequest, Sample, generate, generate_with

SONG = [
    f"the {a} of the {b} is a {c}" for a in ("sea", "sun") for b in ("day", "end") for c in "xy"
]
DECODING = DecodingConfig(max_steps=60)
CODEC = LetterCodec()


class Turns:
    """First a, then b, then the end."""

    def start(self, n_rows):
        return np.zeros(n_rows, dtype=np.int64)

    def allowed(self, state, remaining):
        wanted = np.array([2, 3, 0])[np.minimum(state, 2)]
        return np.arange(len(LETTERS) + 2)[None] == wanted[:, None]

    def advance(self, state, symbols):
        return state + 1


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("song")
    data = write_lines(place / "song.txt", SONG * 20)
    return save_untrained(place / "model", [data])


def samples(model, **request):
    request = {"decoding": DECODING, **request}
    return [x for x in generate(model, GenerateRequest(**request)) if isinstance(x, Sample)]


def letters(wishes=None, **request):
    shares = np.full(len(LETTERS) + 2, 0.5 / 8)
    shares[[0, 1, 2, 3]] = [0.05, 0.0, 0.3, 0.15]
    stepper = FixedStepper(CODEC.schema, np.log(np.maximum(shares, 1e-300)))
    made = generate_with(CODEC, [stepper], GenerateRequest(wishes=wishes, **request))
    return [one for one in made if isinstance(one, Sample)]


def test_mask_mass_is_the_mean_share_worked_out_by_hand():
    (one,) = letters(Turns())
    total = 0.05 + 0.3 + 0.15 + 7 * 0.5 / 8
    assert one.text == "ab"
    expected = (0.3 * 0.15 * 0.05 / total**3) ** (1 / 3)
    assert one.mask_mass == pytest.approx(expected, rel=1e-5)
    assert one.log_prob_nats == pytest.approx(3 * math.log(expected), rel=1e-5)
    assert one.sampling_log_prob_nats == pytest.approx(0)
    assert one.n_attempts == 1
    (free,) = letters()
    assert free.mask_mass is None


def test_the_best_of_so_many_is_the_likeliest_of_these_candidates():
    candidates = letters(n=12, seed=3)
    best = letters(n=3, best_of=4, seed=3)
    assert [one.row for one in best] == [0, 1, 2]
    for k, one in enumerate(best):
        group = candidates[4 * k : 4 * k + 4]
        likeliest = max(group, key=lambda sample: sample.log_prob_nats)
        assert (one.text, one.log_prob_nats) == (likeliest.text, likeliest.log_prob_nats)
    assert letters(n=1, best_of=4, seed=3, first_row=2) == best[2:]


def test_a_beam_gives_the_same_sample_again_and_for_any_number_of_samples():
    request = {"beam": 4, "seed": 3, "decoding": DecodingConfig(max_steps=5)}
    many = letters(n=3, **request)
    assert letters(n=3, **request) == many
    assert letters(n=1, first_row=2, **request) == many[2:]
    assert letters(Turns(), **request)[0].text == "ab"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"best_of": 3, "beam": 4}, "best_of 3 and beam 4: give one of them"),
        ({"best_of": 0}, "best_of must be at least 1, got 0"),
        ({"beam": 1}, "beam must be at least 2, got 1"),
    ],
)
def test_what_cannot_be_searched_is_refused(request_, message):
    with pytest.raises(ConfigError, match=message):
        GenerateRequest(**request_)


@pytest.mark.parametrize("search", [{}, {"best_of": 3}, {"beam": 3}], ids=["plain", "best", "beam"])
def test_every_sample_matches_the_regular_expression(model, search):
    pattern = "the (sea|sun) [a-z]{2,5}"
    found = samples(model, n=4, wishes=RulesConfig(regex=pattern), **search)
    assert len(found) == 4
    for one in found:
        assert re.fullmatch(pattern, one.full_text)
        assert one.finish_reason == "end"
        assert 0 < one.mask_mass < 1


def test_the_prefix_belongs_to_the_text_that_keeps_the_rules(model):
    rules = RulesConfig(regex="the su[a-z]{3}")
    for one in samples(model, n=3, wishes=rules, prefixes=("the s",)):
        assert re.fullmatch(rules.regex, one.full_text)
        assert one.full_text.startswith("the s")


@pytest.mark.parametrize(
    ("rules", "names"),
    [
        ({"regex": "the.*", "require": ("sun",)}, "regex, require"),
        ({"acrostic": "th", "lines": "2"}, "acrostic, lines"),
        ({"length": "9", "line_length": "9", "balanced": "plain"}, "line_length, length, balanced"),
        ({"fixed": {"1": "t"}, "ending": "x"}, "ending, fixed"),
    ],
)
def test_a_stop_text_is_refused_beside_rules_that_it_may_break(model, rules, names):
    request = GenerateRequest(
        wishes=RulesConfig(**rules), decoding=DecodingConfig(max_steps=60, stop=("e",))
    )
    with pytest.raises(ConfigError, match=rf"^stop: a text .* may break {names}; leave stop out"):
        generate(model, request)


@pytest.mark.parametrize("search", [{}, {"best_of": 3}, {"beam": 3}], ids=["plain", "best", "beam"])
def test_what_holds_everywhere_goes_with_a_stop_text_and_figures_end_there(model, search):
    rules = RulesConfig(ban=("the",), characters="a-z ")
    stop = DecodingConfig(max_steps=60, stop=("s", "y"))
    found = samples(model, n=6, wishes=rules, decoding=stop, seed=2, **search)
    stopped = [one for one in found if one.finish_reason == "stop"]
    assert stopped
    for one in found:
        assert not re.search("the|s|y", one.text)
    for one in stopped:
        assert one.n_steps == len(one.text) + 1


def test_wishes_that_ask_for_nothing_change_nothing(model):
    plain, empty = samples(model, n=3), samples(model, n=3, wishes=RulesConfig())
    assert plain == empty
    assert plain[0].mask_mass is None


def longest_copied(text, training):
    return max(
        (b - a for a in range(len(text)) for b in range(a + 1, len(text) + 1)
         if text[a:b] in training),
        default=0,
    )  # fmt: skip


def test_no_stretch_of_the_training_text_is_copied(model):
    training = "\n".join(SONG)
    greedy = samples(model, n=12, seed=1)
    held = samples(model, n=12, seed=1, wishes=RulesConfig(no_copy=2))
    assert max(longest_copied(one.text, training) for one in greedy) > 2
    assert max(longest_copied(one.text, training) for one in held) <= 2


def test_no_copy_needs_the_training_data(tmp_path):
    data = write_lines(tmp_path / "song.txt", SONG * 20)
    model = save_untrained(tmp_path / "model", [data])
    data.unlink()
    with pytest.raises(NotFoundError, match=r"song.txt is no longer there; --no-copy needs the"):
        samples(model, wishes=RulesConfig(no_copy=3))
    assert samples(model, wishes=RulesConfig(regex="[a-z]{4}"))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"regex": "[0-9]{3}"}, "cannot hold: no text of the model's characters keeps it"),
        ({"regex": "[a-z]{80}"}, "needs at least 80 more steps; allow them with --max-steps 80"),
        (
            {"regex": "[a-z]{5}", "length": "9"},
            "and --text-length 9 cannot both hold; drop or change",
        ),
    ],
    ids=["unknown characters", "too long", "contradiction"],
)
def test_rules_that_cannot_hold_are_refused_before_anything_is_drawn(model, rules, message):
    with pytest.raises(ConstraintError, match=f"^--regex '.*' {message}"):
        generate(model, GenerateRequest(wishes=RulesConfig(**rules), decoding=DECODING))
