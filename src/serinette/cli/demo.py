"""`make demo` and `make demo-series`: data, two minutes of training, samples, what to try next.

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
    if sys.argv[1:] == ["series"]:
        return _series()
    steps = [
        ["data", "get", "shakespeare"],
        ["train", "data/shakespeare.txt", "--budget", BUDGET, "--name", "demo"],
    ]
    code = _run_all(steps)
    if code != 0:
        return code
    name = _newest("demo")
    drawing = ["--temperature", "0.8", "--seed", "7", "--max-steps", "300"]
    code = _run(["generate", name, "--prefix", "ROMEO:\n", "-n", "3", *drawing])
    sys.stdout.write(_next_steps(name))
    return code


def _series() -> int:
    """Learn a year of weather, write it again, and say how real that is."""
    steps = [
        ["data", "get", "weather"],
        ["inspect", "data/weather.csv"],
        ["train", "data/weather.csv", "--budget", BUDGET, "--name", "weather"],
    ]
    code = _run_all(steps)
    if code != 0:
        return code
    name = _newest("weather")
    drawing = ["-n", "20", "--length", "168", "--seed", "1", "-o", "synthetic.csv"]
    code = _run_all([["generate", name, *drawing], ["evaluate", name]])
    sys.stdout.write(_next_series_steps(name))
    return code


def _run_all(steps: list[list[str]]) -> int:
    for step in steps:
        code = _run(step)
        if code != 0:
            return code
    return 0


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


def _newest(prefix: str) -> str:
    """Return the run that has just ended: a second demo makes `demo-2`."""
    runs = [run for run in RUNS.glob(f"{prefix}*") if read_json_lines(run / "history.jsonl")]
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


def _next_series_steps(name: str) -> str:
    return f"""
What to try next (the command is .venv/bin/serinette; `source .venv/bin/activate` shortens it):

  serinette inspect YOUR_TABLE.csv                    what is in a table of your own
  serinette train YOUR_TABLE.csv --budget 5m          learn it
  serinette generate {name} -n 5 --length 8760 --start 2030-01-01T00:00 -o year.csv
  serinette score {name} data/weather.csv             which hours did the model not expect
"""


if __name__ == "__main__":
    sys.exit(main())
