import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.table import KINDS
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.records import SQLITE

read = KINDS["text"].read
PLAIN = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")
FEW = settings(max_examples=40)  # each writes and reads a file
TEXTS = st.text(PLAIN, min_size=1, max_size=30).filter(str.strip)
ROWS = st.lists(st.tuples(TEXTS, st.text(PLAIN, max_size=6), st.integers(0, 9)), min_size=1)
FIELDS = TextConfig(text_field="body", context_fields=("author,year",))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def documents(corpus):
    return [(s.content, dict(s.context)) for s in corpus.sequences]


def told(rows):
    return [
        (text, {"author": author.strip(), "year": str(year)} if author.strip() else
         {"year": str(year)})
        for text, author, year in rows
    ]  # fmt: skip


def read_file(path, config, content, **how):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read([path], config, **how)


@FEW
@given(rows=ROWS)
def test_lines_of_json_come_back(tmp_path_factory, rows):
    lines = [
        json.dumps({"id": k, "body": text, "author": author, "year": year})
        for k, (text, author, year) in enumerate(rows)
    ]
    path = tmp_path_factory.mktemp("json") / "posts.jsonl"
    assert documents(read_file(path, FIELDS, "\n".join(lines) + "\n")) == told(rows)


@FEW
@given(rows=ROWS, delimiter=st.sampled_from(",;\t|"), quoting=st.sampled_from([0, 1]))
def test_a_table_comes_back_in_any_dialect(tmp_path_factory, rows, delimiter, quoting):
    rows = [(text.strip(), author.strip(), year) for text, author, year in rows]
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    writer.writerows([("year", "body", "author"), *((y, text, a) for text, a, y in rows)])
    path = tmp_path_factory.mktemp("csv") / "posts.csv"
    assert documents(read_file(path, FIELDS, written.getvalue())) == told(rows)


@FEW
@given(texts=st.lists(TEXTS.map(str.strip), min_size=1))
def test_a_table_of_one_column_comes_back(tmp_path_factory, texts):
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [("title",), *((text,) for text in texts)]
    )
    path = tmp_path_factory.mktemp("csv") / "titles.csv"
    corpus = read_file(path, TextConfig(text_field="title"), written.getvalue())
    assert [sequence.content for sequence in corpus.sequences] == texts


@FEW
@given(rows=ROWS)
def test_rows_of_a_database_come_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("db") / "posts.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE posts (body TEXT, author TEXT, year INTEGER)")
        database.executemany("INSERT INTO posts VALUES (?, ?, ?)", rows)
    before = path.read_bytes()
    corpus = read([path], TextConfig(query="SELECT body, author, year FROM posts ORDER BY rowid"))
    assert documents(corpus) == told(rows)
    assert path.read_bytes() == before


def test_names_with_dots_lead_into_objects_unless_there_is_such_a_field(here):
    lines = '{"post": {"body": "within"}, "author.name": "flat", "author": {"name": "deep"}}\n'
    config = TextConfig(text_field="post.body", label_field="author.name", labels="field")
    (sequence,) = read_file(here / "p.jsonl", config, lines).sequences
    assert (sequence.content, dict(sequence.context)) == ("within", {"label": "flat"})
    assert sequence.place.endswith("p.jsonl:1")


def test_records_without_text_are_left_out_and_it_is_said(here):
    lines = '{"body": "one"}\n\n{"body": null}\n{"body": " "}\n{"body": "a\\r\\nb"}\n{}\n'
    corpus = read_file(here / "p.jsonl", TextConfig(text_field="body"), lines)
    assert [s.content for s in corpus.sequences] == ["one", "a\nb"]
    assert [note.rpartition("p.jsonl")[2] for note in corpus.notes] == [
        ": lines of JSON; 'body' of each is a document", ": read as UTF-8", ":3: no text, left out",
        ":4: no text, left out", ":6: no text, left out", ": line ends CR LF or CR read as LF",
    ]  # fmt: skip


def test_truth_and_numbers_are_facts_too(here):
    lines = '{"text": "one", "is_old": true, "stars": 4.5}\n{"text": "two", "stars": null}\n'
    config = TextConfig(context_fields=("is_old", "stars"))
    corpus = read_file(here / "p.jsonl", config, lines)
    assert documents(corpus) == [("one", {"is_old": "true", "stars": "4.5"}), ("two", {})]


def test_the_label_of_records_may_be_the_name_of_their_file(here):
    config = TextConfig(text_field="body", labels="file", context_fields=("year",))
    corpus = read_file(here / "Austen.csv", config, "body,year\nhello,1813\n")
    assert documents(corpus) == [("hello", {"label": "Austen", "year": "1813"})]


