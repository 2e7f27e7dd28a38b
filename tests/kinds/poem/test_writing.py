import json

import numpy as np
import pytest
from planted_couplets import planted_poems
from poem_models import write_poems

from serinette.core.errors import ConfigError, ConstraintError
from serinette.kinds.kind import Call
from serinette.kinds.poem.codec import PoemCodec, Told, codec_from_json
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.kind import PoemKind
from serinette.kinds.poem.parallel import ParallelSense
from serinette.kinds.poem.wishes import PoemWishes
from serinette.kinds.poem.writing import NATS_OF_PARALLEL, default_form, shown, showpieces_of


def codec_of(folder, **settings):
    config = PoemConfig(**settings)
    corpus = PoemKind().read([write_poems(folder / "poems.json")], config)
    return PoemKind().fit(corpus, config)


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return codec_of(tmp_path_factory.mktemp("verse"))


def commission(codec, prefix="", labels=None, seed=0, **wishes):
    return codec.commission(PoemWishes(**wishes), prefix, labels or {}, Call(seed=seed))


def drawn_at_random(codec, a_commission, seed=0):
    """Write one poem by drawing evenly among what the rules allow."""
    rule, generator = a_commission.constraint, np.random.default_rng(seed)
    state, symbols = rule.start(1), []
    while len(symbols) < a_commission.n_steps:
        remaining = np.array([a_commission.n_steps - len(symbols)])
        (allowed,) = rule.allowed(state, remaining)
        symbols.append(generator.choice(np.flatnonzero(allowed)))
        state = rule.advance(state, np.array(symbols[-1:]))
    return codec.decode(np.array(symbols)[:, None])


def lines(poem):
    return poem.replace("。", "，").split("，")[:-1]


def test_heads_typed_in_simplified_characters_are_written_as_the_model_writes(tmp_path):
    codec = codec_of(tmp_path, script="traditional")
    asked = commission(codec, acrostic="红阳", form="七绝", tones="none", rhyme="none")
    poem = lines(drawn_at_random(codec, asked))
    assert [line[0] for line in poem[:2]] == ["紅", "陽"]
    shower = commission(codec, form="七绝", script="simplified").show
    assert shower("紅葉落。") == "红叶落。"


def test_a_prefix_is_part_of_the_form(codec):
    asked = commission(codec, "白鸟无声过远山", form="七绝")
    assert len(asked.read) == 0
    assert asked.prefix == ""
    poem = lines(drawn_at_random(codec, asked))
    assert poem[0] == "白鸟无声过远山"
    assert [len(line) for line in poem] == [7] * 4


def test_the_first_line_decides_the_form(codec):
    assert commission(codec, first_line="无声过远山").context["form"] == "五绝"
    assert commission(codec, first_line="白鸟无声过远山").context["form"] == "七绝"


def test_a_prefix_that_quarrels_with_a_fixed_character_is_refused(codec):
    with pytest.raises(ConstraintError, match=r"line 1, place 1 cannot hold both '白' \(prefix\)"):
        commission(codec, "白鸟", form="七绝", fixed={"1.1": "山"})


@pytest.mark.parametrize("seed", range(5))
def test_required_words_stand_in_the_poem_within_a_line(codec, seed):
    asked = commission(codec, form="七绝", require=("明月", "清风"), seed=seed)
    poem = lines(drawn_at_random(codec, asked, seed))
    assert all(any(word in line for line in poem) for word in ("明月", "清风"))
    again = commission(codec, form="七绝", require=("明月", "清风"), seed=seed)
    assert drawn_at_random(codec, again, seed) == drawn_at_random(codec, asked, seed)


def test_the_seed_decides_where_a_required_word_stands(codec):
    places = set()
    for seed in range(8):
        asked = commission(codec, form="七绝", require=("明月",), seed=seed)
        places.add(drawn_at_random(codec, asked).index("明月"))
    assert len(places) > 2


def test_a_word_that_fits_nowhere_is_refused(codec):
    with pytest.raises(ConstraintError, match=r"required word '.{8}' fits nowhere in 七绝"):
        commission(codec, form="七绝", require=("白鸟无声过远山一",))


