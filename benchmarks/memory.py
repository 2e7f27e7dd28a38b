"""What a command of ours takes: seconds, and the most memory. Linux."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

_EVERY_SECONDS = 0.2


class Stage(NamedTuple):
    """What one command took."""

    command: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    """Of everything in memory, mapped pages of files among it."""
    own_mb: float
    """Of what no file backs, as seen five times a second."""
    output: list[str]


def measured(words: list[str | Path]) -> Stage:
    """Run `serinette` with these words."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "serinette", *map(str, words)]
    own = 0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        child = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            own = max(own, _own_kib(child.pid))
            time.sleep(_EVERY_SECONDS)
        said.seek(0)
        text = said.read()
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{text}")
    shown = " ".join(word.name if isinstance(word, Path) else word for word in words)
    return Stage(
        shown, time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024e-6,
        own * 1024e-6, text.splitlines(),
    )  # fmt: skip


def _own_kib(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)
