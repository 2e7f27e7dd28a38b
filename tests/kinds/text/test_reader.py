import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, DataError, NotFoundError
from serinette.kinds.table import KINDS
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.encodings import check_text

read = KINDS["text"].read
POEMS = "one\ntwo\n\n \nthree\n\n\nfour\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Path(path.name)


def contents(corpus):
    return [sequence.content for sequence in corpus.sequences]


def test_a_file_is_one_document_and_its_hash_is_kept(here):
    path = write(here / "notes.txt", POEMS)
    corpus = read([path], TextConfig())
    assert contents(corpus) == [POEMS]
    (source,) = corpus.sources
    assert source.sha256 == hashlib.sha256(POEMS.encode()).hexdigest()
    assert (source.path, source.n_bytes, source.encoding) == ("notes.txt", len(POEMS), "UTF-8")
    assert corpus.notes == (
        "notes.txt: read as UTF-8",
        "notes.txt: one document; documents 'line' or 'blank-line' would divide it",
    )
    assert corpus.warnings == ()


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ("file", [(POEMS, "n.txt")]),
        (
            "line",
            [("one", "n.txt:1"), ("two", "n.txt:2"), ("three", "n.txt:5"), ("four", "n.txt:8")],
        ),
        ("blank-line", [("one\ntwo", "n.txt:1"), ("three", "n.txt:5"), ("four", "n.txt:8")]),
    ],
)
def test_documents_are_what_the_config_says(here, documents, expected):
    corpus = read([write(here / "n.txt", POEMS)], TextConfig(documents=documents))
    assert [(s.content, s.place) for s in corpus.sequences] == expected


def test_only_a_line_feed_ends_a_line(here):
    path = write(here / "n.txt", "a\u2028b\fc\nd")
    assert contents(read([path], TextConfig(documents="line"))) == ["a\u2028b\fc", "d"]


def test_carriage_returns_become_line_feeds_and_it_is_said(here):
    corpus = read([write(here / "n.txt", "a\r\nb\rc\n")], TextConfig())
    assert contents(corpus) == ["a\nb\nc\n"]
    assert "n.txt: line ends CR LF or CR read as LF" in corpus.notes


def test_unicode_is_kept_whole(here):
    text = "e\u0301 é ﬁ 🏳️‍🌈 \u200d"
    assert contents(read([write(here / "n.txt", text)], TextConfig())) == [text]


def test_a_folder_is_read_in_order_and_what_is_no_text_is_left_out_with_a_note(here):
    write(here / "poems" / "b.txt", "bbb")
    write(here / "poems" / "a" / "z.txt", "zzz")
    write(here / "poems" / ".hidden", "no")
    write(here / "poems" / ".git" / "x", "no")
    write(here / "poems" / "p.png", b"\x89PNG\r\n\x1a\n")
    write(here / "poems" / "n.bin", b"ab\0cd")
    corpus = read([Path("poems")], TextConfig())
    assert contents(corpus) == ["zzz", "bbb"]
    assert corpus.notes == (
        "poems/a/z.txt: read as UTF-8",
        "poems/b.txt: read as UTF-8",
        "left out: poems/n.bin: byte 2 is NUL, which text never holds: this looks like a binary "
        "file; export it as plain text, or give its encoding",
        "left out: poems/p.png: a PNG image, not plain text; export it as plain text",
    )


def test_of_many_files_only_the_numbers_are_said(here):
    for i in range(7):
        write(here / "poems" / f"{i}.txt", f"poem é {i}".encode("utf-16" if i == 3 else "utf-8"))
        write(here / "poems" / f"{i}.pdf", b"%PDF-1.7")
    corpus = read([Path("poems")], TextConfig())
    assert corpus.notes == (
        "7 files: read 6 as UTF-8, 1 as UTF-16 LE",
        "7 files left out, the first: poems/0.pdf: a PDF document, not plain text; "
        "export it as plain text",
    )


def test_a_file_named_twice_is_read_once(here):
    write(here / "poems" / "a.txt", "aaa")
    corpus = read([Path("poems"), Path("poems/a.txt")], TextConfig())
    assert contents(corpus) == ["aaa"]


