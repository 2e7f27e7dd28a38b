import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from guided_models import add_guide
from tiny_models import LETTERS, FixedStepper, LetterCodec
from untrained_model import CONFIG, save_untrained, write_lines

import serinette
from serinette.artifact.folder import load
from serinette.cli.generate_options import GenerateOptions
from serinette.cli.main import main
from serinette.cli.wishes import refuse_options_of_others
from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig
from serinette.decoding.row_critic import RowCritic
from serinette.recipes.generate import (
    GenerateRequest,
    Opened,
    Piece,
    Sample,
    commissions_of,
    generate,
    generate_with,
)
from serinette.recipes.writing import write

CODEC = LetterCodec()
WORDS = np.linspace(-1.5, 1.5, len(LETTERS) + 2)
"""What the critic of known words says of a row that is one symbol."""


class KnownWords(RowCritic):
    """Says what is written down for the last symbol of a row."""

    def __init__(self, words):
        self._words = words

    def word(self, symbols):
        return float(self._words[symbols[-1]])


def drawn(words=WORDS, n_threads=1, **request):
    """Return the samples of a network that finds every symbol equally likely."""
    asked = GenerateRequest(**request)
    commissions = commissions_of(CODEC, None, asked, str)
    critic = None if words is None else KnownWords(words)
    steppers = [FixedStepper(CODEC.schema) for _ in range(n_threads)]
    events = write(CODEC, steppers, asked, commissions, critic)
    return [event for event in events if isinstance(event, Sample)]


ONE_STEP = DecodingConfig(max_steps=1, logit_bias={"<end>": -50.0})


def test_a_candidate_is_chosen_by_softmax_of_the_critics_word():
    """z of each symbol's count is below 4.5: a right program fails once in 10,000."""
    n, k = 250, 3
    request = {"seed": 5, "decoding": ONE_STEP, "batch_size": 4096}
    plain = "".join(s.text for s in drawn(n=n * k, **request))
    candidates = np.array([LETTERS.index(c) + 2 for c in plain]).reshape(n, k)
    share = np.exp(WORDS[candidates])
    share /= share.sum(axis=1, keepdims=True)
    chosen = np.array([LETTERS.index(s.text) + 2 for s in drawn(n=n, resample=k, **request)])
    for symbol in range(2, len(WORDS)):
        p = (share * (candidates == symbol)).sum(axis=1)
        z = ((chosen == symbol).sum() - p.sum()) / np.sqrt((p * (1 - p)).sum())
        assert abs(z) < 4.5, symbol


def test_the_choice_uses_other_random_numbers_than_the_draw():
    """Where the critic says the same of all, every place among the candidates is as likely."""
    n, k = 200, 4
    decoding = DecodingConfig(max_steps=4, logit_bias={"<end>": -50.0})
    request = {"seed": 8, "decoding": decoding, "batch_size": 4096}
    plain = [s.text for s in drawn(n=n * k, **request)]
    chosen = [s.text for s in drawn(np.zeros_like(WORDS), n=n, resample=k, **request)]
    places = [plain[k * j : k * j + k].index(text) for j, text in enumerate(chosen)]
    counts = np.bincount(places, minlength=k)
    assert np.abs(counts - n / k).max() < 4.5 * np.sqrt(n * 3 / 16)
    first = np.bincount([LETTERS.index(t[0]) for t in chosen], minlength=len(LETTERS))
    p = 1 / len(LETTERS)
    assert np.abs(first - n * p).max() < 4.5 * np.sqrt(n * p * (1 - p))


def test_one_candidate_is_the_plain_draw():
    request = {"n": 9, "seed": 2, "prefixes": ("", "ab"), "decoding": DecodingConfig(max_steps=20)}
    assert drawn(resample=1, **request) == drawn(None, **request) == drawn(**request)


