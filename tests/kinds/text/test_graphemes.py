import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import ArtifactError
from serinette.kinds.text.clusters import _letter_table, clusters
from serinette.kinds.text.codec import codec_from_json
from serinette.kinds.text.graphemes import GraphemeAlphabet

TABLE = _letter_table()
BY_CLASS = [np.flatnonzero(letters).tolist() for letters in (c == TABLE for c in np.unique(TABLE))]
CODES = st.one_of(*map(st.sampled_from, BY_CLASS)).filter(lambda code: not 0xD800 <= code < 0xE000)


@settings(max_examples=400)
@given(st.lists(CODES, max_size=9).map(lambda codes: "".join(map(chr, codes))))
def test_clusters_are_those_of_the_package_regex(text):
    assert list(clusters(text)) == regex.findall(r"\X", text)


@given(st.text(max_size=60))
def test_the_clusters_of_a_text_are_the_text(text):
    assert "".join(clusters(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e\u0301a\u0308", ["e\u0301", "a\u0308"]),
        ("👩‍👩‍👧👍🏽", ["👩‍👩‍👧", "👍🏽"]),
        ("🇩🇪🇫🇷🇮", ["🇩🇪", "🇫🇷", "🇮"]),
        ("각\u1100\u1161\u11a8", ["각", "\u1100\u1161\u11a8"]),
        ("क्षि", ["क्षि"]),
        ("क\u094d\u0300ष", ["क\u094d\u0300ष"]),
        ("☺\u200c\u200d☺", ["☺\u200c\u200d☺"]),
        ("a\r\nb\rc", ["a", "\r\n", "b", "\r", "c"]),
        ("\u0600\u0661x", ["\u0600\u0661", "x"]),
        ("", []),
    ],
)
def test_a_reader_s_character_is_one_cluster(text, expected):
    assert list(clusters(text)) == expected


def test_long_texts_are_cut_between_lines_only():
    line = "e\u0301👩‍👩‍👧" * 4000 + "\n"
    assert list(clusters(line * 5)) == regex.findall(r"\X", line) * 5


def test_a_million_linkers_take_no_longer_than_a_million_letters():
    assert len(list(clusters("\u094d" * 1_000_000))) == 1


def test_frequent_clusters_are_one_symbol_and_rare_ones_are_spelt():
    learnt = GraphemeAlphabet.fit(["👩‍👩‍👧 👩‍👩‍👧 e\u0301"], 20_000, 1)
    assert learnt.clusters == ("👩‍👩‍👧", "\u0301")
    assert learnt.encode("👩‍👩‍👧e\u0301").tolist() == [258, 2 + ord("e"), 259]
    assert learnt.encode("é").tolist() == [2 + octet for octet in "é".encode()]
    assert learnt.step_lengths("👩‍👩‍👧é").tolist() == [5, 0, 1]


def test_the_vocabulary_is_no_larger_than_it_may_be():
    learnt = GraphemeAlphabet.fit(["ééé èè ê"], 258, 1)
    assert learnt.clusters == ("é", "è")
    assert GraphemeAlphabet.fit(["ééé èè ê"], 20_000, 2).clusters == ("é", "è")
    assert GraphemeAlphabet.fit(["é" * 9], 2, 1).clusters == ()


def test_a_cluster_without_end_is_spelt():
    zalgo = "a" + "\u0301" * 5000
    learnt = GraphemeAlphabet.fit([zalgo + "\n" + zalgo], 20_000, 1)
    assert zalgo not in learnt.clusters
    assert learnt.decode(learnt.encode(zalgo)) == zalgo


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (["a"], "a cluster has fewer than two bytes"),
        (["é", "é"], "a symbol is there twice"),
        (["\ud800a"], "UnicodeEncodeError"),
        ("é", "expected a list of strings"),
        (None, "expected a list of strings"),
    ],
)
def test_damaged_clusters_are_refused(stored, message):
    with pytest.raises(ArtifactError, match=rf"codec\.json: .*{message}.*; get the model again"):
        codec_from_json({"codec": "grapheme", "labels": [], "clusters": stored})
