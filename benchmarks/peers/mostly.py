"""The mostlyai engine in `series_peers.py`: defaults, a context table, its own limit of time.

What never changes within a sequence is its context table, which a flat model of the engine's writes
anew, as its makers' kit does, in a tenth of the time. Times are declared relative, its encoding for
dates within sequences.
"""

import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

from job import limit_threads, read_frame, run, write_frame

_SHARE_OF_CONTEXT = 0.1


def train_and_sample(job: dict[str, Any]) -> dict[str, Any]:
    """Train on the file, write as many sequences as asked for."""
    limit_threads(job["threads"])
    warnings.simplefilter("ignore")
    # The engine's language models import these; where their builds do not match torch's, that
    # fails, and tables need neither.
    sys.modules["torchvision"] = sys.modules["torchaudio"] = None  # type: ignore[assignment]
    import mostlyai.engine  # noqa: F401 - here, so that its import does not count
    import torch

    torch.set_num_threads(job["threads"])
    frame, entity = read_frame(job), job["entity"]
    if job["time"]:
        frame = frame.sort_values([entity, job["time"]], kind="stable")
    context = frame[[entity, *job["context"]]].groupby(entity, sort=False).first().reset_index()
    begun = time.monotonic()
    flat = _flat(job, context)
    left = job["budget"] - (time.monotonic() - begun)
    model = _fitted(job, frame.drop(columns=job["context"]), context, left)
    trained = time.monotonic()
    made = _new_context(job, context, flat)
    written = model.sample(ctx_data=made)
    seconds = time.monotonic() - trained
    if job["context"]:
        written = written.merge(made, on=entity, how="left")
    write_frame(job, written)
    return {
        "versions": {name: version(name) for name in ("mostlyai-engine", "torch")},
        "train_seconds": trained - begun,
        "sample_seconds": seconds,
        "rows": len(written),
        "sequences": int(written[entity].nunique()),
        "note": _told(model, left),
    }


def _flat(job: dict[str, Any], context: Any) -> Any:
    """Train a model of the context table; None: there is none."""
    if not job["context"]:
        return None
    from mostlyai.engine import TabularARGN

    model = TabularARGN(
        max_training_time=_SHARE_OF_CONTEXT * job["budget"] / 60, random_state=job["seed"],
        device="cpu",
    )  # fmt: skip
    return model.fit(context[job["context"]])


def _fitted(job: dict[str, Any], frame: Any, context: Any, seconds: float) -> Any:
    from mostlyai.engine import TabularARGN

    dates = [name for name, kind in job["types"].items() if kind == "datetime"]
    encodings = {name: "TABULAR_DATETIME_RELATIVE" for name in dates if name == job["time"]}
    model = TabularARGN(
        max_training_time=seconds / 60, tgt_context_key=job["entity"], ctx_data=context,
        ctx_primary_key=job["entity"], tgt_encoding_types=encodings or None,
        random_state=job["seed"], device="cpu", verbose=1,
    )  # fmt: skip
    return model.fit(frame)


def _told(model: Any, limit: float) -> str:
    """Say how far the engine's own record goes."""
    import pandas as pd

    (place,) = Path(model.workspace_path_).rglob("progress-messages.csv")
    last = pd.read_csv(place).iloc[-1]
    is_stopped = last["total_time"] < limit and last["epoch"] < model.max_epochs
    why = "its early stop" if is_stopped else "the time or its 100 epochs"
    return f"{last['epoch']:.3g} epochs, ended by {why}"


def _new_context(job: dict[str, Any], context: Any, flat: Any) -> Any:
    import pandas as pd

    names = [f"s{k}" for k in range(job["n"])]
    made = pd.DataFrame({job["entity"]: names})
    if flat is not None:
        facts = flat.sample(n_samples=job["n"]).reset_index(drop=True)
        made = pd.concat([made, facts[job["context"]]], axis=1)
    return made


if __name__ == "__main__":
    run(train_and_sample)