@pytest.mark.parametrize("first_row", [0, 3])
def test_each_sample_is_one_of_its_own_candidates_however_they_are_drawn(first_row):
    n, k = 7, 3
    decoding = DecodingConfig(max_steps=12)
    request = {"seed": 4, "prefixes": ("ba",), "decoding": decoding}
    plain = drawn(n=n * k, first_row=first_row * k, **request)
    whole = drawn(n=n, resample=k, first_row=first_row, **request)
    assert [s.row for s in whole] == list(range(first_row, first_row + n))
    for j, sample in enumerate(whole):
        assert sample.text in [c.text for c in plain[k * j : k * j + k]]
        alone = drawn(n=1, resample=k, first_row=first_row + j, **request)
        assert alone == [sample]
    for batch_size in (1, 4):
        assert (
            drawn(n=n, resample=k, first_row=first_row, batch_size=batch_size, **request) == whole
        )
    for n_threads in (2, 3):
        assert drawn(n=n, resample=k, first_row=first_row, n_threads=n_threads, **request) == whole


def test_the_critic_reads_the_prefix_and_the_end():
    told = []

    class Listening(KnownWords):
        def word(self, symbols):
            told.append(symbols.tolist())
            return 0.0

    asked = GenerateRequest(n=20, resample=2, prefixes=("ab",), seed=1)
    events = write(
        CODEC, [FixedStepper(CODEC.schema)], asked, commissions_of(CODEC, None, asked, str),
        Listening(WORDS),
    )  # fmt: skip
    list(events)
    assert len(told) == 40
    assert {tuple(row[:2]) for row in told} == {(2, 3)}
    assert {row[-1] for row in told} == {0}


def test_resampling_without_a_critic_is_refused():
    with pytest.raises(ConfigError, match="resample 3: there is no critic"):
        drawn(None, n=1, resample=3)
    with pytest.raises(ConfigError, match="resample 3: there is no critic"):
        generate_with(CODEC, [FixedStepper(CODEC.schema)], GenerateRequest(resample=3))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"resample": 0}, "resample must be at least 1, got 0"),
        ({"resample": 2, "best_of": 2}, "resample 2: give it without best_of and beam"),
        ({"resample": 2, "beam": 2}, "resample 2: give it without best_of and beam"),
    ],
)
def test_a_request_that_cannot_be_is_refused(settings, reason):
    with pytest.raises(ConfigError, match=reason):
        GenerateRequest(**settings)
    assert GenerateRequest(resample=1, best_of=2).n_candidates == 2


