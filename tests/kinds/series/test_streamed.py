import codecs
import gzip
import random

import pytest

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series import columns, csv_reader, streamed
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.reader import read_table

ROWS = "x,stadt\n" + "1,Köln\n2,Zürich\n3,Köln\n" * 40


@pytest.fixture
def flowing(monkeypatch):
    """Let every file be too long for memory, and every block short."""
    whole = csv_reader.open_csv
    monkeypatch.setattr(columns, "open_csv", lambda p, c: whole(p, c, most_bytes=1))
    monkeypatch.setattr(streamed, "_BLOCK", 64)


def table_of(folder, content, name="t.csv", **settings):
    (folder / name).write_bytes(content)
    return read_table(folder / name, SeriesConfig(**settings))


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (ROWS.encode(), "UTF-8"),
        (ROWS.encode("utf-8-sig"), "UTF-8 with byte-order mark"),
        (codecs.BOM_UTF16_LE + ROWS.encode("utf-16-le"), "UTF-16 LE"),
        (codecs.BOM_UTF16_BE + ROWS.encode("utf-16-be"), "UTF-16 BE"),
        (codecs.BOM_UTF32_LE + ROWS.encode("utf-32-le"), "UTF-32 LE"),
        (ROWS.encode("utf-16-be"), "UTF-16 BE without byte-order mark"),
        (ROWS.encode("cp1252"), "cp1252"),
    ],
)
def test_a_long_file_is_read_in_every_encoding(tmp_path, flowing, content, label):
    table = table_of(tmp_path, content)
    assert table.sources[0].encoding == label
    assert [column.name for column in table.columns] == ["x", "stadt"]
    assert table.column("stadt").levels == ("Köln", "Zürich")
    assert table.warnings == ()


def test_a_long_chinese_file_is_read(tmp_path, flowing):
    rows = "x,城市\n" + "1,北京\n2,上海的天氣\n3,北京\n" * 40
    assert table_of(tmp_path, rows.encode("gb18030")).column("城市").levels[0] == "北京"


@pytest.mark.parametrize("n_before", [1, 40])
def test_a_wrong_byte_never_spoils_the_right_ones(tmp_path, flowing, n_before):
    good = "1,Köln\n2,Zürich\n3,Köln\n" * n_before
    content = ("x,stadt\n" + good).encode() + b"4,Gen\xe8ve\n" + ROWS[8:].encode()
    table = table_of(tmp_path, content)
    assert table.column("stadt").levels == ("Köln", "Zürich", "Genève")
    at = content.index(b"\xe8")
    assert table.warnings == (
        f"{tmp_path}/t.csv: mixed encodings: byte {at} is not UTF-8; it and others like it are "
        "read as cp1252, the rest as UTF-8",
    )


def test_a_file_cut_within_a_character_is_read_to_its_end(tmp_path, flowing):
    table = table_of(tmp_path, (ROWS + "4,Z").encode() + b"\xc3")
    assert table.n_rows == 121
    assert "mixed encodings" in table.warnings[0]


def test_few_letters_beyond_ascii_leave_a_doubt(tmp_path, flowing):
    table = table_of(tmp_path, b"x,y\n1,a\n2,b\n3,a\n" * 3 + b"1,\xe9\n")
    assert "read as cp1252, which may be wrong" in table.warnings[0]


@pytest.mark.parametrize("most_bytes", [1, 1 << 20])
def test_damaged_packed_files_are_refused_by_name(tmp_path, monkeypatch, most_bytes):
    whole = csv_reader.open_csv
    monkeypatch.setattr(columns, "open_csv", lambda p, c: whole(p, c, most_bytes=most_bytes))
    chance = random.Random(1)  # noqa: S311
    rows = "".join(f"{chance.random()},{n}\n" for n in range(3_000))
    packed = gzip.compress(rows.encode())
    wrong = bytearray(packed)
    wrong[len(wrong) // 2] ^= 0xFF
    for content in (packed[:-20], bytes(wrong), rows.encode()):
        with pytest.raises(DataError, match=r"t\.csv\.gz: not a whole gzip file \(.*; pack it"):
            table_of(tmp_path, content, "t.csv.gz")


@pytest.mark.parametrize("most_bytes", [1, 1 << 20])
def test_wrong_encodings_are_refused(tmp_path, monkeypatch, most_bytes):
    whole = csv_reader.open_csv
    monkeypatch.setattr(columns, "open_csv", lambda p, c: whole(p, c, most_bytes=most_bytes))
    for name in ("latin-17", "base64"):
        with pytest.raises(ConfigError, match=f"data.encoding: no encoding is named '{name}'; use"):
            table_of(tmp_path, ROWS.encode(), encoding=name)
    with pytest.raises(DataError, match=r"not ascii.*leave the encoding out or give another"):
        table_of(tmp_path, ROWS.encode(), encoding="ascii")
    assert table_of(tmp_path, ROWS.encode("utf-16-le"), encoding="utf-16-le").n_rows == 120


def test_a_file_that_the_system_refuses_is_named(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "t.csv").write_text(ROWS)
    monkeypatch.setattr(type(tmp_path), "open", refused)
    with pytest.raises(DataError, match=r"t\.csv: cannot be read \(Permission denied\); copy it"):
        read_table(tmp_path / "t.csv")
