import errno
import os
import subprocess
import sys

import pytest
from faulty_disk import FaultyDisk, Killed

from serinette.core import disk, durable
from serinette.core.errors import ArtifactError, ConfigError, SerinetteError
from serinette.core.manifest import read_manifest

OLD = {"a.txt": b"old a", "b.bin": bytes(range(7))}
NEW = {"a.txt": b"new and longer", "c.txt": b""}
FAULTS = [errno.ENOSPC, errno.EIO, errno.EACCES, "short"]


@pytest.fixture(autouse=True)
def _without_waiting_for_the_platter(monkeypatch):
    """The order of the calls is what is tested; waiting for the disk would only take time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "manifest.json"}


def a_dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_folder_is_read_back_as_it_was_written(tmp_path):
    durable.write_folder(tmp_path / "deep" / "er" / "m", OLD)
    read = durable.read_folder(tmp_path / "deep" / "er" / "m")
    assert dict(read.files) == OLD
    assert read.warnings == ()
    assert read.manifest.files["b.bin"].size == 7
    assert os.listdir(tmp_path / "deep" / "er") == ["m"]


def test_a_folder_that_exists_is_not_overwritten(tmp_path):
    durable.write_folder(tmp_path / "m", OLD)
    with pytest.raises(ConfigError, match=r"m exists already; choose another name or remove it"):
        durable.write_folder(tmp_path / "m", NEW)
    assert contents(tmp_path / "m") == OLD


def test_replacing_leaves_the_new_folder_only(tmp_path):
    durable.write_folder(tmp_path / "m", OLD)
    durable.write_folder(tmp_path / "m", NEW, replace=True)
    assert contents(tmp_path / "m") == NEW
    assert os.listdir(tmp_path) == ["m"]


def test_an_empty_folder_gives_way(tmp_path):
    (tmp_path / "m").mkdir()
    durable.write_folder(tmp_path / "m", NEW)
    assert contents(tmp_path / "m") == NEW


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"!")
    with pytest.raises(ConfigError, match="photos is not replaced: it holds no saved model"):
        durable.write_folder(tmp_path / "photos", NEW, replace=True)
    assert (tmp_path / "photos" / "holiday.jpg").read_bytes() == b"!"


def test_write_file_replaces_a_file_whole(tmp_path):
    durable.write_file(tmp_path / "x" / "plan.json", b"one")
    durable.write_file(tmp_path / "x" / "plan.json", b"two")
    assert (tmp_path / "x" / "plan.json").read_bytes() == b"two"
    assert os.listdir(tmp_path / "x") == ["plan.json"]


def test_everything_is_on_the_platter_before_it_is_seen_and_the_name_after(tmp_path, monkeypatch):
    recorder = FaultyDisk()
    monkeypatch.setattr(disk, "os", recorder)
    durable.write_folder(tmp_path / "m", OLD)
    steps = [name for name in recorder.log if name in ("write", "fsync", "mkdir", "replace")]
    assert steps == ["mkdir", *["write", "fsync"] * 3, "fsync", "replace", "fsync"]
    recorder.log.clear()
    durable.write_folder(tmp_path / "m", NEW, replace=True)
    steps = [name for name in recorder.log if name in ("fsync", "replace", "unlink")]
    assert steps[:8] == ["fsync"] * 4 + ["replace", "replace", "fsync", "unlink"]
    recorder.log.clear()
    durable.write_file(tmp_path / "plan.json", b"x")
    steps = [name for name in recorder.log if name in ("write", "fsync", "replace")]
    assert steps == ["write", "fsync", "replace", "fsync"]


def count_calls(monkeypatch, action):
    counter = FaultyDisk()
    monkeypatch.setattr(disk, "os", counter)
    action()
    monkeypatch.setattr(disk, "os", os)
    return counter.n_calls


def fail_everywhere(monkeypatch, prepare, action, check, fault):
    """Run `action` once for every call it makes, that call failing, and check what is left."""
    prepare()
    n_calls = count_calls(monkeypatch, action)
    assert n_calls > 5
    for n in range(n_calls):
        prepare()
        monkeypatch.setattr(disk, "os", FaultyDisk(n, fault))
        try:
            action()
            failed = False
        except (SerinetteError, Killed) as error:
            failed = True
            message = str(error)
        finally:
            monkeypatch.setattr(disk, "os", os)
        check(n, failed)
        assert not failed or "\n" not in message


@pytest.mark.parametrize("fault", FAULTS)
def test_a_new_folder_is_whole_or_absent_whichever_call_fails(tmp_path, monkeypatch, fault):
    folder = tmp_path / "runs" / "m"

    def check(n, failed):
        durable.sweep_orphans(folder.parent)
        assert set(os.listdir(folder.parent) if folder.parent.exists() else []) <= {"m"}
        if folder.exists():
            assert dict(durable.read_folder(folder).files) == NEW
        assert failed or folder.exists()
        assert not (fault == "short" and failed)

    def prepare():
        if folder.exists():
            disk.remove(folder)

    fail_everywhere(monkeypatch, prepare, lambda: durable.write_folder(folder, NEW), check, fault)


@pytest.mark.parametrize("fault", [*FAULTS, "kill"])
def test_a_replaced_folder_is_old_or_new_whichever_call_fails(tmp_path, monkeypatch, fault):
    folder = tmp_path / "m"

    def prepare():
        if folder.exists():
            disk.remove(folder)
        durable.write_folder(folder, OLD)

    def check(n, failed):
        assert fault == "kill" or folder.exists()
        durable.settle(folder)  # what every reader does
        assert dict(durable.read_folder(folder).files) in (OLD, NEW), n
        durable.sweep_orphans(tmp_path)
        assert os.listdir(tmp_path) == ["m"]
        found = dict(durable.read_folder(folder).files)
        assert found == NEW or (failed and found == OLD)

    fail_everywhere(
        monkeypatch,
        prepare,
        lambda: durable.write_folder(folder, NEW, replace=True),
        check,
        fault,
    )


@pytest.mark.parametrize("fault", [*FAULTS, "kill"])
def test_a_file_is_old_or_new_whichever_call_fails(tmp_path, monkeypatch, fault):
    path = tmp_path / "plan.json"

    def prepare():
        path.write_bytes(b"old")

    def check(n, failed):
        durable.sweep_orphans(tmp_path)
        assert os.listdir(tmp_path) == ["plan.json"]
        assert path.read_bytes() in ([b"old", b"new"] if failed else [b"new"])

    fail_everywhere(monkeypatch, prepare, lambda: durable.write_file(path, b"new"), check, fault)


@pytest.mark.parametrize("fault", [*FAULTS, "kill"])
def test_half_a_removed_folder_never_stays_under_its_name(tmp_path, monkeypatch, fault):
    folder = tmp_path / "m"

    def prepare():
        if not folder.exists():
            durable.write_folder(folder, OLD)

    def check(n, failed):
        durable.sweep_orphans(tmp_path)
        assert set(os.listdir(tmp_path)) <= {"m"}
        if folder.exists():
            assert dict(durable.read_folder(folder).files) == OLD

    fail_everywhere(monkeypatch, prepare, lambda: durable.remove_folder(folder), check, fault)


@pytest.mark.parametrize("fault", FAULTS)
def test_reading_says_why_it_failed(tmp_path, monkeypatch, fault):
    durable.write_folder(tmp_path / "m", OLD)
    read = []

    def check(n, failed):
        assert failed or dict(read[-1].files) == OLD

    fail_everywhere(
        monkeypatch,
        lambda: None,
        lambda: read.append(durable.read_folder(tmp_path / "m")),
        check,
        fault,
    )


def test_the_sweep_removes_what_the_dead_left_and_nothing_else(tmp_path):
    dead, alive = a_dead_pid(), os.getppid()
    for name in (f".tmp-m-{dead}-0123abcd", f".tmp-m-{alive}-0123abcd", ".tmp-other", "m"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_bytes(b"half")
    (tmp_path / f".tmp-plan.json-{dead}-0123abcd").write_bytes(b"half")
    swept = durable.sweep_orphans(tmp_path)
    assert swept == (f".tmp-m-{dead}-0123abcd", f".tmp-plan.json-{dead}-0123abcd")
    assert sorted(os.listdir(tmp_path)) == [f".tmp-m-{alive}-0123abcd", ".tmp-other", "m"]


def test_who_holds_the_lock_sweeps_what_a_reused_process_number_seems_to_own(tmp_path):
    (tmp_path / f".tmp-m-{os.getppid()}-0123abcd").mkdir()
    assert durable.sweep_orphans(tmp_path) == ()
    assert len(durable.sweep_orphans(tmp_path, alone=True)) == 1


def test_a_leftover_with_our_own_process_number_is_not_taken_for_ours(tmp_path):
    (tmp_path / f".tmp-m-{os.getpid()}-0123abcd").mkdir()
    assert len(durable.sweep_orphans(tmp_path)) == 1


def test_the_sweep_finishes_a_replacement_that_was_cut_between_its_renames(tmp_path):
    durable.write_folder(tmp_path / "m", OLD)
    (tmp_path / "m").rename(tmp_path / f".old-m-{a_dead_pid()}-0123abcd")
    durable.sweep_orphans(tmp_path)
    assert contents(tmp_path / "m") == OLD


def test_an_old_folder_half_removed_is_not_brought_back(tmp_path):
    aside = tmp_path / f".old-m-{a_dead_pid()}-0123abcd"
    durable.write_folder(aside, OLD)
    (aside / "manifest.json").unlink()
    durable.sweep_orphans(tmp_path)
    assert os.listdir(tmp_path) == []


def test_what_is_removed_loses_its_manifest_first(tmp_path, monkeypatch):
    durable.write_folder(tmp_path / "m", OLD)
    monkeypatch.setattr(disk, "os", FaultyDisk(2, "kill"))  # listdir, one unlink, dead
    with pytest.raises(Killed):
        disk.remove(tmp_path / "m")
    assert sorted(os.listdir(tmp_path / "m")) == ["a.txt", "b.bin"]


def test_a_reader_never_misses_a_folder_that_is_being_replaced(tmp_path):
    durable.write_folder(tmp_path / "m", OLD)
    (tmp_path / "m").rename(tmp_path / f".old-m-{a_dead_pid()}-0123abcd")
    assert dict(durable.read_folder(tmp_path / "m").files) == OLD


def test_what_a_live_process_has_put_aside_is_left_to_it(tmp_path):
    aside = tmp_path / f".old-m-{os.getppid()}-0123abcd"
    durable.write_folder(aside, OLD)
    durable.settle(tmp_path / "m")
    assert aside.exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda m: (m / "a.txt").unlink(), r"a\.txt is missing; restore it from a copy or train"),
        (lambda m: (m / "a.txt").write_bytes(b"old"), r"a\.txt is damaged: 3 bytes where 5 were"),
        (lambda m: (m / "a.txt").write_bytes(b"0ld a"), r"a\.txt is not to be used: its SHA-256"),
        (lambda m: (m / "manifest.json").unlink(), r"m is not a saved model: it has no manifest"),
        (lambda m: (m / "manifest.json").write_bytes(b""), r"manifest\.json is damaged"),
        (lambda m: (m / "manifest.json").write_bytes(b"[1]"), r"manifest\.json is damaged"),
        (
            lambda m: (m / "manifest.json").write_bytes(b'{"format": 9}'),
            r"format 9, this version reads up to 1; upgrade serinette",
        ),
    ],
)
def test_damage_is_named_with_its_remedy(tmp_path, damage, message):
    durable.write_folder(tmp_path / "m", OLD)
    damage(tmp_path / "m")
    with pytest.raises(ArtifactError, match=message):
        durable.verify_folder(tmp_path / "m")


def test_a_folder_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(ArtifactError, match="nowhere is not a saved model: there is no such"):
        durable.verify_folder(tmp_path / "nowhere")


def test_files_that_people_edit_only_warn(tmp_path):
    durable.write_folder(tmp_path / "m", OLD)
    (tmp_path / "m" / "a.txt").write_bytes(b"edited")
    (tmp_path / "m" / "b.bin").unlink()
    (tmp_path / "m" / "extra").write_bytes(b"")
    (tmp_path / "m" / ".hidden").write_bytes(b"")
    warnings = durable.verify_folder(tmp_path / "m", lenient=("a.txt", "b.bin"))
    assert [w.split("m/")[-1] for w in warnings] == [
        "a.txt was edited since it was saved",
        "b.bin was removed since it was saved",
        "extra is not part of what was saved",
    ]


def test_a_manifest_cannot_lead_out_of_its_folder(tmp_path):
    for name in ("../secret", "..", "a/b", "C:x", "", "manifest.json"):
        durable.write_folder(tmp_path / "m", OLD, replace=True)
        manifest = tmp_path / "m" / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b'"a.txt"', f'"{name}"'.encode()))
        with pytest.raises(ArtifactError, match="is no name of a file of ours"):
            durable.verify_folder(tmp_path / "m")


def test_every_flipped_byte_of_a_manifest_is_noticed(tmp_path):
    durable.write_folder(tmp_path / "m", OLD)
    path = tmp_path / "m" / "manifest.json"
    whole = path.read_bytes()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= (0x01, 0x20, 0x80)[place % 3]
        path.write_bytes(flipped)
        with pytest.raises(ArtifactError):
            read_manifest(tmp_path / "m")
