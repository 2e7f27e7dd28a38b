import errno
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from faulty_disk import FaultyDisk, Killed

from serinette.artifact.checkpoints import newest_checkpoint, save_checkpoint
from serinette.core import disk
from serinette.core.durable import sweep_orphans
from serinette.core.errors import ArtifactError, ResourceError, SerinetteError


def state(update):
    return {
        "weights": np.full((3, 5), update, dtype=np.float32),
        "moments": np.full(7, update, dtype=np.float64),
        "position": np.array(update, dtype=np.int64),
        "bits": np.arange(4, dtype=np.uint8)[::2],
        "turned": np.arange(6, dtype=np.int32).reshape(2, 3).T,
        "half": np.array([update], dtype=np.uint16),
        "fresh": np.array([True, False]),
    }


def names(run):
    return sorted(os.listdir(run / "checkpoints"))


def damage(run, update, name="state.safetensors"):
    path = run / "checkpoints" / f"update-{update:06d}" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_state_comes_back_to_the_bit(tmp_path):
    save_checkpoint(tmp_path, 120, state(120), {"seed": 7, "seconds": 1.5, "nats": [2.5, None]})
    found = newest_checkpoint(tmp_path)
    assert found.update == 120
    assert found.folder == tmp_path / "checkpoints" / "update-000120"
    assert found.facts == {"seed": 7, "seconds": 1.5, "nats": [2.5, None]}
    assert found.skipped == ()
    assert found.tensors.keys() == state(120).keys()
    for name, array in state(120).items():
        assert found.tensors[name].dtype == array.dtype
        assert found.tensors[name].shape == array.shape
        np.testing.assert_array_equal(found.tensors[name], array)
        assert found.tensors[name].flags.writeable


def test_no_checkpoint_is_no_error(tmp_path):
    assert newest_checkpoint(tmp_path) is None
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "notes").mkdir()
    assert newest_checkpoint(tmp_path) is None


def test_the_newest_two_stay(tmp_path):
    for update in (1, 20, 300, 40_000):
        save_checkpoint(tmp_path, update, state(update), {})
    assert names(tmp_path) == ["update-000300", "update-040000"]
    assert newest_checkpoint(tmp_path).update == 40_000


def test_a_damaged_checkpoint_is_skipped_and_named(tmp_path):
    for update in (10, 20):
        save_checkpoint(tmp_path, update, state(update), {})
    damage(tmp_path, 20)
    found = newest_checkpoint(tmp_path)
    assert found.update == 10
    (sentence,) = found.skipped
    assert "update-000020/state.safetensors is not to be used: its SHA-256" in sentence


def test_the_last_good_one_is_never_removed(tmp_path):
    for update in (10, 20, 30):
        save_checkpoint(tmp_path, update, state(update), {}, keep=2)
    damage(tmp_path, 30)
    save_checkpoint(tmp_path, 40, state(40), {}, keep=2)
    assert names(tmp_path) == ["update-000020", "update-000030", "update-000040"]
    damage(tmp_path, 40, "facts.json")
    assert newest_checkpoint(tmp_path).update == 20


def test_if_none_is_whole_every_reason_is_given(tmp_path):
    for update in (10, 20):
        save_checkpoint(tmp_path, update, state(update), {})
    damage(tmp_path, 20)
    (tmp_path / "checkpoints" / "update-000010" / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match=r"cannot be resumed.*000020.*000010.*; train again"):
        newest_checkpoint(tmp_path)


def test_a_folder_without_a_state_is_no_checkpoint(tmp_path):
    from serinette.core.durable import write_folder

    write_folder(tmp_path / "checkpoints" / "update-000010", {"facts.json": b"{}"})
    with pytest.raises(ArtifactError, match=r"it has no state\.safetensors or facts\.json"):
        newest_checkpoint(tmp_path)


def test_the_same_update_again_replaces_its_state(tmp_path):
    save_checkpoint(tmp_path, 10, state(1), {"try": 1})
    save_checkpoint(tmp_path, 10, state(2), {"try": 2})
    assert newest_checkpoint(tmp_path).facts == {"try": 2}
    assert names(tmp_path) == ["update-000010"]


def test_going_back_leaves_no_later_state_behind(tmp_path):
    for update in (10, 20):
        save_checkpoint(tmp_path, update, state(update), {})
    save_checkpoint(tmp_path, 15, state(15), {})
    assert names(tmp_path) == ["update-000010", "update-000015"]


def test_a_state_caught_between_the_renames_of_its_replacement_is_found(tmp_path):
    for update in (10, 20):
        save_checkpoint(tmp_path, update, state(update), {})
    folder = tmp_path / "checkpoints" / "update-000020"
    folder.rename(folder.parent / ".old-update-000020-2147483646-0123abcd")
    (folder.parent / ".old-update-000010-2147483646-0123abcd").mkdir()
    found = newest_checkpoint(tmp_path)
    assert found.update == 20
    assert found.skipped == ()


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    for update in (10, 20):
        save_checkpoint(tmp_path, update, state(update), {})
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=500_000))
    with pytest.raises(
        ResourceError, match=r"no space left .*\(need 2 MB, 0 MB free\); free space"
    ):
        save_checkpoint(tmp_path, 30, state(30), {})
    assert names(tmp_path) == ["update-000020"]


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, errno.EACCES, "short", "kill"])
def test_whichever_call_fails_the_last_acknowledged_state_is_there(tmp_path, monkeypatch, fault):
    run = tmp_path / "run"
    for n in range(1000):
        shutil.rmtree(run, ignore_errors=True)
        for update in (10, 20):
            save_checkpoint(run, update, state(update), {})
        faulty = FaultyDisk(n, fault)
        monkeypatch.setattr(disk, "os", faulty)
        acknowledged = 20
        try:
            save_checkpoint(run, 30, state(30), {})
            acknowledged = 30
        except (SerinetteError, Killed):
            pass
        finally:
            monkeypatch.setattr(disk, "os", os)
        found = newest_checkpoint(run)
        assert found.update in (acknowledged, 30)
        assert found.skipped == ()
        assert (found.tensors["weights"] == found.update).all()
        sweep_orphans(run / "checkpoints")
        assert set(names(run)) <= {"update-000010", "update-000020", "update-000030"}
        if not faulty.has_failed:
            break
    assert 30 < n < 999
