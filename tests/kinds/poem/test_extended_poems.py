import numpy as np
from poem_models import write_poems

from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.poem.codec import codec_from_json, extended_codec, fit_codec
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.table import find_kind

CONFIG = PoemConfig()


def poem(content, author, title="雪夜"):
    context = {"form": "五绝", "author": author, "title": title}
    return RawSequence(content=content, context=context, place="")


def test_a_poem_codec_keeps_numbers_sounds_and_authors(tmp_path):
    corpus = find_kind("poem").read([write_poems(tmp_path / "poems.json")], CONFIG)
    before = fit_codec(corpus, CONFIG)
    snow = "雪满梅溪冻不流，孤灯照影客添愁。"
    more = Corpus(sequences=tuple(poem(snow, "雪生") for _ in range(12)))
    after = extended_codec(before, more, CONFIG)
    n = len(before.alphabet.characters)
    assert after.alphabet.characters[:n] == before.alphabet.characters
    assert "雪" in after.alphabet.characters[n:]
    for book, sounds in before.sounds.items():
        np.testing.assert_array_equal(after.sounds[book].tones[:n], sounds.tones)
        np.testing.assert_array_equal(after.sounds[book].rhymes[:n], sounds.rhymes)
    assert after.authors == (*before.authors, "雪生")
    old = corpus.sequences[0]
    np.testing.assert_array_equal(after.encode(old.content), before.encode(old.content))
    np.testing.assert_array_equal(
        after.encode_context(old.context), before.encode_context(old.context)
    )
    assert after.n_missing(after.encode(snow)) == 0
    assert codec_from_json(after.to_json()).to_json() == after.to_json()
    assert extended_codec(after, more, CONFIG).to_json() == after.to_json()


def test_a_poem_codec_without_titles_goes_on_without_them():
    few = Corpus(sequences=(poem("白鸟无声过远山，一舟明月夜中还。", "石生", title=""),))
    before = fit_codec(few, PoemConfig(title_characters=0))
    after = extended_codec(before, Corpus(sequences=(poem("雪满。", "雪生"),)), CONFIG)
    assert (after.n_title, after.title_characters) == (0, "")
    assert len(after.schema.context) == len(before.schema.context)
