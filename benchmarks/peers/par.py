"""SDV's PAR in `series_peers.py`: its own detection of types, keys and context told to it.

An epoch is one update of all sequences at once; it makes as many as fit into the budget.
"""

import time
import warnings
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from job import limit_threads, read_frame, run, write_frame

_DEFAULT_EPOCHS = 128
_MOST_EPOCHS = 10**7


def train_and_sample(job: dict[str, Any]) -> dict[str, Any]:
    """Train on the file, write as many sequences as asked for."""
    limit_threads(job["threads"])
    warnings.simplefilter("ignore")
    import numpy as np
    import sdv.sequential  # noqa: F401 - here, so that its import does not count
    import torch

    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    np.random.seed(job["seed"])  # noqa: NPY002 - SDV draws from the global generator
    frame = read_frame(job)
    metadata = _metadata(job, frame)
    begun = time.monotonic()
    clock = Clock(job["budget"])
    model = _fitted(job, frame, metadata, clock)
    trained = time.monotonic()
    written = next(iter(model.sample_sequences(num_sequences=job["n"]).values()))
    seconds = time.monotonic() - trained
    write_frame(job, written)
    return {
        "versions": {name: version(name) for name in ("sdv", "deepecho", "torch")},
        "train_seconds": trained - begun,
        "sample_seconds": seconds,
        "rows": len(written),
        "sequences": written[job["entity"]].nunique(),
        "note": f"{clock.n_epochs:,} epochs (default {_DEFAULT_EPOCHS}"
        + (")" if clock.n_epochs >= _DEFAULT_EPOCHS else ", which do not fit)"),
    }


def _metadata(job: dict[str, Any], frame: Any) -> Any:
    from sdv.metadata import Metadata

    detected = Metadata.detect_from_dataframes({"table": frame}).to_dict()["tables"]["table"]
    columns = {}
    for name, kind in job["types"].items():
        found = detected["columns"][name]
        if name == job["entity"]:
            columns[name] = {"sdtype": "id"}
        elif kind in ("category", "boolean"):
            columns[name] = {"sdtype": "categorical"}
        elif kind == "datetime":
            columns[name] = {"sdtype": "datetime", "datetime_format": job["time_format"]}
        elif name == job["time"] or found["sdtype"] not in ("numerical", "categorical"):
            columns[name] = {"sdtype": "numerical"}
        else:
            columns[name] = {"sdtype": found["sdtype"]}
    table: dict[str, Any] = {"columns": columns, "sequence_key": job["entity"]}
    if job["time"]:
        table["sequence_index"] = job["time"]
    return Metadata.load_from_dict({"tables": {"table": table}})


def _fitted(job: dict[str, Any], frame: Any, metadata: Any, clock: "Clock") -> Any:
    import deepecho.models.par as deepecho
    from sdv.sequential import PARSynthesizer

    # Its loop is `for epoch in tqdm(range(epochs), ...)`, without a schedule that knows the number.
    deepecho.tqdm = lambda epochs, **options: clock.until_the_end(epochs)
    model = PARSynthesizer(
        metadata, context_columns=job["context"] or None, epochs=_MOST_EPOCHS, cuda=False
    )
    model.fit({"table": frame})
    return model


class Clock:
    """Ends the epochs when another one would not fit, as if so many had been asked for."""

    def __init__(self, seconds: float) -> None:
        self.n_epochs = 0
        self._end = time.monotonic() + seconds

    def until_the_end(self, epochs: Iterable[int]) -> Iterator[int]:
        """Yield at least one epoch."""
        for epoch in epochs:
            begun = time.monotonic()
            yield epoch
            self.n_epochs += 1
            now = time.monotonic()
            if now + (now - begun) > self._end:
                return


if __name__ == "__main__":
    run(train_and_sample)
