"""`make demo`: a corpus, two minutes of training, samples, and what to try next.

Every step is a command that a user can type; it is shown before it runs.
"""

import subprocess
import sys
from pathlib import Path

from serinette.core.lines import read_json_lines

BUDGET = "2m"
RUNS = Path("runs")


def main() -> int:
    """Run the demo; the exit code of the first command that fails, or 0."""
    steps = [
        ["data", "get", "shakespeare"],
        ["train", "data/shakespeare.txt", "--budget", BUDGET, "--name", "demo"],
    ]
    for step in steps:
        code = _run(step)
        if code != 0:
            return code
    name = _newest_demo()
    drawing = ["--temperature", "0.8", "--seed", "7", "--max-steps", "300"]
    code = _run(["generate", name, "--prefix", "ROMEO:\n", "-n", "3", *drawing])
    sys.stdout.write(_next_steps(name))
    return code


def _run(arguments: list[str]) -> int:
    shown = " ".join(_quoted(word) for word in arguments)
    sys.stdout.write(f"\n$ serinette {shown}\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", "serinette", *arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603 (our own command)


def _quoted(word: str) -> str:
    if any(c in word for c in " \n"):
        return "$'" + word.replace("\n", "\\n") + "'"
    return word


def _newest_demo() -> str:
    """Return the run that has just ended: a second demo makes `demo-2`."""
    runs = [run for run in RUNS.glob("demo*") if read_json_lines(run / "history.jsonl")]
    return max(runs, key=lambda run: (run / "history.jsonl").stat().st_mtime).name


def _next_steps(name: str) -> str:
    return f"""
What to try next (the command is .venv/bin/serinette; `source .venv/bin/activate` shortens it):

  serinette train YOUR_FILE.txt --budget 5m         learn from a text of your own
  serinette generate {name} --prefix "To be, or not" --seed 1
  serinette score {name} YOUR_FILE.txt                how surprising is it, character by character
  serinette inspect {name}                            what the model is, and how good
  serinette --help
"""


if __name__ == "__main__":
    sys.exit(main())