LINES = [f"{a} {b} {c}" for a in ("ab", "fed", "cafe") for b in ("bad", "ace") for c in "abcdef"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Models with and without a critic that is to choose from 3, and one whose critic rests."""
    place = tmp_path_factory.mktemp("guided")
    data = write_lines(place / "notes.txt", LINES * 3)
    for name in ("plain", "guided", "resting"):
        artifact = save_untrained(place / name, [data], split__test_share=0, end_nats=1.0)
        n_symbols = artifact.schema.fields[0].size
        if name != "plain":
            n = 3 if name == "guided" else 1
            add_guide(place / name, n_symbols, CONFIG.embedding_size, candidates=n)
    return place


@cache
def model_of(folder):
    return serinette.load(folder)


def texts(place, name, **settings):
    model, n = model_of(place / name), settings.pop("n", 6)
    settings = {"max_steps": 15} | settings
    return [s.text for s in model.generate(n, seed=3, **settings)]


def test_a_model_resamples_as_it_was_found_best_unless_told_otherwise(place):
    plain = texts(place, "plain")
    assert texts(place, "guided", resample=1) == plain
    assert texts(place, "resting") == plain
    guided = texts(place, "guided")
    assert guided == texts(place, "guided", resample=3) == texts(place, "resting", resample=3)
    assert guided != plain
    candidates = texts(place, "plain", n=18)
    assert all(text in candidates[3 * k : 3 * k + 3] for k, text in enumerate(guided))
    assert len({guided[k] in candidates[3 * k : 3 * k + 1] for k in range(6)}) == 2
    for free in ({"best_of": 2}, {"beam": 2, "max_steps": 5}):
        assert texts(place, "guided", n=1, **free) == texts(place, "plain", n=1, **free)
    assert texts(place, "guided", n=4) == guided[:4]


def test_the_critic_of_the_folder_is_asked(place):
    model = model_of(place / "guided")
    opened = Opened(load(place / "guided"))
    plain = [s.text for s in model.generate(200, seed=1, resample=1, max_steps=8)]
    chosen = [s.text for s in model.generate(100, seed=1, resample=2, max_steps=8)]

    def word(text):
        steps = opened.codec.encode(text)[:, 0]
        end = np.full(int(len(text) < 8), opened.codec.schema.end)
        return opened.critic.word(np.concatenate([steps, end]))

    pairs = [plain[2 * k : 2 * k + 2] for k in range(100)]
    gaps = np.array([word(a) - word(b) for a, b in pairs])
    p = 1 / (1 + np.exp(-gaps))
    took_first = np.array([text == a for text, (a, _) in zip(chosen, pairs, strict=True)])
    differs = np.array([a != b for a, b in pairs])
    z = (took_first - p)[differs].sum() / np.sqrt((p * (1 - p))[differs].sum())
    assert abs(z) < 4
    assert np.corrcoef(took_first[differs], p[differs])[0, 1] > 0.2


@pytest.mark.parametrize(
    ("rules", "holds"),
    [
        ({"regex": "[abc ]{3,9}"}, lambda t: 3 <= len(t) <= 9 and set(t) <= set("abc ")),
        ({"lines": "3"}, lambda t: len(t.split("\n")) == 3),
        ({"acrostic": "cab"}, lambda t: [line[0] for line in t.split("\n")] == list("cab")),
    ],
)
def test_rules_hold_in_every_resampled_sample(place, rules, holds):
    model = model_of(place / "guided")
    samples = model.generate(12, seed=2, resample=3, max_steps=60, **rules)
    assert len(samples) == 12
    assert all(holds(sample.text) for sample in samples)
    assert len({sample.text for sample in samples}) > 6


def test_a_resampled_sample_comes_whole(place):
    model = model_of(place / "guided")
    (whole,) = model.stream(seed=3, max_steps=15)
    assert whole == texts(place, "guided", n=1)[0]
    events = list(generate(load(place / "guided"), GenerateRequest(n=3, resample=2)))
    assert [type(e) for e in events if not isinstance(e, Piece)] == [Sample] * 3
    for piece in (e for e in events if isinstance(e, Piece)):
        assert piece.text in [e.text for e in events if isinstance(e, Sample)]


@pytest.mark.parametrize(
    ("name", "flags", "reason"),
    [
        ("plain", ["--resample", "4"], "resample 4: this model has no critic; leave it out, or"),
        ("guided", ["--resample", "4", "--best-of", "2"], "resample 4: give it without best_of"),
        ("guided", ["--resample", "4", "--beam", "2"], "resample 4: give it without best_of"),
        ("guided", ["--resample", "0"], "--resample"),
    ],
)
def test_the_command_refuses_what_cannot_be(place, capsys, name, flags, reason):
    assert main(["generate", str(place / name), "--seed", "1", *flags]) == 2
    told = capsys.readouterr()
    assert reason in told.err
    assert told.out == ""


def test_a_table_has_candidates_but_no_likeliest_one():
    refuse_options_of_others(GenerateOptions(model="trips", resample=2), "series")
    options = GenerateOptions(model="trips", best_of=2)
    with pytest.raises(ConfigError, match=r"--best-of is for text and poem models; this one is"):
        refuse_options_of_others(options, "series")


def test_the_command_resamples(place, capsys):
    command = ["generate", str(place / "guided"), "-n", "4", "--seed", "3", "--max-steps", "15"]
    outputs = {}
    for n in (None, 1, 3):
        assert main(command + ([] if n is None else ["--resample", str(n)])) == 0
        outputs[n] = capsys.readouterr().out
    assert outputs[None] == outputs[3] != outputs[1]
    assert all(text in outputs[3] for text in texts(place, "guided", n=4))


def test_a_model_resamples_with_torch_blocked(place):
    code = f"""
import sys
sys.modules["torch"] = sys.modules["onnx"] = None
import serinette
model = serinette.load({str(place / "guided")!r})
print([s.text for s in model.generate(6, seed=3, max_steps=15, resample=3)])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(texts(place, "guided"))
