import errno
import os
from types import SimpleNamespace

import pytest
from faulty_disk import FaultyDisk

from serinette.core import disk
from serinette.core.errors import NotFoundError, ResourceError


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, r"no space left on the disk of .*x \(need 3 MB, [\d,]+ MB free\); free sp"),
        (errno.EDQUOT, r"no space left on the disk of .*x \(need 3 MB, .*use --runs DIR"),
        (errno.EROFS, r"x cannot be written: the file system is read-only; choose another place"),
        (errno.EACCES, r"x cannot be written: no permission; change its permissions or choose"),
        (errno.EPERM, r"x cannot be written: no permission"),
        (errno.EIO, r"x cannot be written: the disk reports an input/output error; check the"),
        (errno.EMFILE, r"x cannot be written: too many open files; raise the limit"),
        (errno.ENAMETOOLONG, r"x cannot be written: the name is too long; choose a shorter one"),
        (errno.ELOOP, r"x cannot be written: too many levels of symbolic links; choose another"),
    ],
)
def test_every_refusal_of_the_disk_is_one_line_with_a_remedy(
    tmp_path, monkeypatch, number, message
):
    monkeypatch.setattr(disk, "os", FaultyDisk(0, number))
    with pytest.raises(ResourceError, match=message) as caught:
        disk.create(tmp_path / "x", bytes(2_345_678))
    assert caught.value.exit_code == 6
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match=r"gone\.txt does not exist"):
        disk.read_bytes(tmp_path / "gone.txt")


def test_a_file_in_the_way_of_a_folder_is_said_so(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ResourceError, match="cannot be created: not a directory; choose another"):
        disk.ensure_folder(tmp_path / "file" / "runs")


def test_space_is_checked_before_it_is_needed(tmp_path, monkeypatch):
    usage = SimpleNamespace(free=12_000_000)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    disk.require_space(tmp_path / "not" / "yet", 12_000_000)
    with pytest.raises(
        ResourceError, match=r"\(need 13 MB, 12 MB free\); free space or use --runs"
    ):
        disk.require_space(tmp_path / "not" / "yet", 12_000_001)


def test_removing_does_not_follow_links(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a").write_bytes(b"!")
    (tmp_path / "doomed").mkdir()
    (tmp_path / "doomed" / "link").symlink_to(tmp_path / "kept")
    disk.remove(tmp_path / "doomed")
    disk.remove(tmp_path / "doomed")
    assert os.listdir(tmp_path) == ["kept"]
    assert (tmp_path / "kept" / "a").exists()


def test_size_adds_up_whole_folders(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(bytes(11))
    (tmp_path / "y").write_bytes(bytes(7))
    assert disk.size(tmp_path) == 18
    assert disk.size(tmp_path / "none") == 0
