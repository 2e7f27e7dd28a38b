import builtins
import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from serinette.core.config import Layer, resolve
from serinette.core.errors import ArtifactError, ConfigError, MissingExtraError
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.text.bpe import BpeAlphabet
from serinette.kinds.text.codec import codec_from_json, fit_codec
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.merge_learning import _letters, _tokenizer
from serinette.kinds.text.merging import pieces

TEXT = (
    "The cat sat on the mat; the cats' mats, 1234 of them, weren't there.\n\n"
    "床前明月光,疑是地上霜。床前明月光,床前明月。 नमस्ते दुनिया नमस्ते 👩‍👩‍👧 👩‍👩‍👧!!!\n\tדברים דברים"
) * 3
LEARNT = BpeAlphabet.fit([TEXT], 400)
ANY_TEXT = st.text(max_size=80) | st.text(alphabet=TEXT, max_size=200)


def theirs():
    """The package's own encoder, after the same training: the independent implementation."""
    tokenizer, trainer = _tokenizer(400)
    tokenizer.train_from_iterator(["\0".join(pieces(TEXT))], trainer)
    return tokenizer


THEIRS = theirs()
OCTET = {letter: octet for octet, letter in enumerate(_letters())}


@given(ANY_TEXT)
@example(TEXT)
def test_ours_merges_every_text_as_the_package_does(text):
    ours = [LEARNT.spelling().pieces[symbol] for symbol in LEARNT.encode(text)]
    encoded = THEIRS.encode("\0".join(pieces(text.replace("\0", ""))))
    assert b"".join(ours) == text.encode()
    if "\0" not in text:
        assert ours == [bytes(map(OCTET.__getitem__, token)) for token in encoded.tokens]


@given(ANY_TEXT)
def test_the_pieces_of_a_text_are_the_text(text):
    assert "".join(pieces(text)) == text


def test_words_keep_the_space_before_them_and_their_marks():
    assert list(pieces("The cat's  hat,\n\n\tfoo 12345 नमस्ते 👩‍👩‍👧!?")) == [
        *(
            "The",
            " cat's",
            " ",
            " hat",
            ",",
            "\n\n",
            "\t",
            "foo",
            " 123",
            "45",
            " नमस्ते",
            " 👩‍👩‍👧!?",
        )
    ]


def test_no_piece_is_longer_than_its_bound():
    longest = [max(map(len, pieces(character * 5000))) for character in "a1.\n \u0301床"]
    assert longest == [48, 3, 16, 8, 32, 48, 48]


def test_frequent_pieces_are_one_symbol_each():
    shown = [LEARNT.decode(np.array([symbol])) for symbol in LEARNT.encode("the cat 床前明月光")]
    assert "".join(shown) == "the cat 床前明月光"
    assert " cat" in shown
    assert len(shown) < 8


def test_learning_twice_gives_the_same_merges():
    assert BpeAlphabet.fit([TEXT], 400).merges == LEARNT.merges


def test_two_ways_to_one_piece_are_one_symbol():
    learnt = BpeAlphabet([(97, 98), (98, 99), (256, 99), (97, 257)])
    assert learnt.size == 2 + 256 + 3
    assert learnt.encode("abc").tolist() == [2 + 258]


def test_a_vocabulary_has_the_size_that_was_asked_for_where_the_text_has_pairs_enough():
    assert BpeAlphabet.fit([TEXT], 300).size == 2 + 300
    assert BpeAlphabet.fit(["ab ab"], 300).size == 2 + 257


@given(st.lists(st.integers(2, LEARNT.size - 1), max_size=30))
def test_streamed_pieces_never_show_half_a_character(symbols):
    streamer = LEARNT.streamer()
    shown = "".join(map(streamer.push, symbols))
    whole = LEARNT.decode(np.array(symbols, dtype=np.int64))
    assert whole == shown + streamer.flush()
    is_valid = "\ufffd" not in whole
    if is_valid:
        assert shown == whole


@settings(max_examples=30)
@given(st.data())
def test_symbols_that_the_rules_allow_are_text(data):
    rules, octets = LEARNT.rules(), LEARNT.spelling().pieces
    state, written = rules.start(1), b""
    for remaining in range(6, 0, -1):
        allowed = np.flatnonzero(rules.allowed(state, np.array([remaining]))[0])
        symbol = data.draw(st.sampled_from(allowed.tolist()))
        written += octets[symbol]
        state = rules.advance(state, np.array([symbol]))
    written.decode()


def test_learning_without_the_package_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "tokenizers":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    message = r"codec 'bpe' learns .* not installed; run pip install 'serinette\[bpe\]', or use"
    with pytest.raises(MissingExtraError, match=message):
        BpeAlphabet.fit([TEXT], 300)
    stored = json.loads(json.dumps(LEARNT.to_json()))
    again = codec_from_json({"codec": "bpe", "labels": [], **stored})
    assert again.encode(TEXT)[:, 0].tolist() == LEARNT.encode(TEXT).tolist()


@pytest.mark.parametrize(
    ("merges", "message"),
    [
        ([[97, 300]], r"ValueError: merge 0 is \[97, 300\], which cannot be made"),
        ([[97, -1]], "which cannot be made"),
        ([[97, 98], [97, 98]], r"merge 1 is \[97, 98\], which cannot be made"),
        ([[97, "b"]], "TypeError: expected pairs of whole numbers"),
        ([[97, True]], "TypeError: expected pairs of whole numbers"),
        ([[97]], "ValueError"),
        (None, "TypeError"),
        ({"a": 1}, "ValueError"),
    ],
)
def test_damaged_merges_are_refused(merges, message):
    with pytest.raises(ArtifactError, match=rf"codec\.json: .*{message}.*; get the model again"):
        codec_from_json({"codec": "bpe", "labels": [], "merges": merges})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"codec": "bpe", "vocabulary_size": 256}, "vocabulary_size must be at least 257, got 256"),
        (
            {"codec": "word", "vocabulary_size": 900},
            "data.vocabulary_size belongs to the codec bpe, got codec 'word'; leave it out, or set "
            "max_vocabulary",
        ),
    ],
)
def test_a_vocabulary_size_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        TextConfig(**settings)


def test_a_misplaced_vocabulary_size_is_told_once():
    values = {"data.codec": "word", "data.vocabulary_size": 900}
    with pytest.raises(ConfigError) as caught:
        resolve({"data": TextConfig}, [Layer(origin="test", values=values)])
    assert str(caught.value).count("belongs to") == 1


def test_the_codec_names_its_field_and_knows_the_border_of_lines():
    corpus = Corpus(sequences=(RawSequence(content=TEXT, context={}, place="x"),))
    codec = fit_codec(corpus, TextConfig(codec="bpe", vocabulary_size=350))
    assert codec.schema.fields[0].name == "bpe"
    assert codec.border == 2 + ord("\n")
