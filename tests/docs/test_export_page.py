"""The page on exporting says what is so: its program runs on an exported graph, and alone."""

import re
import subprocess
import sys
from pathlib import Path

import text_models

from serinette.exporting.assembly import assemble
from serinette.recipes.model import Model

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "export-a-model.md"
BLOCKED = (
    "import sys\nsys.modules['serinette'] = sys.modules['torch'] = sys.modules['onnx'] = None\n"
)


def test_the_program_writes_with_onnx_runtime_alone(tmp_path):
    Model(text_models.save_model(tmp_path / "plays")).export(tmp_path / "plays.onnx")
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len([line for line in program.splitlines() if line]) <= 15
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED + program],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 100
    assert set(done.stdout) <= set(text_models.TEXT) | {"\ufffd"}


def test_the_size_of_the_kernel_is_the_one_that_is_told():
    (told,) = re.findall(r"by a kernel of (\d+) bytes", PAGE.read_text("utf-8"))
    assert int(told) == len(assemble())
