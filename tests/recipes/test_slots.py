import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from poem_models import save_untrained_poet, write_poems

from serinette.core.errors import ConfigError, ConstraintError
from serinette.decoding.config import DecodingConfig
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.kinds.poem.layout import canonical, lines_of
from serinette.kinds.poem.wishes import PoemWishes
from serinette.recipes.generate import GenerateRequest, Sample, generate
from serinette.recipes.slots import Slots, written


@pytest.fixture(scope="module")
def poet(tmp_path_factory):
    place = tmp_path_factory.mktemp("poet")
    return save_untrained_poet(place / "model", write_poems(place / "poems.json"))


@pytest.fixture(scope="module")
def slots(poet):
    return Slots(poet, OnnxStepper(poet.graph(), poet.schema))


def drawn(poet, request):
    (sample,) = [found for found in generate(poet, request) if isinstance(found, Sample)]
    return canonical(sample.text), sample


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.integers(1, 4), st.integers(1, 7), st.sampled_from(["七绝", "自由"]))
def test_what_the_model_drew_is_among_all_candidates(poet, slots, seed, line, column, form):
    wishes = PoemWishes(form=form, title="山")
    request = GenerateRequest(seed=seed, wishes=wishes)
    poem, _ = drawn(poet, request)
    lines = lines_of(poem)
    if line > len(lines) or column > len(lines[line - 1]):
        return
    found = slots.likeliest(request, poem, (line, column), n=10_000)
    assert lines[line - 1][column - 1] in {one.character for one in found}
    assert math.isclose(sum(one.probability for one in found), 1)
    kept = sum(one.model_probability for one in found)
    for one in found:
        assert math.isclose(one.model_probability, one.probability * kept, rel_tol=1e-9)
    shares = [one.probability for one in found]
    assert shares == sorted(shares, reverse=True)


def test_the_probabilities_of_a_poem_are_those_that_it_was_drawn_with(poet, slots):
    request = GenerateRequest(seed=3, wishes=PoemWishes(form="五绝", repeat_penalty=0.0))
    poem, sample = drawn(poet, request)
    nats = 0.0
    for number, line in enumerate(lines_of(poem), start=1):
        for column, character in enumerate(line, start=1):
            found = slots.likeliest(request, poem, (number, column), n=10_000)
            nats += math.log(next(o.probability for o in found if o.character == character))
    assert math.isclose(nats, sample.sampling_log_prob_nats, abs_tol=1e-6)  # marks are certain


def test_the_greedy_poem_has_the_likeliest_character_everywhere(poet, slots):
    wishes = PoemWishes(form="五绝", repeat_penalty=0.0)
    request = GenerateRequest(wishes=wishes, decoding=DecodingConfig(greedy=True))
    poem, _ = drawn(poet, request)
    for number, line in enumerate(lines_of(poem), start=1):
        for column, character in enumerate(line, start=1):
            (best,) = slots.likeliest(request, poem, (number, column), n=1)
            assert best.character == character


def test_a_lock_on_the_place_itself_is_left_out(poet, slots):
    request = GenerateRequest(seed=1, wishes=PoemWishes(fixed={"2.3": "月"}))
    poem, _ = drawn(poet, request)
    assert len(slots.likeliest(request, poem, (2, 3))) == 10


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.integers(1, 4), st.integers(1, 5))
def test_a_drawn_poem_passes_and_one_with_a_repeated_rhyme_does_not(
    poet, slots, seed, line, column
):
    request = GenerateRequest(seed=seed, wishes=PoemWishes(form="五绝", ban=("月",)))
    poem, _ = drawn(poet, request)
    slots.check(request, poem)
    lines = lines_of(poem)
    with pytest.raises(ConstraintError):
        slots.check(request, poem.replace(lines[3][-1] + "。", lines[1][-1] + "。"))
    place = (line - 1) * 6 + column - 1
    with pytest.raises(ConstraintError, match="月"):
        slots.check(request, poem[:place] + "月" + poem[place + 1 :])


def test_a_required_word_must_stay(poet, slots):
    request = GenerateRequest(seed=1, wishes=PoemWishes(require=("明",), tones="none"))
    poem, _ = drawn(poet, request)
    assert "明" in poem
    slots.check(request, poem)
    with pytest.raises(ConstraintError, match="required word '明' would be gone; leave it in"):
        slots.check(request, poem.replace("明", "清"))


def test_what_breaks_the_rules_before_a_place_leaves_nothing(poet, slots):
    request = GenerateRequest(wishes=PoemWishes(form="五绝", ban=("月",)))
    poem = "月月月月月，月月月月月。月月月月月，月月月月月。"
    with pytest.raises(ConstraintError, match="line 2, place 1: nothing fits after what stands"):
        slots.likeliest(request, poem, (2, 1))


@pytest.mark.parametrize("place", [(0, 1), (1, 0), (5, 1), (1, 6)])
def test_a_place_that_is_not_there_is_refused(poet, slots, place):
    request = GenerateRequest(wishes=PoemWishes(form="五绝"))
    poem, _ = drawn(poet, request)
    with pytest.raises(ConfigError, match=f"place {written(place)}: the poem has 4 lines, and no"):
        slots.likeliest(request, poem, place)


def test_characters_are_written_as_the_model_knows_them(slots):
    assert slots.known("門月龘") == "门月龘"
