"""What is read in bulk is what is read cell by cell: the slow way is the definition."""

import csv
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from serinette.core.errors import DataError, SerinetteError
from serinette.kinds.series import blocks, columns, csv_reader, spans
from serinette.kinds.series.aligned_dates import aligned_parts
from serinette.kinds.series.cells import Numerals
from serinette.kinds.series.columns import Filling
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.csv_reader import open_csv
from serinette.kinds.series.dates import formats_of, read_aligned, read_dates
from serinette.kinds.series.dialect import Dialect
from serinette.kinds.series.reader import read_table
from serinette.kinds.series.spans import Spans, regular_columns, spellings_of
from serinette.kinds.series.survey import Survey
from serinette.kinds.series.types import decide

ODD = [
    "", " ", "NA", "NaN", "nan", "inf", "1", "-1", "+7", "0", "-0.0", "007", "0.5", "00.5", ".5",
    "5.", ".", "-", "+-1", "1e3", "1E-2", "1_000", "1,5", "-0,25", "1.234,5", " 2 ",
    "3.14159265358979", "123456789012345", "1234567890123456", "0.1234567890123",
    "99999999999.9999", "1e301", "é", "x", "y z", "-999", "2024-01-01", "2024-02-30",
    "2024-01-01 10:00:00", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00.5", "12:30", "a" * 70, "５",
]  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-(10**17), 10**17).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.tuples(st.integers(0, 10**8), st.integers(0, 8)).map(
        lambda pair: f"{pair[0] / 10 ** pair[1]:.{pair[1]}f}"
    ),
)  # fmt: skip
CELLS = st.one_of(
    st.lists(st.sampled_from(ODD), min_size=1, max_size=20),
    st.lists(st.one_of(NUMBERS, st.sampled_from(["", "NA"])), min_size=1, max_size=20),
    st.lists(st.sampled_from(["2024-01-01 10:00:00", "2024-01-02 23:59:59"]), min_size=1),
    st.lists(st.dates().map(str), min_size=1, max_size=9),
    st.lists(st.text("ab1. -", max_size=12), min_size=1, max_size=20),
)  # fmt: skip
MISSING = st.sampled_from([{""}, {"", "NA", "NaN"}, {"-999", ""}, {"", "2024-01-01"}, {"x"}])
DECIMAL = st.sampled_from([".", ","])


@pytest.fixture(autouse=True)
def _short_blocks(monkeypatch):
    monkeypatch.setattr(spans, "FEWEST_ROWS", 1)


def spans_of(cells):
    block = "".join(f"{cell}|{n}\n" for n, cell in enumerate(cells)).encode()
    found = regular_columns(block, 2, Dialect(delimiter="|"))[0]
    assert isinstance(found, Spans)
    return found


@given(CELLS)
def test_cells_of_a_block_are_its_text(cells):
    found = spans_of(cells)
    assert list(found) == cells
    assert found[0] == cells[0]
    assert found[1:] == cells[1:]
    fast, slow = found.spellings, spellings_of(tuple(cells))
    assert fast.words == slow.words
    for name in ("codes", "first", "counts"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name))


MARKS = st.text('aé",\r\n ', max_size=24)
FIELDS = st.lists(st.sampled_from(["a", "", '"b"', '""', '"', '"a""b"', " ", 'x"y']), min_size=2)


@given(st.one_of(MARKS, FIELDS.map(",".join), FIELDS.map("\n".join)), st.integers(1, 3))
@example('"a","b"\r\n"",c\r\n', 2)
@example('",a"\n', 2)
def test_a_block_that_is_cut_into_columns_is_what_csv_reads(text, n_columns):
    found = regular_columns(text.encode(), n_columns, Dialect())
    if found is not None:
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        assert list(zip(*map(list, found), strict=True)) == [tuple(row) for row in rows]


@pytest.mark.parametrize("block", ['"a","b"\n"",c\n', '"a","b"\r\n"",c\r\n', "a,b\n,c"])
def test_marks_around_whole_fields_do_not_hinder(block):
    first, second = regular_columns(block.encode(), 2, Dialect())
    assert (list(first), list(second)) == (["a", ""], ["b", "c"])


def test_many_spellings_are_told_apart_too():
    cells = [f"name {n * 7919 % 3001:05d}" for n in range(4_000)]
    fast, slow = spans_of(cells).spellings, spellings_of(cells)
    assert fast.words == slow.words
    np.testing.assert_array_equal(fast.codes, slow.codes)


@given(CELLS, MISSING, DECIMAL)
@example(["0.1", "", "-0.30"], {""}, ".")
def test_numbers_in_bulk_are_those_of_single_cells(cells, missing, decimal):
    numerals = Numerals(decimal, frozenset(missing))
    fast, slow = numerals.numbers(spans_of(cells)), numerals.numbers(tuple(cells))
    assert (fast is None) is (slow is None)
    if slow is not None:
        np.testing.assert_array_equal(fast, slow)
        np.testing.assert_array_equal(np.signbit(fast), np.signbit(slow))
        assert numerals.decimals(spans_of(cells)) == numerals.decimals(tuple(cells))
        assert numerals.loses_zeros(spans_of(cells)) == numerals.loses_zeros(tuple(cells))