def test_a_loop_of_links_is_cut(here):
    write(here / "poems" / "a.txt", "aaa")
    (here / "poems" / "again").symlink_to(here / "poems")
    assert contents(read([Path("poems")], TextConfig())) == ["aaa"]


def test_strings_are_documents(here):
    corpus = read(["one\r\ntwo", "three"], TextConfig())
    assert contents(corpus) == ["one\ntwo", "three"]
    assert [s.place for s in corpus.sequences] == ["text 0", "text 1"]
    (source,) = corpus.sources
    assert source.sha256 == hashlib.sha256(b"one\r\ntwothree").hexdigest()
    assert contents(read(["one\ntwo"], TextConfig(documents="line"))) == ["one", "two"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [("none", {}), ("folder", {"label": "odes"}), ("file", {"label": "spring"})],
)
def test_labels_come_from_the_path(here, labels, expected):
    write(here / "odes" / "spring.txt", "aaa")
    corpus = read([Path("odes")], TextConfig(labels=labels))
    assert corpus.sequences[0].context == expected


def test_labels_come_from_the_column_before_the_first_tab(here):
    path = write(here / "n.txt", "ode\tO wind\there\n\nhaiku\tfrog\n")
    corpus = read([path], TextConfig(labels="column"))
    found = [(s.context["label"], s.content, s.place) for s in corpus.sequences]
    assert found == [("ode", "O wind\there", "n.txt:1"), ("haiku", "frog", "n.txt:3")]


def test_one_line_that_was_to_be_many_is_warned_of(here):
    corpus = read([write(here / "n.txt", "x" * 1000)], TextConfig(documents="line"))
    assert corpus.warnings == ("n.txt:1: only one line, so one document",)


def test_one_enormous_line_without_an_end_is_read(here):
    corpus = read([write(here / "n.txt", "ab" * 500_000)], TextConfig(), for_training=True)
    assert corpus.n_characters == 1_000_000


@pytest.mark.parametrize(
    ("content", "config", "message"),
    [
        ("", {}, "n.txt: empty, or only white space; give a file that holds text"),
        (" \n\n ", {}, "n.txt: empty, or only white space; give a file that holds text"),
        (
            "x" * 99,
            {},
            "n.txt: 99 characters are too little to learn from; "
            "give at least 100, better a hundred thousand",
        ),
        (
            "x",
            {},
            "n.txt: 1 character is too little to learn from; "
            "give at least 100, better a hundred thousand",
        ),
        (b"%PDF-1.4 ...", {}, "n.txt: a PDF document, not plain text; export it as plain text"),
        (b"PK\x03\x04 x", {}, "n.txt: a zip archive, not plain text; export it as plain text"),
        (
            b"PK\x03\x04 word/document.xml",
            {},
            "n.txt: a Word document (docx), not plain text; export it as plain text",
        ),
        (b"\x1f\x8b\x08", {}, "n.txt: a gzip archive, not plain text; export it as plain text"),
        (b"\x89PNG\r\n", {}, "n.txt: a PNG image, not plain text; export it as plain text"),
        (
            bytes(range(1, 32)) * 9,
            {},
            "n.txt: a binary file, not plain text; export it as plain text",
        ),
        (
            "ode\tx\nno label here\n",
            {"labels": "column"},
            "n.txt:2: labels 'column' needs LABEL, tab, TEXT on every line, got 'no label here'; "
            "add the label or choose other labels",
        ),
        (
            "a\0b".encode("utf-16"),
            {},
            "n.txt: character 1 is NUL (U+0000), which text never holds; remove it",
        ),
    ],
)
def test_a_file_that_cannot_be_learnt_from_is_refused_in_one_line(here, content, config, message):
    path = write(here / "n.txt", content)
    with pytest.raises(DataError) as caught:
        read([path], TextConfig(**config), for_training=True)
    assert str(caught.value) == message


def test_wide_text_full_of_low_bytes_is_text(here):
    text = "一丁七万丈三上下" * 9
    assert contents(read([write(here / "n.txt", text.encode("utf-16"))], TextConfig())) == [text]


def test_a_little_text_is_enough_to_be_scored(here):
    assert contents(read([write(here / "n.txt", "x")], TextConfig())) == ["x"]


