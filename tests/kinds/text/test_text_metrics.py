import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.counts.ngram import WittenBell
from serinette.kinds.text.metrics import TextMeasures

TWIN = ["The cat sat on the mat.", "A dog ran to the cat (and sat).", "the mat", "A cat!"]

piece = st.text(alphabet="ab1 .-é中", max_size=12)
sets = st.lists(piece, min_size=1, max_size=5)


def measure(samples, real=TWIN, twin=TWIN, **options):
    return {metric.key: metric for metric in TextMeasures(real, twin, **options)(samples)}


def slow_words(text):
    for sign in ".-中":
        text = text.replace(sign, " 中 " if sign == "中" else " ")
    return [word for word in text.split() if word[0] != "1"]


def slow_nats_a_letter(pieces, twin):
    def runs_of_letters(text):
        is_letter = [unicodedata.category(c)[0] == "L" for c in text]
        spaced = "".join(c if ok else " " for c, ok in zip(text, is_letter, strict=True))
        return spaced.split()

    symbols = sorted({c for text in twin for word in runs_of_letters(text) for c in word})

    def spell(word):
        return np.array([symbols.index(c) if c in symbols else len(symbols) for c in word])

    words = [spell(word) for text in twin for word in runs_of_letters(text)]
    model = WittenBell.fit(words, 4, len(symbols) + 1)
    nats = []
    for text in pieces:
        for word in runs_of_letters(text):
            nats += model.nats(spell(word))[1:].tolist()
    return np.mean(nats) if nats else None


def slow_is_closed(text):
    for quote in "“”„«»":
        text = text.replace(quote, '"')
    signs = "".join(c for c in text if c in "()[]{}「」")
    while any(pair in signs for pair in ("()", "[]", "{}", "「」")):
        for pair in ("()", "[]", "{}", "「」"):
            signs = signs.replace(pair, "")
    return signs == "" and text.count('"') % 2 == 0


@given(sets, sets)
def test_an_invented_word_is_one_that_other_real_text_lacks(samples, twin):
    known = {word for text in twin for word in slow_words(text)}
    words = [word for text in samples for word in slow_words(text)]
    found = measure(samples, samples, twin)
    if not words:
        assert "invented" not in found
        return
    expected = 100 * np.mean([word not in known for word in words])
    assert found["invented"].value == pytest.approx(expected)
    assert found["invented"].floor == pytest.approx(expected)


@given(sets, sets, sets)
def test_spelling_is_what_a_model_of_each_word_by_itself_says_of_letters_after_letters(
    samples, real, twin
):
    found = measure(samples, real, twin).get("spelling")
    expected = slow_nats_a_letter(samples, twin)
    assert (found is None) == (expected is None)
    if found is not None:
        assert found.value == pytest.approx(expected)
        assert found.floor == (
            None if (floor := slow_nats_a_letter(real, twin)) is None else pytest.approx(floor)
        )


@given(st.lists(st.text(alphabet='()[]「」"“”«a', max_size=6), min_size=1, max_size=4))
def test_brackets_close_in_order_and_quotes_come_in_pairs(samples):
    expected = 100 * np.mean([slow_is_closed(text) for text in samples])
    assert measure(samples)["brackets"].value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "is_closed"),
    [
        ("(a [b] {c})", True),
        ("(a [b) c]", False),
        ("a) b (", False),
        ("「一（二）」", True),
        ('say "yes" or "no', False),
        ("„ja“ “yes” «oui» »ja«", True),
        ("it's 'so'", True),
        ("", True),
    ],
)
def test_worked_brackets(text, is_closed):
    assert measure([text])["brackets"].value == 100 * is_closed


def test_case_and_hyphens_invent_no_word():
    assert measure(["THE Cat-mat, 77 dogs"])["invented"].value == 25
    assert measure(["cat‑mat"])["invented"].value == 0


def test_misspelt_words_cost_more_than_real_ones():
    found = measure(["tha cta sta no teh mta"], TWIN, TWIN * 20)["spelling"]
    assert found.floor < 1 < found.value


def test_other_samples_never_change_what_one_costs():
    alone = measure(["a zebra"])["spelling"]
    beside = measure(["a zebra", "漢字 ♥", "a zebra", ""])["spelling"]
    assert beside.value > alone.value
    assert alone.floor == beside.floor


def test_every_metric_has_intervals_and_counts_the_pieces_that_it_could_measure():
    found = measure([*TWIN, "...", "x2", "77"], seed=3)
    assert {key: metric.n for key, metric in found.items()} == {
        "invented": 5,
        "spelling": 4,
        "brackets": 7,
    }
    for metric in found.values():
        low, high = metric.interval
        assert low <= metric.value <= high
        assert metric.floor_interval is not None
        assert metric.better == "real"
        assert metric.seed == 3
    assert found == measure([*TWIN, "...", "x2", "77"], seed=3)


def test_pieces_of_one_document_are_drawn_together():
    apart = measure(TWIN, real=["zebra", "cat"] * 20)["invented"]
    together = measure(TWIN, real=["zebra", "cat"] * 20, groups=np.repeat([0, 1], 20))["invented"]
    assert apart.floor == together.floor == 50
    assert apart.floor_interval[0] > 25
    assert together.floor_interval == (50, 50)


def test_without_samples_or_real_text_there_is_no_figure():
    assert measure([]) == {}
    assert set(measure(["...", ""])) == {"brackets"}
    assert {metric.floor for metric in measure(["a cat"], real=[]).values()} == {None}
