import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ArtifactError
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.text.codec import codec_from_json, fit_codec
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.extension import extended_codec

TEXTS = st.text("ab cdäX漢\n", min_size=1, max_size=30)
CODECS = st.sampled_from(["character", "byte", "word"])


def corpus(*texts, label=""):
    context = {"label": label} if label else {}
    return Corpus(sequences=tuple(RawSequence(content=t, context=context, place="") for t in texts))


def extend(old, new, **settings):
    config = TextConfig(**settings)
    before = fit_codec(old, config)
    return before, extended_codec(before, new, config)


@given(CODECS, TEXTS, TEXTS)
def test_old_symbols_keep_their_numbers_and_nothing_new_is_missing(codec, old, new):
    before, after = extend(corpus(old), corpus(new), codec=codec)
    n = before.schema.fields[0].size
    for symbol in range(n):
        steps = np.array([[symbol]], dtype=np.int32)
        assert after.decode(steps) == before.decode(steps)
    for text in (old, new):
        steps = after.encode(text)
        assert after.decode(steps) == text
        assert after.n_missing(steps) == 0
    assert codec_from_json(after.to_json()).to_json() == after.to_json()


@given(st.sampled_from(["character", "byte"]), TEXTS, TEXTS)
def test_old_text_is_cut_as_before(codec, old, new):
    before, after = extend(corpus(old), corpus(new), codec=codec)
    np.testing.assert_array_equal(before.encode(old), after.encode(old))


@given(CODECS, TEXTS, TEXTS)
def test_what_was_added_once_is_not_added_again(codec, old, new):
    config = TextConfig(codec=codec)
    _, after = extend(corpus(old), corpus(new), codec=codec)
    again = extended_codec(after, corpus(new), config)
    assert again.to_json() == after.to_json()


def test_new_words_follow_old_words_in_an_old_file():
    before, after = extend(corpus("to be to be"), corpus("to ünd ünd"), codec="word")
    assert before.to_json().keys() == {"codec", "labels", "characters", "words"}
    assert after.to_json()["added"] == ["d", "n", "ü", " ünd"]
    assert after.to_json()["words"] == before.to_json()["words"]


def test_labels_keep_their_symbols_and_new_ones_follow():
    before, after = extend(corpus("abc", label="sonnet"), corpus("abd", label="letter"))
    assert before.labels == ("sonnet",)
    assert after.labels == ("sonnet", "letter")
    assert after.encode_context({"label": "sonnet"}) == before.encode_context({"label": "sonnet"})


def test_a_full_vocabulary_takes_the_most_frequent_only():
    before, after = extend(corpus("abc"), corpus("xxyz"), max_vocabulary=4)
    assert (before.alphabet.characters, after.alphabet.characters) == ("abc", "abcx")
    _, full = extend(corpus("abcd"), corpus("xxyz"), max_vocabulary=4)
    assert full.alphabet.characters == "abcd"


def test_a_symbol_that_stands_there_twice_is_found():
    _, after = extend(corpus("to be to be"), corpus("ünd ünd"), codec="word")
    plain = after.to_json()
    with pytest.raises(ArtifactError, match="a symbol is there twice"):
        codec_from_json({**plain, "added": [*plain["added"], "t"]})
