import errno
import os

import pytest
from faulty_disk import FaultyDisk
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core import disk, plain_json
from serinette.core.errors import ArtifactError, ResourceError
from serinette.core.lines import append_line, read_json_lines


def test_lines_come_back_in_order(tmp_path):
    path = tmp_path / "history.jsonl"
    assert read_json_lines(path) == []
    for n in range(3):
        append_line(path, f'{{"update": {n}}}', sync=n == 1)
    assert [record["update"] for record in read_json_lines(path)] == [0, 1, 2]


def test_wherever_the_file_is_cut_whole_lines_remain_and_the_next_joins_them(tmp_path):
    path = tmp_path / "history.jsonl"
    lines = ['{"update": 1, "sample": "春"}', '{"update": 22}', '{"update": 333}']
    whole = "".join(line + "\n" for line in lines).encode()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        n_whole = whole[:cut].count(b"\n")
        assert len(read_json_lines(path)) == n_whole
        append_line(path, '{"update": 4444}', sync=False)
        assert [r["update"] for r in read_json_lines(path)] == [*[1, 22, 333][:n_whole], 4444]


def test_a_torn_line_longer_than_a_block_is_cut_away(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b": "' + b"x" * 10_000)
    append_line(path, '{"c": 3}')
    assert path.read_bytes() == b'{"a": 1}\n{"c": 3}\n'


def test_a_damaged_line_in_the_middle_is_named(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b": \n{"c": 3}\n')
    with pytest.raises(ArtifactError, match=r"history\.jsonl line 2 is not JSON"):
        read_json_lines(path)
    path.write_bytes(b'{"a": 1}\n7\n{"c": 3}\n')
    with pytest.raises(ArtifactError, match="line 2 is not a JSON object; remove the line"):
        read_json_lines(path)


def test_a_last_line_of_rubbish_is_ignored(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'{"a": 1}\n\x00\x00\x00\n')
    assert read_json_lines(path) == [{"a": 1}]


def test_a_line_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="a line is one line"):
        append_line(tmp_path / "h", "a\nb")


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, "short"])
def test_a_line_is_whole_or_absent_whichever_call_fails(tmp_path, monkeypatch, fault):
    path = tmp_path / "history.jsonl"
    for n in range(30):
        path.write_bytes(b'{"a": 1}\n{"to')
        faulty = FaultyDisk(n, fault)
        monkeypatch.setattr(disk, "os", faulty)
        try:
            append_line(path, '{"b": 2}')
            failed = False
        except ResourceError:
            failed = True
        finally:
            monkeypatch.setattr(disk, "os", os)
        found = read_json_lines(path)
        assert found in ([{"a": 1}], [{"a": 1}, {"b": 2}])
        assert failed or len(found) == 2
        if not faulty.has_failed:
            break
    assert 5 < n < 29


def test_numbers_that_json_does_not_know_become_null():
    record = {"nats": float("nan"), "list": [float("inf"), 1.5], "text": "a\ud800春"}
    line = plain_json.dump_line(record)
    expected = {"nats": None, "list": [None, 1.5], "text": "a\ud800春"}
    assert plain_json.load(line.encode(), "x") == expected
    assert plain_json.load(plain_json.dump(record), "x") == expected
    assert "春" in line


@settings(max_examples=30)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_comes_back(value):
    assert plain_json.load(plain_json.dump(value), "x") == value


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5_000])
def test_what_is_not_json_is_said_so(content):
    with pytest.raises(ArtifactError, match=r"codec\.json is not JSON: .*; restore the file"):
        plain_json.load(content, "codec.json")
