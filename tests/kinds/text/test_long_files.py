"""A file that is read block by block is the text that it is when read as a whole."""

import codecs
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.long_text import LongTextWriter
from serinette.kinds import corpus as kinds_corpus
from serinette.kinds.corpus import LongSequence, RawSequence
from serinette.kinds.split import SplitConfig, content_id, split
from serinette.kinds.text import long_files, reader
from serinette.kinds.text.codec import fit_codec
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.reader import read_text
from serinette.recipes.prepare import encode

TEXTS = st.text(
    st.one_of(st.sampled_from("ab \n\r\t.é語😀"), st.characters(exclude_categories=["Cs", "Cc"])),
    max_size=60,
)


@pytest.fixture
def every_file_is_long(monkeypatch):
    monkeypatch.setattr(reader, "LONG_BYTES", 0)
    monkeypatch.setattr(long_files, "_BLOCK", 7)
    monkeypatch.setattr(kinds_corpus, "PIECE", 50)
    monkeypatch.setattr(kinds_corpus, "_WINDOW", 9)


def long(text: str) -> LongSequence:
    writer = LongTextWriter()
    for start in range(0, len(text), 5):
        writer.add(text[start : start + 5])
    return LongSequence(writer.long_text(), {}, "x")


@given(text=TEXTS, start=st.integers(0, 70), stop=st.integers(0, 70))
def test_a_text_in_a_scratch_file_is_that_text(text, start, stop):
    sequence = long(text)
    assert sequence.content == text
    assert sequence.n_characters == len(text)
    assert sequence.text(start, stop) == text[start:stop]
    start, stop = sorted((min(start, len(text)), min(stop, len(text))))
    part = sequence.part(start, stop, "y")
    assert (part.content, part.place) == (text[start:stop], "y")
    assert part.text(1, 4) == text[start:stop][1:4]


@given(text=TEXTS, size=st.integers(1, 20), window=st.integers(1, 9))
def test_its_pieces_are_those_of_the_text(text, size, window):
    before = kinds_corpus.PIECE, kinds_corpus._WINDOW
    kinds_corpus.PIECE, kinds_corpus._WINDOW = size, window
    try:
        whole = list(RawSequence(content=text, place="x").pieces())
        assert list(long(text).pieces()) == whole
    finally:
        kinds_corpus.PIECE, kinds_corpus._WINDOW = before


@given(text=TEXTS)
def test_its_identity_and_its_parts_are_those_of_the_text(text):
    config = SplitConfig(validation_share=0.2, test_share=0.2)
    whole = kinds_corpus.Corpus(sequences=(RawSequence(content=text, place="x"),))
    apart = split(whole, config)
    other = split(replace(whole, sequences=(long(text),)), config)
    assert other.how == apart.how
    for name in ("train", "validation", "test"):
        found = [s.content for s in getattr(other, name).sequences]
        assert found == [s.content for s in getattr(apart, name).sequences]
    assert content_id(text) == content_id(f" \n{text}\t")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"plain words\nand more\n" * 9, None),
        (("Mac\rDos\r\nUnix\n" * 9).encode(), None),
        (("é語😀 über\r\n" * 12).encode(), None),
        (codecs.BOM_UTF8 + ("Straße\n" * 20).encode(), None),
        (("\ufeff" + "wide\r\n" * 30).encode("utf-16-le"), None),
        (("naïve café\n" * 20).encode("cp1252"), "cp1252"),
        (("naïve café\n" * 20).encode("cp1252"), None),
        (b"ends with a bare return\n" * 9 + b"so\r", None),
        (("good é\n" * 40).encode() + b"\xff bad\n", None),
    ],
)
def test_a_file_is_read_alike_in_blocks(data, encoding, tmp_path, monkeypatch, every_file_is_long):
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    config = TextConfig(encoding=encoding)
    in_blocks = read_text([path], config, for_training=True)
    monkeypatch.setattr(reader, "LONG_BYTES", 1 << 40)
    whole = read_text([path], config, for_training=True)
    assert [s.content for s in in_blocks.sequences] == [s.content for s in whole.sequences]
    assert [s.place for s in in_blocks.sequences] == [s.place for s in whole.sequences]
    for name in ("sources", "notes", "warnings"):
        assert getattr(in_blocks, name) == getattr(whole, name)


@pytest.mark.parametrize("data", [b"\0binary\0" * 30, b"%PDF-1.7" * 30, b" \n" * 100])
def test_a_file_that_is_no_text_is_refused_alike(data, tmp_path, monkeypatch, every_file_is_long):
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    with pytest.raises(reader.DataError) as in_blocks:
        read_text([path], TextConfig(), for_training=True)
    monkeypatch.setattr(reader, "LONG_BYTES", 1 << 40)
    with pytest.raises(reader.DataError) as whole:
        read_text([path], TextConfig(), for_training=True)
    assert str(in_blocks.value) == str(whole.value)


@pytest.mark.parametrize("codec", ["character", "byte", "word", "grapheme"])
def test_every_codec_learns_and_encodes_it_alike(codec, tmp_path, monkeypatch, every_file_is_long):
    path = tmp_path / "text.txt"
    path.write_text("The serinette sings, e\u0301 👩‍👩‍👧 once more.\n" * 30, encoding="utf-8")
    config = TextConfig(codec=codec)
    in_blocks = read_text([path], config)
    assert isinstance(in_blocks.sequences[0], LongSequence)
    monkeypatch.setattr(reader, "LONG_BYTES", 1 << 40)
    whole = read_text([path], config)
    learnt = fit_codec(whole, config)
    assert fit_codec(in_blocks, config).to_json() == learnt.to_json()
    found, expected = encode(in_blocks, learnt), encode(whole, learnt)
    assert found.symbols.tolist() == expected.symbols.tolist()
    assert found.borders.tolist() == expected.borders.tolist()
