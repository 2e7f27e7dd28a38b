import re

import pytest
from poem_models import save_untrained_poet, write_poems
from untrained_model import save_untrained, write_lines

from serinette.core.errors import ConfigError, ConstraintError
from serinette.recipes.model import Model


@pytest.fixture(scope="module")
def poet(tmp_path_factory):
    place = tmp_path_factory.mktemp("poet")
    return Model(save_untrained_poet(place / "model", write_poems(place / "poems.json")))


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    place = tmp_path_factory.mktemp("writer")
    lines = [f"line {k} tells of {k % 7} birds" for k in range(60)]
    return Model(save_untrained(place / "model", [write_lines(place / "notes.txt", lines)]))


def test_wishes_and_drawing_are_asked_for_together(poet):
    asked = {"acrostic": "春花秋月", "form": "七绝", "best_of": 4, "temperature": 0.5, "seed": 7}
    samples = poet.generate(2, **asked)
    for sample in samples:
        lines = re.findall(r"\w+", sample.text)
        assert [line[0] for line in lines] == list("春花秋月")
        assert {len(line) for line in lines} == {7}
        assert 0 < sample.mask_mass < 1
    assert "".join(poet.stream(**asked)) == samples[0].text
    assert poet.generate(1, **{**asked, "best_of": 1})[0].text != samples[0].text
    assert len(poet.generate(1, beam=2, form="五绝")) == 1


def test_rules_of_a_text_are_asked_for_in_the_same_way(writer):
    (sample,) = writer.generate(1, regex="[a-z]{5}", seed=3)
    assert re.fullmatch("[a-z]{5}", sample.text)
    (plain,) = writer.generate(1, seed=3, max_steps=5)
    assert plain.mask_mass is None


def test_poems_are_set_on_a_sheet(poet, writer):
    samples = poet.generate(2, acrostic="春花", acrostic_at="last", rhyme="none", tones="none")
    svg = poet.sheet(samples, title="山", acrostic="春花", acrostic_at="last", note="by a machine")
    assert re.findall(r'<text[^>]* class="head"[^>]*>(.)', svg) == ["春", "花"] * 2
    assert "by a machine" in svg
    with pytest.raises(ConfigError, match="sheet: only poems go on one, and this model is of kind"):
        writer.sheet(samples)
    with pytest.raises(ConfigError, match=r"sheet: unknown setting 'papr'.*'paper'"):
        poet.sheet(samples, papr="xuan")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"acrostc": "春"}, "generate: unknown setting 'acrostc' (did you mean 'acrostic'?)"),
        ({"temprature": 1}, "generate: unknown setting 'temprature' (did you mean 'temperature'?)"),
        ({"best": 1}, "generate: unknown setting 'best' ("),
        ({"regex": "a"}, "generate: unknown setting 'regex' ("),
        ({"tones": "soft"}, "generate: tones must be one of 'rescue', 'strict', 'none', got"),
        ({"label": "x"}, "generate: label is for text models; this one is of kind poem"),
        ({"beam": 1}, "beam must be at least 2, got 1"),
        ({"best_of": 2, "beam": 2}, "best_of 2 and beam 2: give one of them"),
    ],
)
def test_what_is_not_known_is_refused(poet, settings, message):
    with pytest.raises(ConfigError) as caught:
        poet.generate(1, **settings)
    assert str(caught.value).startswith(message)
    with pytest.raises(ConfigError):
        list(poet.stream(**settings))


def test_all_unknown_names_are_told_at_once(poet):
    with pytest.raises(ConfigError, match=r"'fom' \(did you mean 'form'\?\); .*'sed'"):
        poet.generate(1, fom="五绝", sed=1)


def test_rules_that_cannot_hold_are_refused_before_anything_is_drawn(poet):
    with pytest.raises(ConstraintError, match="5 characters, but 七绝 has 4 lines"):
        poet.generate(1, acrostic="春花秋月春")
