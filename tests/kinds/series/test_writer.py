import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, DataError, NotFoundError
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.dialect import Dialect
from serinette.kinds.series.reader import read_table
from serinette.kinds.series.table import Column, Table
from serinette.kinds.series.writer import table_bytes, write_table

LEVELS = ("b", "a,c", 'x"y', "=1+1", "two\nlines", "Köln", " padded ")


def sometimes_missing(values):
    return st.one_of(st.just(float("nan")), values)


def columns_of(n_rows):
    def column(values):
        return st.lists(sometimes_missing(values), min_size=n_rows, max_size=n_rows).map(np.array)

    return st.fixed_dictionaries(
        {
            "real": column(st.floats(-1e300, 1e300)),
            "money": column(st.integers(-(10**9), 10**9).map(lambda n: n / 100)),
            "integer": column(st.integers(-(2**53), 2**53).map(float)),
            "category": column(st.integers(0, len(LEVELS) - 1).map(float)),
            "boolean": column(st.integers(0, 1).map(float)),
            "datetime": column(st.integers(-(10**10), 10**10).map(float)),
        }
    )


SHAPES = {
    "real": {}, "money": {"decimals": 2}, "integer": {"decimals": 0},
    "category": {"levels": LEVELS}, "boolean": {"levels": ("no", "yes")},
    "datetime": {"format": "%d.%m.%Y %H:%M:%S"},
}  # fmt: skip
TYPES = {name: "real" if name == "money" else name for name in SHAPES}


def table_of(drawn):
    columns = tuple(
        Column(name=name, type=TYPES[name], values=drawn[name], **shape)
        for name, shape in SHAPES.items()
    )
    return Table(columns=columns, starts=np.array([0, len(drawn["real"])]))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".arrow", ".feather"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.integers(1, 5).flatmap(columns_of))
def test_what_is_written_is_read_again(tmp_path, suffix, drawn):
    if suffix in (".parquet", ".arrow", ".feather"):
        pytest.importorskip("polars")
    table = table_of(drawn)
    path = tmp_path / f"t{suffix}"
    path.write_bytes(table_bytes(table, suffix[1:], formula_safe=False))
    config = SeriesConfig(entity=("-",), time="-", types=TYPES, day_first=True)
    assume(all(not np.isnan(column.values).all() for column in table.columns))
    assume(len(set(drawn["boolean"][~np.isnan(drawn["boolean"])])) > 0)
    back = read_table(path, config)
    for column in table.columns:
        found = back.column(column.name)
        assert found.type == column.type
        if column.type == "category":
            words = [[None if np.isnan(n) else c.levels[int(n)] for n in c.values]
                     for c in (column, found)]  # fmt: skip
            assert words[0] == words[1]
        else:
            np.testing.assert_array_equal(found.values, column.values)


def word_table(*words):
    column = Column(name="=w", type="category", values=np.arange(float(len(words))), levels=words)
    number = Column(name="n", type="real", values=-np.arange(float(len(words))), decimals=1)
    return Table(columns=(column, number), starts=np.array([0, len(words)]))


def test_words_that_a_spreadsheet_would_run_get_an_apostrophe_and_numbers_never():
    table = word_table("=1+1", "+1", "-x", "@sum", "\tx", "plain")
    lines = table_bytes(table).decode().split("\n")
    assert lines[0] == "'=w,n"
    assert lines[2] == "'+1,-1.0"
    assert [line[0] for line in lines[1:6]] == ["'"] * 5
    assert lines[6] == "plain,-5.0"
    assert table_bytes(table, formula_safe=False).startswith(b"=w,n\n=1+1,")


def test_numbers_are_spelt_as_the_source_spells_them(tmp_path):
    content = "when,x,n,k\n03.02.2024,1.50,4,no\n13.02.2024,-0.25,,yes\n"
    path = tmp_path / "t.csv"
    path.write_text(content)
    write_table(read_table(path), tmp_path / "u.csv")
    assert (tmp_path / "u.csv").read_text() == content


def test_other_marks_are_written_on_demand(tmp_path):
    table = word_table("a;b", "c")
    write_table(table, tmp_path / "t.csv", dialect=Dialect(delimiter=";", decimal=","))
    assert (tmp_path / "t.csv").read_text() == '\'=w;n\n"a;b";-0,0\nc;-1,0\n'


def test_a_long_table_is_whole_or_as_it_was_before(tmp_path, monkeypatch):
    from serinette.kinds.series import writer

    monkeypatch.setattr(writer, "_CHUNK_ROWS", 2)
    table, path = word_table("a", "b", "c", "d", "e"), tmp_path / "t.csv"
    write_table(table, path)
    assert path.read_bytes() == table_bytes(table)

    def broken(*_args, **_kwargs):
        yield b"half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "csv_pieces", broken)
    with pytest.raises(Exception, match="no space left"):
        write_table(table, path)
    assert path.read_bytes().startswith(b"'=w,n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


def test_other_formats_are_refused():
    with pytest.raises(ConfigError, match="tables are not written as 'xlsx'"):
        table_bytes(word_table("a"), "xlsx")


def test_damaged_and_different_columnar_files_are_refused(tmp_path):
    pytest.importorskip("polars")
    write_table(word_table("a", "b"), tmp_path / "a.parquet")
    write_table(table_of({name: np.ones(2) for name in SHAPES}), tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"c\.parquet: not read"):
        read_table(tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r"a\.parquet: not read"):
        read_table([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    with pytest.raises(NotFoundError, match=r"d\.parquet: no such file"):
        read_table(tmp_path / "d.parquet")
    twice = read_table([tmp_path / "a.parquet"] * 2)
    assert twice.n_rows == 4