@given(st.lists(CELLS, min_size=1, max_size=3), MISSING, DECIMAL)
def test_a_survey_in_bulk_finds_what_one_of_single_cells_finds(chunks, missing, decimal):
    numerals = Numerals(decimal, frozenset(missing))
    fast, slow = (Survey(name="x", numerals=numerals, most_levels=20) for _ in range(2))
    for chunk in chunks:
        fast.add(spans_of(chunk))
        slow.add(tuple(chunk))
    assert fast == slow
    config = SeriesConfig(missing=tuple(missing))
    try:
        finding = decide(slow, config, str)
    except SerinetteError:
        return
    ours, theirs = (Filling(finding, numerals) for _ in range(2))
    for chunk in chunks:
        np.testing.assert_array_equal(ours.values(spans_of(chunk)), theirs.values(tuple(chunk)))


@given(
    st.lists(st.datetimes(), min_size=1, max_size=6),
    st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%Y-%m", "%Y-%m-%dT%H:%M:%SZ", "%d-%b-%Y",
         "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S+00:00", "%m/%d/%y", "%Y-%m-%d %I:%M %p"]
    ),
)  # fmt: skip
def test_aligned_dates_are_read_as_the_others_are(times, written):
    cells = [time.replace(year=max(time.year, 1000)).strftime(written) for time in times]
    for format_ in formats_of(cells[0]):
        fast, slow = read_aligned(spans_of(cells), format_), read_dates([*cells, "?"][:-1], format_)
        one_by_one = [read_dates([f"{cell}"], format_) for cell in cells]
        if slow is None:
            assert fast is None
            continue
        np.testing.assert_array_equal(slow, np.concatenate(one_by_one))
        if fast is not None:
            np.testing.assert_array_equal(fast, slow)


@pytest.mark.parametrize(
    "cell", ["2024-1-01", "2024-01_01", "2024-01-0:", "2024-01-0/", "２024-01-01", "2024-01-011"]
)
def test_what_is_not_aligned_is_left_to_the_slower_way(cell):
    assert aligned_parts(["2024-01-01", cell], "%Y-%m-%d") is None
    assert aligned_parts(spans_of(["2024-01-01", cell]), "%Y-%m-%d") is None


LINES = st.lists(
    st.lists(st.sampled_from(["1", "2.5", "x", "", "é", '""', '"q"', '"a,b"', '"l\nm"', " y"]),
             min_size=1, max_size=3),
    min_size=1, max_size=12,
)  # fmt: skip


def read(path, **settings):
    """Return all that a reading finds, or what it says."""
    try:
        table = read_table(path, SeriesConfig(entity=("-",), time="-", delimiter=",", **settings))
    except SerinetteError as error:
        return str(error)
    cells = [
        (c.name, c.type, c.levels, c.decimals, c.format, c.values.tolist()) for c in table.columns
    ]
    return repr((cells, table.notes, table.warnings))  # NaN equals NaN in words


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=LINES,
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    has_last=st.booleans(),
    n_bytes=st.sampled_from([8, 30, 1 << 20]),
    is_streamed=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
)
def test_a_file_read_in_blocks_is_the_file_read_line_by_line(  # noqa: PLR0913, PLR0917
    tmp_path, monkeypatch, rows, end, has_last, n_bytes, is_streamed, encoding
):
    lines = ["a,b,c", "1,x,2.5", *(",".join(row) for row in rows)]
    text = end.join(lines) + end * has_last
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    most = 1 if is_streamed else 1 << 20
    opened = lambda path, config: open_csv(path, config, most_bytes=most)  # noqa: E731
    with monkeypatch.context() as patched:
        patched.setattr(columns, "open_csv", opened)
        patched.setattr(blocks, "BLOCK", n_bytes)
        fast = read(path)
        patched.setattr(csv_reader, "regular_columns", lambda *_: None)
        patched.setattr(blocks, "BLOCK", 1 << 20)
        assert fast == read(path)


def test_the_bulk_way_is_taken_where_lines_are_regular(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 400)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,x\n" * 500, encoding="utf-8")
    kinds = [type(chunk[0]) for chunk in open_csv(path, SeriesConfig()).chunks()]
    assert kinds == [tuple, Spans, Spans, Spans, Spans]  # the header is in the first one


def test_a_byte_that_is_not_of_the_told_encoding_is_named_with_its_line(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,x\n" * 30_000 + b"2,\xff\n" + b"1,x\n" * 500)
    monkeypatch.setattr(blocks, "BLOCK", 400)
    file = open_csv(path, SeriesConfig(encoding="utf-8"), most_bytes=1)
    with pytest.raises(DataError, match=r"t\.csv:30002: not utf-8 \(invalid start byte\); give"):
        list(file.chunks())
