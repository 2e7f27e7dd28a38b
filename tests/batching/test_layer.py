from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serinette.batching.corpus import Layer, join
from serinette.core import spool
from serinette.kinds import corpus as kinds_corpus
from serinette.kinds.corpus import Corpus, RawSequence, pieces
from serinette.kinds.table import KINDS
from serinette.kinds.text.config import TextConfig

SEQUENCES = st.lists(st.lists(st.integers(2, 6), max_size=12), max_size=5)
PROSE = st.text(st.sampled_from("ab' \n\t\u3000\u4e00\u0301.,7"), max_size=120)


@given(sequences=SEQUENCES, cut=st.integers(1, 5), held=st.sampled_from([0, 3, 1000]))
def test_laying_piece_by_piece_is_laying_at_once(sequences, cut, held):
    steps = [np.array(s, dtype=np.int32).reshape(-1, 1) for s in sequences]
    facts = [np.array([k], dtype=np.int32) for k in range(len(sequences))]
    whole = join(steps, facts, end=0, border=3)
    before, spool.HELD_BYTES = spool.HELD_BYTES, held
    try:
        layer = Layer(np.dtype(np.int8), end=0, border=3)
        for sequence, context in zip(steps, facts, strict=True):
            flat = sequence[:, 0]
            layer.add((flat[k : k + cut] for k in range(0, len(flat), cut)), context)
        laid = layer.corpus()
    finally:
        spool.HELD_BYTES = before
    for name in ("symbols", "starts", "context", "borders"):
        assert getattr(laid, name).tolist() == getattr(whole, name).tolist()
    assert laid.symbols.dtype == np.int8
    assert laid.borders.tolist() == np.flatnonzero(whole.symbols == 3).tolist()
    places = np.arange(len(whole.symbols))
    assert laid.is_border(places).tolist() == np.isin(places, whole.borders).tolist()
    assert laid.counts(9).tolist() == np.bincount(whole.symbols, minlength=9).tolist()


@given(text=PROSE, size=st.integers(1, 20))
def test_no_codec_makes_a_symbol_across_the_pieces_of_a_text(text, size):
    before, kinds_corpus.PIECE = kinds_corpus.PIECE, size
    try:
        cut = list(pieces(text))
    finally:
        kinds_corpus.PIECE = before
    assert "".join(cut) == text
    for name in ("character", "byte", "word"):
        row = RawSequence(content=text * 2, place="x")
        codec = KINDS["text"].fit(Corpus(sequences=(row,)), TextConfig(codec=name))
        encoded = [codec.encode(piece)[:, 0].tolist() for piece in cut]
        assert list(chain.from_iterable(encoded)) == codec.encode(text)[:, 0].tolist()


def test_a_long_text_of_lines_is_cut_and_one_without_lines_is_not():
    before, kinds_corpus.PIECE = kinds_corpus.PIECE, 10
    try:
        assert list(pieces("seven words\nof a\n\n  line and\nmore")) == [
            "seven words\n", "of a\n\n  line and\n", "more",
        ]  # fmt: skip
        assert list(pieces("no line ends here at all")) == ["no line ends here at all"]
    finally:
        kinds_corpus.PIECE = before
