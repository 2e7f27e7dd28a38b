import errno
import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from faulty_disk import FaultyDisk
from hypothesis import given
from hypothesis import strategies as st

from serinette.core import disk
from serinette.recipes.evaluate.cache import Cache, cache_folder, key_of

KEY, OTHER = key_of("one"), key_of("other")
PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
) | st.binary(max_size=3)


def test_what_was_put_is_found_again_also_by_another_process(tmp_path):
    cache = Cache(tmp_path / "a" / "b")
    assert cache.get(KEY) is None
    for content in (b"", b"\x00\xff" * 1000):
        cache.put(KEY, content)
        assert cache.get(KEY) == Cache(tmp_path / "a" / "b").get(KEY) == content
    assert cache.get(OTHER) is None
    assert cache.note == ""


def test_without_a_folder_nothing_is_found_and_nothing_complained_of():
    cache = Cache(None)
    cache.put(KEY, b"x")
    assert cache.get(KEY) is None
    assert cache.note == ""


@given(st.data())
def test_a_damaged_entry_is_a_miss_and_gone(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("cache")
    cache = Cache(folder)
    cache.put(KEY, b"result")
    entry = (folder / KEY).read_bytes()
    place = data.draw(st.integers(0, len(entry) - 1))
    flipped = bytes([entry[place] ^ data.draw(st.integers(1, 255))])
    damaged = data.draw(
        st.sampled_from([entry[:place], entry[:place] + flipped + entry[place + 1 :], entry + b"x"])
    )
    (folder / KEY).write_bytes(damaged)
    assert cache.get(KEY) is None
    assert not (folder / KEY).exists()
    assert cache.note == ""


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.bool_])
def test_an_array_comes_back_as_it_was(tmp_path, dtype):
    cache = Cache(tmp_path)
    for shape in ((), (0,), (3, 0), (2, 5)):
        array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
        cache.put_array(KEY, array)
        found = cache.get_array(KEY)
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)
        assert found.shape == shape


def test_bytes_that_are_no_array_are_a_miss_and_never_unpickled(tmp_path):
    cache = Cache(tmp_path)
    assert cache.get_array(KEY) is None
    for content in (b"", b"no array", b"\x80\x04N.", b"\x93NUMPY\x01\x00"):
        cache.put(KEY, content)
        assert cache.get_array(KEY) is None
    with pytest.raises(ValueError, match="allow_pickle"):
        cache.put_array(KEY, np.array([object()]))


@pytest.mark.parametrize("oldest", range(3))
def test_what_was_not_used_for_longest_goes_first(tmp_path, oldest):
    cache = Cache(tmp_path, most_bytes=3 * 132)
    keys = [key_of(k) for k in range(4)]
    for key in keys[:3]:
        cache.put(key, b"x" * 100)
        os.utime(tmp_path / key, ns=(5, 5))
    os.utime(tmp_path / keys[oldest], ns=(4, 4))
    os.utime(tmp_path / keys[(oldest + 1) % 3], ns=(3, 3))
    cache.get(keys[(oldest + 1) % 3])
    cache.put(keys[3], b"x" * 100)
    assert [cache.get(key) is not None for key in keys] == [k != oldest for k in range(4)]
    cache.put(KEY, b"x" * 1000)  # larger than the whole cache
    assert cache.get(KEY) is None
    assert cache.get(keys[3]) is not None


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EROFS])
def test_a_disk_that_fails_anywhere_makes_a_miss_and_never_a_wrong_result(
    tmp_path, monkeypatch, fault
):
    n = 0
    while True:
        faulty = FaultyDisk(n, fault)
        cache = Cache(tmp_path / str(n))
        with monkeypatch.context() as patch:
            patch.setattr(disk, "os", faulty)
            cache.put(KEY, b"result")
            found = cache.get(KEY)
        assert found in (None, b"result")
        assert cache.get(KEY) in (None, b"result")
        if not faulty.has_failed:
            break
        if found is None:
            assert cache.note.startswith("nothing is kept for the next evaluation: ")
        n += 1
    assert n > 5


def test_a_place_that_cannot_be_a_folder_is_said_once(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put(KEY, b"x")
    assert cache.get(KEY) is None
    note = cache.note
    place = tmp_path / "file" / "cache"
    assert note.startswith(f"nothing is kept for the next evaluation: {place}")
    assert "\n" not in note
    (tmp_path / "file").unlink()
    (place / OTHER / "in the way").mkdir(parents=True)
    cache.put(OTHER, b"x")
    assert cache.note == note


def _put_and_get(folder, seed):
    cache = Cache(Path(folder), most_bytes=2_000)
    generator = np.random.default_rng(seed)
    for _ in range(150):
        k = int(generator.integers(0, 8))
        cache.put(key_of(k), bytes([k]) * 400)
        found = cache.get(key_of(int(generator.integers(0, 8))))
        assert found is None or (len(found) == 400 and len(set(found)) == 1)
    assert cache.note == ""


def test_two_processes_at_once_never_see_half_an_entry(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_put_and_get, args=(str(tmp_path), seed)) for seed in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert not list(tmp_path.glob(".*"))


def test_what_a_crash_left_behind_is_swept_away(tmp_path):
    left = tmp_path / ".tmp-x-2147483000-0123abcd"
    left.write_bytes(b"half")
    Cache(tmp_path).put(KEY, b"x")
    assert not left.exists()


@given(st.lists(PARTS, max_size=3), st.lists(PARTS, max_size=3))
def test_keys_are_equal_just_where_the_parts_are(one, other):
    def told(parts):  # bytes and text apart, tables in any order, 1 and 1.0 and true three things
        return [(type(part), json.dumps(part, sort_keys=True, default=repr)) for part in parts]

    assert (key_of(*one) == key_of(*other)) == (told(one) == told(other))
    assert key_of(*one) == key_of(*one)


def test_the_order_of_a_table_does_not_matter_and_all_else_does():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    different = [("ab",), ("a", "b"), (b"ab",), (["a", "b"],), (), ("",), (b"",), (1,), (1.0,)]
    different += [(b'"ab"',), (b"a", b"b"), (b'"a""b"',)]
    assert len({key_of(*parts) for parts in different}) == len(different)


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {}, "/me/.cache/serinette/evaluate"),
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/serinette/evaluate"),
        ("linux", {"XDG_CACHE_HOME": "c"}, "/me/.cache/serinette/evaluate"),
        ("darwin", {"XDG_CACHE_HOME": "/c"}, "/me/Library/Caches/serinette/evaluate"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/serinette/evaluate"),
        ("win32", {}, "/me/AppData/Local/serinette/evaluate"),
        ("linux", {"SERINETTE_CACHE": "here"}, "here"),
        ("win32", {"LOCALAPPDATA": "/l", "SERINETTE_CACHE": "OFF"}, None),
        ("linux", {"SERINETTE_CACHE": ""}, "/me/.cache/serinette/evaluate"),
    ],
)
def test_the_folder_follows_the_custom_of_the_platform(platform, environ, expected):
    found = cache_folder(environ, platform, Path("/me"))
    assert found == (None if expected is None else Path(expected))
