import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from poem_models import write_poems

from serinette.core.errors import ArtifactError, ConfigError
from serinette.kinds.poem.codec import codec_from_json
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.kind import PoemKind
from serinette.kinds.poem.layout import FORMS, MARKS, canonical, hanzi_of

KNOWN = "山阳庚白鸟无声过远一舟明月夜中"


def codec_of(folder, **settings):
    config = PoemConfig(**settings)
    corpus = PoemKind().read([write_poems(folder / "poems.json")], config)
    return PoemKind().fit(corpus, config)


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return codec_of(tmp_path_factory.mktemp("verse"))


lines = st.text(st.sampled_from(KNOWN), min_size=1, max_size=9)
poems = st.lists(st.tuples(lines, st.sampled_from(["，", "。", "\n", ",", "  。"])), max_size=6)


@given(poems.map(lambda pairs: "".join(line + mark for line, mark in pairs)))
def test_a_poem_comes_back_in_canonical_form(codec, text):
    known = "".join(c for c in codec.alphabet.characters)
    expected = "".join(c if c in known else "\ufffd" for c in canonical(text))
    assert codec.decode(codec.encode(text)) == expected
    assert codec.n_missing(codec.encode(text)) == expected.count("\ufffd")
    assert codec.n_characters(text) == len(hanzi_of(text))
    assert codec.step_lengths(text).sum() == len(canonical(text))


def test_a_character_that_was_never_seen_is_missing(codec):
    steps = codec.encode("一龘月。")
    assert codec.n_missing(steps) == 1
    assert codec.decode(steps) == "一\ufffd月。"


def test_form_author_and_title_become_symbols_and_what_is_unknown_becomes_missing(codec):
    names = [field.name for field in codec.schema.context]
    assert names == ["form", "author", *(f"title{k}" for k in range(1, 7))]
    told = codec.encode_context({"form": "五绝", "author": codec.authors[1], "title": "远山龘"})
    title = [codec.title_characters.index(c) + 1 for c in "远山"]
    assert told.tolist() == [FORMS.index("五绝"), 2, *title, 0, 0, 0, 0]
    nothing = codec.encode_context({})
    strange = codec.encode_context({"form": "?", "author": "nobody", "title": "龘"})
    assert nothing.tolist() == strange.tolist() == [FORMS.index("杂言"), *[0] * 7]
    long = codec.encode_context({"title": "山" * 20})
    assert len(long) == len(names)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"form": "五绢"}, r"unknown form '五绢' .*五绝"),
        ({"author": "石"}, "unknown author '石'"),
        ({"titel": "山"}, r"unknown context 'titel' .*title"),
    ],
)
def test_facts_that_the_model_does_not_know_are_refused(codec, context, message):
    codec.check_context({"form": "七绝", "author": "石生", "title": "any title"})
    with pytest.raises(ConfigError, match=message):
        codec.check_context(context)


def test_hanzi_are_measured_and_marks_are_not(codec):
    shown = {codec.decode(np.array([[k]])) for k in np.flatnonzero(~codec.measured)}
    assert shown <= {"", *MARKS}
    assert {"，", "。", ""} <= shown
    assert codec.measured_context({"form": "五绝", "author": "石生"}) == {"form": "五绝"}


def test_a_codec_survives_its_plain_values(codec):
    text = json.dumps(codec.to_json(), ensure_ascii=False)
    again = codec_from_json(json.loads(text))
    assert again.to_json() == codec.to_json()
    assert again.schema == codec.schema
    ours, theirs = again.lexicon(), codec.lexicon()
    assert np.array_equal(ours.tones, theirs.tones)
    assert np.array_equal(ours.rhymes, theirs.rhymes)
    assert ours.symbol_of == theirs.symbol_of


DAMAGE = {
    "no characters": lambda plain: plain.pop("characters"),
    "a character twice": lambda plain: plain.update(characters=plain["characters"] + "山"),
    "no form": lambda plain: plain.update(forms=[]),
    "a strange form": lambda plain: plain.update(forms=["十四行"]),
    "an author twice": lambda plain: plain.update(authors=["a", "a"]),
    "an author of numbers": lambda plain: plain.update(authors=[3]),
    "a title without end": lambda plain: plain.update(n_title=10**9),
    "a title of text": lambda plain: plain.update(n_title="6"),
    "tones cut off": lambda plain: plain["sounds"]["pingshui"].update(tones="12"),
    "a tone too many": lambda plain: plain["sounds"]["pingshui"].update(
        tones="9" * len(plain["characters"])
    ),
    "rhymes of no group": lambda plain: plain["sounds"]["pingshui"].update(names=[]),
    "no tables": lambda plain: plain.update(sounds=[1]),
    "a rhyme too large": lambda plain: plain["sounds"]["pingshui"].update(
        rhymes=[10**30] * len(plain["characters"])
    ),
    "no object of couplets": lambda plain: plain.update(parallel=7),
    "no table": lambda plain: plain.update(sounds={"pingshui": None}),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_values_are_refused(codec, damage):
    plain = json.loads(json.dumps(codec.to_json()))
    damage(plain)
    with pytest.raises(ArtifactError, match=r"codec.json: the poem codec cannot be read"):
        codec_from_json(plain)


def test_rare_authors_and_titles_can_be_left_out(tmp_path):
    codec = codec_of(tmp_path, authors=1, title_characters=0, min_count=3)
    assert len(codec.authors) == 1
    assert len(codec.schema.context) == 2
    assert codec_of(tmp_path, authors=0).authors == ()
