"""Whatever bytes a file holds: a text, or one clear error of ours."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serinette.core.errors import ArtifactError, DataError
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.text.codec import codec_from_json, fit_codec
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.reader import read_text

WIDE = st.text(max_size=30).map(lambda text: text.encode("utf-16", "surrogatepass"))
MIXED = st.lists(st.binary(max_size=6) | st.text(max_size=6).map(str.encode), max_size=8)
ANY_BYTES = st.binary(max_size=200) | WIDE | MIXED.map(b"".join)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """One file, written again and again."""
    return tmp_path_factory.mktemp("any") / "any.txt"


@given(data=ANY_BYTES)
@example(data=b"\xef\xbb\xbf\xff")
@example(data=b"\xff\xfe\0")
@example(data=b"\xed\xa0\x80")
def test_any_bytes_are_a_text_or_one_clear_error(file, data):
    file.write_bytes(data)
    try:
        corpus = read_text([file], TextConfig(documents="line"))
    except DataError as error:
        assert str(error).startswith(str(file))  # noqa: PT017 - either answer is right
        assert "\n" not in str(error)  # noqa: PT017
        return
    text = "".join(sequence.content for sequence in corpus.sequences)
    text.encode()
    assert text.strip()
    assert "\r" not in text


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(
    st.sampled_from(["character", "word", "byte", "grapheme", "bpe"]),
    st.sampled_from(["codec", "labels", "characters", "words", "clusters", "merges"]),
    PLAIN,
)
def test_any_stored_codec_is_rebuilt_and_works_or_is_refused(name, key, value):
    whole = {"codec": name, "labels": [], "characters": "ab", "words": ["ab"]}
    whole |= {"clusters": ["é"], "merges": [[97, 98]], key: value}
    try:
        codec = codec_from_json(json.loads(json.dumps(whole)))
    except ArtifactError as error:
        assert "get the model again" in str(error)  # noqa: PT017 - either is right
        return
    assert isinstance(codec.decode(codec.encode("abé\n")), str)


@given(st.text(max_size=80), st.text(max_size=80))
def test_codecs_without_unknown_texts_bring_back_every_text(learnt, text):
    corpus = Corpus(sequences=(RawSequence(content=learnt, context={}, place="x"),))
    for name in ("byte", "grapheme"):
        codec = fit_codec(corpus, TextConfig(codec=name))
        steps = codec.encode(text)
        assert codec.decode(steps) == text
        assert codec.n_missing(steps) == 0
        assert codec.step_lengths(text).sum() == len(text)
