import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ArtifactError
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.table import KINDS, find_kind
from serinette.kinds.text.config import TextConfig

text_kind = KINDS["text"]
SAMPLE = "The cat sat. The cat's hat — 床前明月光,疑是地上霜。\n\n  The end\t🙂 the cat"


def fitted(codec, texts=(SAMPLE,), labels=(), **settings):
    contexts = [{"label": label} for label in labels] or [{}] * len(texts)
    rows = [
        RawSequence(content=t, context=c, place="x") for t, c in zip(texts, contexts, strict=True)
    ]
    return text_kind.fit(Corpus(sequences=tuple(rows)), TextConfig(codec=codec, **settings))


LOSSLESS = ("byte", "grapheme", "bpe")
"""Codecs to which no text is unknown."""


def symbols_of(codec, text):
    return codec.encode(text)[:, 0].tolist()


@pytest.mark.parametrize("name", ["character", "byte", "word", "grapheme", "bpe"])
class TestEveryCodec:
    @given(text=st.text(max_size=60) | st.text(alphabet=SAMPLE, max_size=200))
    def test_decoding_gives_back_every_known_character(self, name, text):
        codec = fitted(name)
        known = set(SAMPLE)
        read = "".join(c if c in known else "\ufffd" for c in text)
        expected = text if name in LOSSLESS else read
        steps = codec.encode(text)
        assert codec.decode(steps) == expected
        assert codec.n_missing(steps) == (
            0 if name in LOSSLESS else sum(c not in known for c in text)
        )

    @given(text=st.text(max_size=60))
    def test_nothing_is_lost_when_the_text_itself_was_learnt_from(self, name, text):
        codec = fitted(name, (text,))
        assert codec.decode(codec.encode(text)) == text

    @given(text=st.text(alphabet=SAMPLE, max_size=60))
    def test_streamed_and_whole_decoding_agree(self, name, text):
        codec = fitted(name)
        streamer = codec.streamer()
        streamed = [streamer.push(symbol) for symbol in symbols_of(codec, text)]
        assert "".join(streamed) + streamer.flush() == text

    @given(text=st.text(max_size=60))
    def test_step_lengths_add_up_to_the_characters(self, name, text):
        codec = fitted(name)
        lengths = codec.step_lengths(text)
        assert len(lengths) == len(codec.encode(text))
        assert lengths.sum() == codec.n_characters(text) == len(text)
        assert codec.n_bytes(text) == len(text.encode())

    def test_it_comes_back_from_plain_values(self, name):
        codec = fitted(name, (SAMPLE, "b"), labels=("x", "y"))
        again = text_kind.codec_from_json(json.loads(json.dumps(codec.to_json())))
        assert again.schema == codec.schema
        assert symbols_of(again, SAMPLE + "?") == symbols_of(codec, SAMPLE + "?")
        assert again.labels == ("x", "y")

    def test_the_end_symbol_is_written_as_nothing(self, name):
        codec = fitted(name)
        steps = np.concatenate(
            [np.zeros((1, 1), np.int32), codec.encode("The"), np.zeros((1, 1), np.int32)]
        )
        assert codec.decode(steps) == "The"
        streamer = codec.streamer()
        assert "".join(streamer.push(int(s)) for s in steps[:, 0]) == "The"

    def test_a_missing_symbol_is_written_as_the_replacement_character(self, name):
        codec = fitted(name)
        steps = np.array([[1], *codec.encode("a").tolist(), [1]])
        assert codec.decode(steps) == "\ufffda\ufffd"
        streamer = codec.streamer()
        assert "".join(streamer.push(int(s)) for s in steps[:, 0]) == "\ufffda\ufffd"


def test_characters_are_numbered_by_falling_count_then_by_code_point():
    codec = fitted("character", ("bbaac", "c", "a"))
    assert symbols_of(codec, "abcz") == [2, 3, 4, 1]
    (field,) = codec.schema.fields
    assert (field.name, field.size, field.missing, codec.schema.end) == ("character", 5, 1, 0)


