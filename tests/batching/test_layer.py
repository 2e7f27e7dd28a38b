from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serinette.batching.corpus import Layer, join
from serinette.core import spool
from serinette.kinds import corpus as kinds_corpus
from serinette.kinds.corpus import Corpus, RawSequence
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
        cut = list(RawSequence(content=text, place="x").pieces())
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
        lines = RawSequence(content="seven words\nof a\n\n  line and\nmore", place="x")
        assert list(lines.pieces()) == ["seven words\n", "of a\n\n  line and\n", "more"]
        line = RawSequence(content="no line ends here at all", place="x")
        assert list(line.pieces()) == ["no line ends here at all"]
    finally:
        kinds_corpus.PIECE = before


@given(
    rows=st.lists(st.lists(st.integers(1, 8), max_size=30), min_size=1, max_size=40),
    most=st.integers(1, 200),
)
def test_what_is_thinned_is_whole_sequences_or_their_beginnings(rows, most):
    facts = [np.array([k]) for k in range(len(rows))]
    steps = [np.array(row, dtype=np.int32)[:, None] for row in rows]
    whole = join(steps, facts, end=0, border=3)
    thin = whole.thinned(most)
    if whole.n_steps <= most:
        assert thin is whole
    assert thin.n_steps <= max(most, thin.n_sequences)
    assert thin.symbols[0] == thin.symbols[-1] == 0
    for k, owner in enumerate(thin.context[:, 0].tolist()):
        first, last = thin.starts[k : k + 2]
        read = thin.symbols[first:last].tolist()
        assert read == [0, *rows[owner]][: len(read)]
    expected = np.flatnonzero(thin.symbols[:-1] == 3)
    assert thin.borders.tolist() == expected.tolist()


def test_of_many_sequences_every_one_of_an_even_step_is_kept_whole():
    steps = [np.full((4, 1), 1 + k % 8, dtype=np.int32) for k in range(1_000)]
    whole = join(steps, [np.array([k]) for k in range(1_000)], end=0)
    assert np.array_equal(whole.thinned(1_000).context[:, 0], np.arange(0, 1_000, 5))
    assert whole.thinned(1_000).n_steps == 1_000
