import fcntl
import os
import signal
import subprocess
import sys
import threading

import pytest

from serinette.core.errors import LockedError
from serinette.core.locking import is_locked, is_running, lock

HOLD = """
import sys, time
from pathlib import Path
from serinette.core.locking import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_another_process_is_refused_and_told_who_holds_the_run(tmp_path, holder):
    assert is_locked(tmp_path)
    with (
        pytest.raises(LockedError, match=f"in use by process {holder.pid}; wait for it or stop"),
        lock(tmp_path),
    ):
        pass


def test_the_death_of_its_holder_frees_the_lock(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert not is_locked(tmp_path)
    with lock(tmp_path):
        assert (tmp_path / "run.lock").read_text() == f"{os.getpid()}\n"
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)


def test_the_same_process_cannot_hold_it_twice(tmp_path):
    with lock(tmp_path):
        with pytest.raises(LockedError), lock(tmp_path):
            pass
        assert is_locked(tmp_path)


def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    # In a fresh interpreter: forking one that has threads would be a gamble.
    script = """
import os, sys, time
from pathlib import Path
from serinette.core.locking import lock
with lock(Path(sys.argv[1])):
    child = os.fork()
    if child == 0:
        time.sleep(60)
    print(child, flush=True)
    os.kill(os.getpid(), 9)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    child = int(process.stdout.readline())
    process.wait()
    process.stdout.close()
    try:
        assert is_running(child)
        with lock(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_glance_at_the_lock_does_not_make_a_start_fail(tmp_path):
    glancing = os.open(tmp_path / "run.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(glancing, fcntl.LOCK_EX)  # as `is_locked` does for an instant
    timer = threading.Timer(0.01, os.close, [glancing])
    timer.start()
    with lock(tmp_path):
        pass
    timer.join()


def test_a_process_that_is_gone_is_not_running():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not is_running(process.pid)
    assert is_running(os.getpid())
    assert not is_running(1 << 40)