def test_an_empty_folder_is_refused(here):
    (here / "poems").mkdir()
    with pytest.raises(DataError, match="poems: the folder holds no file to read; put text files"):
        read([Path("poems")], TextConfig())


def test_a_folder_without_text_is_refused_with_the_first_reason(here):
    write(here / "poems" / "a.pdf", b"%PDF")
    with pytest.raises(
        DataError, match=r"poems: holds no text; the first file: poems/a\.pdf: a PDF"
    ):
        read([Path("poems")], TextConfig())


def test_a_missing_file_is_answered_with_the_nearest_name(here):
    write(here / "notes.txt", "abc")
    with pytest.raises(NotFoundError) as caught:
        read([Path("notse.txt")], TextConfig())
    assert str(caught.value) == "notse.txt: no such file or folder (did you mean 'notes.txt'?)"
    with pytest.raises(NotFoundError, match=r"xyz: no such file or folder; check the name"):
        read([Path("xyz")], TextConfig())
    with pytest.raises(NotFoundError, match=r"\(there is no folder no/such either\)"):
        read([Path("no/such/file")], TextConfig())


def test_a_link_that_leads_nowhere_is_refused(here):
    (here / "n.txt").symlink_to("n.txt")
    with pytest.raises(NotFoundError, match=r"n\.txt: no such file or folder"):
        read([Path("n.txt")], TextConfig())


def test_a_pipe_is_refused_and_left_out_of_a_folder(here):
    write(here / "poems" / "a.txt", "aaa")
    os.mkfifo(here / "poems" / "pipe")
    with pytest.raises(DataError, match="pipe: neither a file nor a folder; save its content"):
        read([Path("poems/pipe")], TextConfig())
    assert contents(read([Path("poems")], TextConfig())) == ["aaa"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            PermissionError(13, "Permission denied"),
            "n.txt: no permission to read it; change its permissions or copy it",
        ),
        (
            OSError(5, "Input/output error"),
            "n.txt: cannot be read (Input/output error); copy it and try again",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(here, monkeypatch, error, message):
    path = write(here / "n.txt", "abc")

    def refuse(_):
        raise error

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError) as caught:
        read([path], TextConfig())
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ab\ud800",
            "text 1: character 2 is a lone surrogate (U+D800), which is not a character; "
            "remove it or decode the text again",
        ),
        ("ab\0", "text 1: character 2 is NUL (U+0000), which text never holds; remove it"),
    ],
)
def test_a_string_that_is_no_text_is_refused(text, message):
    with pytest.raises(DataError) as caught:
        read(["fine", text], TextConfig())
    assert str(caught.value) == message


def test_empty_strings_are_refused():
    with pytest.raises(DataError, match="the texts: empty, or only white space"):
        read(["", ""], TextConfig())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_every_text_passes_the_check(text):
    check_text(text, "here")


def test_strings_have_no_folder():
    with pytest.raises(ConfigError, match="labels 'folder' needs files, got strings; use labels"):
        read(["abc"], TextConfig(labels="folder"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_vocabulary": 1}, "max_vocabulary must be at least 2, got 1"),
        ({"min_count": 0}, "min_count must be at least 1, got 0"),
        (
            {"labels": "column", "documents": "file"},
            "labels 'column' needs documents 'line', got 'file'; "
            "leave documents out or set it to line",
        ),
        (
            {"encoding": "rot13"},
            "encoding 'rot13' is not known; "
            "leave it out or give utf-8, utf-16, utf-32, cp1252 or gb18030",
        ),
        (
            {"encoding": "utf-9"},
            "encoding 'utf-9' is not known; "
            "leave it out or give utf-8, utf-16, utf-32, cp1252 or gb18030",
        ),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, message):
    with pytest.raises(ConfigError) as caught:
        TextConfig(**settings)
    assert str(caught.value) == message


def test_a_text_in_place_of_a_path_is_told_in_one_line():
    with pytest.raises(NotFoundError, match="give a path, or a list of texts") as told:
        KINDS["text"].read([Path("a bird sings\n" * 500)], TextConfig())
    assert "\n" not in str(told.value)
