"""What a tool is asked for, and what it answers: JSON, so that tools may live apart.

Each driver of this folder runs in its tool's own environment and imports nothing of ours.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run(train_and_sample: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Read the job that the command line names, do it, and write the answer beside it.

    A job has: `train` and `out` (files), `entity`, `time` (or null), `context` (columns),
    `types` (of each column), `time_format`, `n` (sequences), `budget` (seconds), `seed`, `threads`,
    `work` (a folder). The answer has: `versions`, `train_seconds`, `sample_seconds`, `rows`,
    `sequences`, `note`.
    """
    place = Path(sys.argv[1])
    job = json.loads(place.read_text())
    begun = time.monotonic()
    answer = train_and_sample(job)
    answer["all_seconds"] = time.monotonic() - begun
    place.with_suffix(".answer.json").write_text(json.dumps(answer))


def limit_threads(n: int) -> None:
    """Say to libraries that are imported later how many threads they may use."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(n)


def read_frame(job: dict[str, Any]) -> Any:
    """Read the training file with pandas: categories as they are spelt, times as times."""
    import pandas as pd

    spelt = [name for name, kind in job["types"].items() if kind in ("category", "boolean")]
    names = dict.fromkeys([*spelt, job["entity"]], str)
    frame = pd.read_csv(job["train"], dtype=names)
    dates = [name for name, kind in job["types"].items() if kind == "datetime"]
    for name in dates:
        frame[name] = pd.to_datetime(frame[name]).dt.tz_localize(None)
    return frame


def write_frame(job: dict[str, Any], frame: Any) -> None:
    """Write what a tool made, columns in the order of the training file."""
    import pandas as pd

    columns = pd.read_csv(job["train"], nrows=0).columns
    frame[list(columns)].to_csv(job["out"], index=False)