def test_a_score_reads_plain_text_as_plain_text(here):
    corpus = read_file(here / "draft.txt", FIELDS, "No record.")
    assert documents(corpus) == [("No record.", {})]
    assert "no record has a value of 'author'" in corpus.warnings[0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.jsonl", '{"body": "x"}\n{"body": \n', "p.jsonl:2: not JSON (Expecting value"),
        ("p.jsonl", '{"body": "x"}\n["x"]\n', "p.jsonl:2: a list, not an object"),
        ("p.jsonl", '{"body": 12}\n', "p.jsonl:1: 'body' is a number (12), not text"),
        ("p.jsonl", '{"body": "a\\u0000"}\n', "p.jsonl:1: character 1 is NUL"),
        ("p.jsonl", '{"body": "\\ud800"}\n', "p.jsonl:1: character 0 is a lone surrogate"),
        ("p.jsonl", '{"bodi": "x"}\n', "no record has the field 'body' (did you mean 'bodi'?)"),
        ("p.jsonl", '{"body": "x", "author": ["y"]}\n', "'author' is a list, and a fact is one"),
        ("p.jsonl", '{"x":' * 100_000 + "\n", "p.jsonl:1: "),
        ("p.jsonl", '{"body": "x", "yaer": 3}\n', "no record has a value of 'author'"),
        ("p.csv", "bodi,author,year\nx,y,1\n", "no column 'body' (did you mean 'bodi'?)"),
        ("p.csv", "body,author,year\nx,y,1\nx,y\n", "p.csv:3: 2 fields, but the first line has 3"),
        ("p.csv", 'body,author,year\nx,y,1\n"x,y,1\n\n', "p.csv:3: not a row (unexpected end"),
        ("p.csv", 'body,author,year\n"a" b,y,1\n', "p.csv:2: not a row"),
        ("p.txt", "plain", "p.txt: neither lines of JSON"),
        ("p.db", SQLITE + b"\0" * 90, "say which texts to read with --data.query"),
    ],
)  # fmt: skip
def test_a_bad_record_is_told_with_its_file_and_line(here, name, content, message):
    with pytest.raises(DataError) as caught:
        read_file(here / name, FIELDS, content, for_training=True)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def database(here):
    with closing(sqlite3.connect(here / "posts.db")) as found, found:
        found.execute("CREATE TABLE posts (id INTEGER, body TEXT, data BLOB)")
        found.execute("INSERT INTO posts VALUES (17, 'a text', x'00ff')")
    return here / "posts.db"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELEC body", 'posts.db: the query failed: near "SELEC": syntax error (tables: posts)'),
        ("SELECT body FROM post", "no such table: post (tables: posts); mend data.query"),
        ("SELECT bod FROM posts", "no such column: bod"),
        ("DELETE FROM posts", "attempt to write a readonly database"),
        ("SELECT id FROM posts", "posts.db, row 1: 'id' is a number (17), not text"),
        ("SELECT data FROM posts", "posts.db, row 1: 'data' is bytes, not text"),
        ("SELECT body, data FROM posts", "row 1: 'data' is bytes, and a fact is one value"),
        ("PRAGMA user_version = 3", "attempt to write a readonly database"),
        ("SELECT body FROM posts; SELECT 1", "one statement at a time"),
    ],
)
def test_a_bad_query_is_refused_in_one_line(database, query, message):
    before = database.read_bytes()
    with pytest.raises(DataError) as caught:
        read([database], TextConfig(query=query))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"text_field": "bod"}, "the query has no column 'bod' (did you mean 'body'?)"),
        ({"context_fields": ("ID",)}, "the query has no column 'ID'"),
    ],
)
def test_a_column_that_a_query_does_not_give_is_told(database, named, message):
    with pytest.raises(DataError) as caught:
        read([database], TextConfig(query="SELECT body, id FROM posts", **named))
    assert message in str(caught.value)


def test_an_empty_query_and_a_damaged_database_are_refused(database, here):
    with pytest.raises(DataError, match="returns no rows of columns; write a SELECT"):
        read([database], TextConfig(query=" "))
    (here / "bad.db").write_bytes(b"no database at all, but long enough" * 9)
    with pytest.raises(DataError, match="a damaged SQLite database"):
        read([here / "bad.db"], TextConfig(query="SELECT 1"))


def test_a_database_or_json_without_a_word_of_its_fields_says_what_helps(database, here):
    with pytest.raises(DataError, match=r"say which texts to read with --data\.query"):
        read([database], TextConfig())
    corpus = read_file(here / "p.jsonl", TextConfig(), '{"body": "x"}\n')
    assert "looks like lines of JSON, and is read as plain text" in corpus.warnings[0]
    with pytest.raises(ConfigError, match="a query is for SQLite databases"):
        read([here / "p.jsonl"], TextConfig(query="SELECT 1"), for_training=True)


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"labels": "field"}, "labels 'field' needs the name of the field"),
        ({"text_field": "a", "documents": "line"}, "documents 'line' is for plain text"),
        ({"text_field": "a", "labels": "folder"}, "labels 'folder' is for plain text"),
        ({"label_field": "a", "labels": "file"}, "labels 'file' is for plain text"),
        ({"text_field": "a", "context_fields": ("b,a",)}, "'a' is the text or the label already"),
        ({"context_values": 0}, "context_values must be at least 1, got 0"),
        ({"weights": (1.0, 0.0)}, "weights must be above 0 and at most 1000, got 0"),
        ({"weights": (2.0,), "canaries": 1}, "canaries: with weights"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given_settings, message):
    with pytest.raises(ConfigError) as caught:
        TextConfig(**given_settings)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said", "found"),
    [
        ("a.jsonl", '{"text": "x"}\n', (), True),
        ("a.NDJSON", '\ufeff{"id": 3, "text": ""}', (), True),
        ("a.jsonl", '{"text": "x"}\n', ("data.documents",), False),
        ("a.jsonl", '{"text": "x"}\n', ("data.codec",), True),
        ("a.txt", '{"text": "x"}\n', (), False),
        ("a.jsonl", '{"body": "x"}\n', (), False),
        ("a.jsonl", '{"text": 3}\n', (), False),
        ("a.jsonl", "[" * 10_000, (), False),
        ("a.jsonl", "text\n", (), False),
        ("a.jsonl", "", (), False),
    ],
)
def test_lines_of_json_that_hold_texts_are_found(here, name, content, said, found):
    path = here / name
    path.write_text(content, encoding="utf-8")
    suits = KINDS["text"].suits([path], said)
    assert suits == ({"data.text_field": "text"} if found else {})
    assert KINDS["text"].suits([path, here / "missing.jsonl"], said) == {}
    assert KINDS["text"].suits([content], said) == {}
