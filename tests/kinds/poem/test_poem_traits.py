"""What is known of each character of a poem."""

import poem_models
import pytest

from serinette.kinds.poem.traits import poem_traits
from serinette.kinds.table import find_kind


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("poet")
    artifact = poem_models.save_untrained_poet(
        folder / "m", poem_models.write_poems(folder / "poems.json")
    )
    return find_kind("poem").codec_from_json(artifact.codec)


def marked(codec, content, name):
    (values,) = [t.values for t in poem_traits(codec, content) if t.name == name]
    return "".join(c for c, so in zip(content, values, strict=True) if so)


POEM = "白鸟无声，过远山。一舟明月，夜中还。"


def test_places_and_lines(codec):
    found = {trait.name: trait.values.tolist() for trait in poem_traits(codec, POEM)}
    assert found["place in the line"][:9] == [1, 2, 3, 4, 0, 1, 2, 3, 0]
    assert found["number of the line"] == [0] * 5 + [1] * 4 + [2] * 5 + [3] * 4
    assert marked(codec, POEM, "at a mark") == "，。，。"
    assert marked(codec, POEM, "in an even line") == "过远山。夜中还。"
    assert marked(codec, POEM, "at an even place of the line") == "鸟声远舟月中"


def test_tones_come_from_the_model_s_table(codec):
    level, oblique = (
        marked(codec, POEM, f"{n}") for n in ("a level tone (平)", "an oblique tone (仄)")
    )
    assert "山" in level
    assert "月" in oblique
    assert not set(level) & set(oblique)


def test_what_comes_next(codec):
    assert marked(codec, POEM, "the line ends here") == "声山月还"
    assert marked(codec, POEM, "the rhyme comes next") == "远中"
    ahead = {trait.name for trait in poem_traits(codec, POEM) if trait.is_ahead}
    assert ahead == {"the line ends here", "the rhyme comes next"}


def test_a_poem_given_in_lines_has_traits_of_what_is_read(codec):
    given = "白鸟无声\n过远山\n一舟明月\n夜中还"
    n_steps = len(codec.encode(given))
    assert all(len(trait.values) == n_steps for trait in poem_traits(codec, given))