@pytest.mark.parametrize(("name", "width"), [("五言联", 5), ("七言联", 7), ("couplet", 7)])
def test_a_couplet_has_two_lines_and_is_written_as_the_opening_of_a_quatrain(codec, name, width):
    asked = commission(codec, form=name)
    assert asked.context == {"form": "五绝" if width == 5 else "七绝"}
    assert [len(line) for line in lines(drawn_at_random(codec, asked))] == [width] * 2


def test_free_verse_has_no_rules(codec):
    asked = commission(codec, "白鸟", form="自由")
    assert asked.constraint is None
    assert codec.decode(asked.read[:, None]) == "白鸟"
    assert asked.show("远山。") == "白鸟远山。"
    assert asked.context == {"form": "杂言"}


@pytest.mark.parametrize("prefix", ["", "白鸟", "白鸟，", "白鸟，远山。", "白鸟,\n远"])
def test_a_beginning_is_not_closed_before_the_model_goes_on(codec, prefix):
    asked = commission(codec, prefix, form="自由")
    assert codec.decode(asked.read[:, None]) == prefix.replace(",", "，").replace("\n", "")


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ({"acrostic": "山水"}, "acrostic"),
        ({"first_line": "白鸟"}, "first_line"),
        ({"require": ("月",)}, "require"),
        ({"ban": ("月",)}, "ban"),
        ({"fixed": {"1.1": "月"}}, "fixed"),
        ({"no_repeat": True}, "no_repeat"),
    ],
)
def test_free_verse_refuses_what_needs_lines(codec, wish, name):
    with pytest.raises(ConstraintError, match=f"{name} needs a form with lines; 自由 has none"):
        commission(codec, form="自由", **wish)


def test_labels_say_what_the_wishes_leave_open(codec):
    labels = {"form": "五绝", "author": "石生", "title": "远山"}
    assert commission(codec, labels=labels).context == labels
    with pytest.raises(ConfigError, match="unknown author 'nobody'"):
        commission(codec, author="nobody")
    with pytest.raises(ConfigError, match=r"form '七言决' is not known"):
        commission(codec, form="七言决")


def test_the_showpieces_are_three_poems_and_an_acrostic(codec):
    *poems, acrostic = showpieces_of(codec)
    assert [wish.form for wish in poems] == ["七绝", "五绝", "七绝"]
    assert acrostic.acrostic
    assert acrostic.form == default_form(codec) == "七绝"
    for wish in (*poems, acrostic):
        codec.commission(wish, "", {}, Call())


def test_a_poem_is_shown_two_lines_on_a_row():
    assert shown("一二，三四。五六，七八。九") == "一二，三四。\n五六，七八。\n九"


def test_a_couplet_that_answers_is_preferred_and_a_model_without_couplets_prefers_nothing(codec):
    plain = commission(codec, form="七言联")
    assert plain.prefer("山山山山山，一一一一一。") == 0
    poems = planted_poems(400)
    sense = ParallelSense.fit(poems)
    told = Told(codec.authors, codec.title_characters, codec.n_title)
    taught = PoemCodec(codec.alphabet.characters, codec.labels, told, codec.sounds, sense)
    prefer = commission(taught, form="七言联").prefer
    answering, clashing = "山一行花三，川二飛鳥四。", "山一行花三，飛川二四鳥。"
    assert prefer(answering) == pytest.approx(
        NATS_OF_PARALLEL * sense.score("山一行花三", "川二飛鳥四")
    )
    assert prefer(answering) > prefer(clashing) + 1


def test_what_a_model_knows_of_couplets_is_stored_with_it(codec):
    sense = ParallelSense.fit(planted_poems(400))
    told = Told(codec.authors, codec.title_characters, codec.n_title)
    taught = PoemCodec(codec.alphabet.characters, codec.labels, told, codec.sounds, sense)
    again = codec_from_json(json.loads(json.dumps(taught.to_json())))
    assert again.sense is not None
    assert again.sense.to_json() == sense.to_json()
