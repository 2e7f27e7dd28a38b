"""Benchmarks run by hand: what they take from the package and from each other must be there."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks"
IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_benchmark_finds_what_it_imports():
    names = sorted(path.stem for path in FOLDER.glob("*.py"))
    assert "series_quality" in names
    subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *names], check=True, cwd=FOLDER, capture_output=True
    )