def test_rare_characters_and_those_beyond_the_vocabulary_are_missing():
    assert symbols_of(fitted("character", ("aaabbc",), min_count=2), "abc") == [2, 3, 1]
    assert symbols_of(fitted("character", ("aaabbc",), max_vocabulary=2), "abc") == [2, 3, 1]


def test_a_text_longer_than_a_block_is_whole():
    text = ("a🙂b" * 400_000) + "c"
    codec = fitted("character", (text, "x"))
    assert codec.schema.fields[0].size == 7
    assert codec.decode(codec.encode(text)) == text


def test_words_hold_the_space_before_them_and_rare_ones_are_spelt():
    codec = fitted("word", ("the cat the cat the dog",), max_vocabulary=30)
    pieces = [codec.decode(step[None]) for step in codec.encode("the cat the dog")]
    assert pieces == ["t", "h", "e", " cat", " the", " ", "d", "o", "g"]


def test_the_vocabulary_counts_words_and_characters():
    codec = fitted("word", ("the cat the cat the dog",), max_vocabulary=10)
    assert codec.schema.fields[0].size == 2 + 10
    assert len(codec.to_json()["words"]) == 1


def test_a_script_without_spaces_is_read_character_by_character():
    codec = fitted("word", ("床前明月光床前明月光",))
    assert codec.to_json()["words"] == []


@pytest.mark.parametrize(
    ("codec", "text", "expected"),
    [
        ("character", "a\n", 2),
        ("character", "ab", None),
        ("byte", "a", 10 + 2),
        ("word", "a\na\n", 2),
    ],
)
def test_the_border_is_the_line_feed_where_it_is_one_known_symbol(codec, text, expected):
    assert fitted(codec, (text,)).border == expected


def test_a_byte_is_its_number_plus_two():
    assert symbols_of(fitted("byte"), "aé") == [99, 0xC3 + 2, 0xA9 + 2]
    assert fitted("byte").schema.fields[0].size == 258


def test_a_character_is_held_back_until_its_last_byte():
    streamer = fitted("byte").streamer()
    pushed = [streamer.push(byte + 2) for byte in "月é".encode()]
    assert pushed == ["", "", "月", "", "é"]
    streamer.push("月".encode()[0] + 2)
    assert streamer.flush() == "\ufffd"
    assert streamer.flush() == ""


def test_a_label_has_its_symbol_and_an_unknown_one_is_missing():
    codec = fitted("character", ("a", "b", "c"), labels=("ode", "", "elegy"))
    assert codec.labels == ("elegy", "ode")
    assert codec.schema.context[0].size == 3
    given_labels = ({"label": "ode"}, {"label": "epic"}, {})
    assert [codec.encode_context(c).tolist() for c in given_labels] == [[2], [0], [0]]
    plain = fitted("character")
    assert plain.schema.context == ()
    assert plain.encode_context({"label": "ode"}).shape == (0,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"codec": "runes"},
            r"ValueError: codec 'runes' is none of bpe, byte, character, grapheme, word",
        ),
        ({"codec": ["byte"]}, r"ValueError: codec \['byte'\] is none of bpe"),
        ({"labels": "ab"}, "TypeError: expected a list of strings"),
        ({"labels": ["a", "a"]}, "ValueError: a symbol is there twice"),
        ({"characters": "aa"}, "ValueError: a symbol is there twice"),
        ({"characters": None}, "TypeError"),
    ],
)
def test_a_damaged_codec_is_refused(change, message):
    with pytest.raises(ArtifactError, match=rf"codec\.json: .*{message}.*; get the model again"):
        text_kind.codec_from_json({**fitted("character").to_json(), **change})


def test_an_unknown_kind_is_refused_with_the_known_ones():
    assert find_kind("text") is text_kind
    with pytest.raises(ArtifactError, match=r"kind 'smell' is not known .*\(known: poem, text\)"):
        find_kind("smell")
    with pytest.raises(ArtifactError, match=r"kind \[7\] is not known to this version"):
        find_kind([7])


def test_a_rendered_file_ends_in_a_line_break():
    assert text_kind.render("é") == text_kind.render("é\n") == b"\xc3\xa9\n"
    assert (text_kind.name, text_kind.suffix, text_kind.config_type) == ("text", ".txt", TextConfig)
