import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, DataError, NotFoundError
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.reader import read_table


def written(folder, content, name="t.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table_of(folder, content, **settings_):
    return read_table([written(folder, content)], SeriesConfig(**settings_))


def values(table, name):
    return table.column(name).values.tolist()


def words(table, name):
    column = table.column(name)
    return [None if np.isnan(n) else column.levels[int(n)] for n in column.values]


ROWS = "date,x,kind\n2024-01-01,1.5,a\n2024-01-02,,b\n2024-01-03,2.25,a\n"


@pytest.mark.parametrize("n_empty", [1, 2, 3, 9])
def test_empty_lines_before_a_table_are_passed_over(tmp_path, n_empty):
    table = table_of(tmp_path, "\n" * n_empty + ROWS)
    assert [column.name for column in table.columns] == ["date", "x", "kind"]
    assert words(table, "kind") == ["a", "b", "a"]


def test_a_plain_table_is_read_with_its_types_and_its_time(tmp_path):
    table = table_of(tmp_path, ROWS)
    assert [column.type for column in table.columns] == ["datetime", "real", "category"]
    assert table.time == "date"
    assert table.entity == ()
    assert values(table, "x")[::2] == [1.5, 2.25]
    assert np.isnan(values(table, "x")[1])
    assert words(table, "kind") == ["a", "b", "a"]
    assert table.column("x").decimals == 2
    assert table.column("date").format == "%Y-%m-%d"
    assert "time: `date` (regular, every 1 day; --time)" in table.notes


@pytest.mark.parametrize(
    "content",
    [
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace("\n", "\r").encode(),
        ROWS.replace("\n", "\r\n", 2).encode(),
        ROWS.replace(",", "\t").encode(),
        ROWS.replace(",", "|").encode(),
        ROWS.replace(",", ";").replace(".", ",").encode(),
        ROWS.replace(",", ", ").encode(),
        ROWS.replace("1.5,a", '"1.5","a"').encode(),
        ROWS.replace("1.5,a", "1.5,a,,").encode(),
        ROWS.replace("\n2024-01-02", "\n\n2024-01-02").encode(),
    ],
)
def test_every_dialect_gives_the_same_table(tmp_path, content):
    plain, other = table_of(tmp_path, ROWS), table_of(tmp_path, content)
    for left, right in zip(plain.columns, other.columns, strict=True):
        assert (left.name, left.type, left.levels) == (right.name, right.type, right.levels)
        assert (left.decimals, left.format) == (right.decimals, right.format)
        np.testing.assert_array_equal(left.values, right.values)


def test_a_packed_file_is_read(tmp_path):
    path = written(tmp_path, gzip.compress(ROWS.encode()), "t.csv.gz")
    assert values(read_table(path), "x")[0] == 1.5


def test_thousands_marks_are_read_with_either_decimal_mark(tmp_path):
    german = table_of(tmp_path, "a;b\n1.234,5;x\n2.000.000,25;y\n7;x\n")
    assert values(german, "a") == [1234.5, 2000000.25, 7.0]
    english = table_of(tmp_path, 'a,b\n"1,234.5",x\n"2,000",y\n7,x\n')
    assert values(english, "a") == [1234.5, 2000.0, 7.0]


def test_latin_1_is_found_out(tmp_path):
    table = table_of(
        tmp_path, "stadt,x\nKöln,1\nMünchen,2\nKöln,3\nDüsseldorf,4\n".encode("cp1252")
    )
    assert words(table, "stadt") == ["Köln", "München", "Köln", "Düsseldorf"]
    assert table.sources[0].encoding == "cp1252"


def test_a_long_file_flows_through_and_gives_the_same_table(tmp_path, monkeypatch):
    from serinette.kinds.series import columns, csv_reader, store

    rows = "".join(f"{n % 7},{n / 4},Köln\r\n" for n in range(4_000))
    path = written(tmp_path, f"k,x,stadt\r\n{rows}".encode("cp1252"))
    plain = read_table(path)
    monkeypatch.setattr(store, "HELD_BYTES", 1000)
    whole = csv_reader.open_csv
    monkeypatch.setattr(columns, "open_csv", lambda p, c: whole(p, c, most_bytes=1000))
    streamed = read_table(path, scratch=tmp_path / "scratch")
    assert isinstance(streamed.column("x").values, np.memmap)
    assert list((tmp_path / "scratch").iterdir()) == []
    assert streamed.sources == plain.sources
    for left, right in zip(plain.columns, streamed.columns, strict=True):
        np.testing.assert_array_equal(left.values, right.values)
        assert left.levels == right.levels


def test_ragged_lines_are_refused_with_file_and_line(tmp_path):
    with pytest.raises(DataError, match=r"t\.csv:4: 3 fields, but the first line has 2; mend"):
        table_of(tmp_path, 'a,b\n1,"x\ny"\n1,2,3\n')
    with pytest.raises(DataError, match=r"t\.csv:3: 1 field, but"):
        table_of(tmp_path, "a,b\n1,2\n3\n")


def test_longer_lines_of_empty_fields_are_told(tmp_path):
    assert "1 line is longer by empty fields" in "\n".join(
        table_of(tmp_path, "a,b\n1,2,\n3,4\n").notes
    )


def test_a_table_without_header_gets_names(tmp_path):
    table = table_of(tmp_path, "1,2.5\n2,3.5\n")
    assert [column.name for column in table.columns] == ["c1", "c2"]
    assert values(table, "c1") == [1, 2]
    assert any("no header" in note for note in table.notes)


def test_doubled_names_are_told_apart(tmp_path):
    table = table_of(tmp_path, "x,x,x.2,x\n1,2,3,4\n2,3,4,5\n")
    assert [column.name for column in table.columns] == ["x", "x.3", "x.2", "x.4"]
    assert any("two columns are named `x`" in warning for warning in table.warnings)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty; give a table"),
        (" \n\n", "empty; give a table"),
        ("a,b\n", "only a header, no rows"),
        ("a,b\n" + "1,2\n" * 200 + "x,2\n", r"t\.csv:202, column `a`: 'x' among numbers; .*--data"),
        ("a,b\n1,2\n3,inf\n", r"t\.csv:3, column `b`: inf is no number to learn from"),
        ("a,b\n1,2\n-1e301,2\n", r"t\.csv:3, column `a`: -1e301 is no number"),
        (",".join(f"v{n}" for n in range(10_001)) + "\n", "10001 columns; at most 10000"),
        ('a,b\n1,"2\n', r"t\.csv:2: unexpected end of data; is a quotation mark"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        table_of(tmp_path, content)


def test_a_word_among_numbers_passes_as_missing_or_category(tmp_path):
    content = "a,b\n" + "1,2\n" * 200 + "x,2\n"
    assert np.isnan(values(table_of(tmp_path, content, missing=("", "x")), "a")[-1])
    assert words(table_of(tmp_path, content, types={"a": "category"}), "a")[-1] == "x"


def test_a_few_words_among_few_numbers_make_a_category_with_a_warning(tmp_path):
    table = table_of(tmp_path, "a,b\n1,2\n1,3\nx,2\nx,2\n")
    assert table.column("a").type == "category"
    assert any("mixes numbers with words, the first 'x' (" in w for w in table.warnings)


def test_one_row_and_one_column_are_read_and_told(tmp_path):
    single = table_of(tmp_path, "a,b\n1,x\n")
    assert single.n_rows == 1
    assert any("a single row" in warning for warning in single.warnings)
    assert values(table_of(tmp_path, "a\n1\n2\n3\n"), "a") == [1, 2, 3]
    with pytest.raises(DataError, match="1 row is too little to learn from"):
        read_table(written(tmp_path, "a\n1\n"), for_training=True)


def test_nothing_left_to_learn_is_refused_only_for_training(tmp_path):
    path = written(tmp_path, "name\n" + "".join(f"n{n}x\n" for n in range(20)))
    assert read_table(path).left_out == {"name": "an identifier: every cell differs"}
    with pytest.raises(DataError, match="no column is left"):
        read_table(path, for_training=True)


def test_a_column_of_missing_cells_is_left_out(tmp_path):
    table = table_of(tmp_path, "a,b\n1,\n2,NA\n")
    assert table.left_out == {"b": "every cell is missing"}


def test_several_files_are_one_table(tmp_path):
    one = written(tmp_path, "a,b\n1,x\n2,y\n", "1.csv")
    two = written(tmp_path, "b;a\nz;3,5\ny;4\n", "2.csv")
    table = read_table([one, two])
    assert values(table, "a") == [1, 2, 3.5, 4]
    assert words(table, "b") == ["x", "y", "z", "y"]
    three = written(tmp_path, "a,c\n1,x\n", "3.csv")
    with pytest.raises(DataError, match=r"3\.csv: no column `b` than .*1\.csv; files of one table"):
        read_table([one, three])


def test_errors_in_a_second_file_name_its_line(tmp_path):
    one = written(tmp_path, "a\n" + "1\n" * 300, "1.csv")
    two = written(tmp_path, "a\n1\noops\n", "2.csv")
    with pytest.raises(DataError, match=r"2\.csv:3, column `a`: 'oops'"):
        read_table([one, two])


def test_files_that_are_not_there_are_not_found(tmp_path):
    with pytest.raises(NotFoundError, match=r"no\.csv: no such file"):
        read_table(tmp_path / "no.csv")
    with pytest.raises(DataError, match="a folder; name the tables"):
        read_table(tmp_path)
    with pytest.raises(ConfigError, match="no table is named"):
        read_table([])
    with pytest.raises(ConfigError, match="one format"):
        read_table([tmp_path / "a.csv", tmp_path / "b.parquet"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_refused_in_one_line(tmp_path, content):
    refusal, table = "", None
    try:
        table = table_of(tmp_path, content)
    except DataError as error:
        refusal = str(error)
    assert "\n" not in refusal
    if table is not None:
        assert table.n_rows >= 1
        assert all(len(column.values) == table.n_rows for column in table.columns)
