"""Serinette in `series_peers.py`: defaults, the budget, no test part (that was taken before)."""

import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from job import limit_threads, run


def train_and_sample(job: dict[str, Any]) -> dict[str, Any]:
    """Train on the file, write as many sequences as asked for."""
    limit_threads(job["threads"])
    import serinette
    import serinette.recipes.series.train  # here, so that its import does not count
    from serinette.kinds.series.writer import write_table
    from serinette.recipes.series.generate import SeriesRequest, generate_series
    from serinette.recipes.series.written import joined

    begun = time.monotonic()
    model = serinette.train(
        job["train"], budget=float(job["budget"]), runs=job["work"], name=f"ours-{job['seed']}",
        entity=[job["entity"]], time=job["time"] or "-", data__statics=job["context"] or ["-"],
        data__types=job["types"], seed=job["seed"], split__test_share=0,
    )  # fmt: skip
    trained = time.monotonic()
    request = SeriesRequest(n=job["n"], seed=job["seed"])
    table = joined(list(generate_series(model._opened, request)))
    seconds = time.monotonic() - trained
    write_table(table, Path(job["out"]))
    training = model.artifact.training
    return {
        "versions": {name: version(name) for name in ("serinette", "torch")},
        "train_seconds": trained - begun,
        "sample_seconds": seconds,
        "rows": table.n_rows,
        "sequences": table.n_sequences,
        "note": f"the weights of update {training['best_update']:,} of "
        f"{training['settings']['training']['updates']:,}",
    }


if __name__ == "__main__":
    run(train_and_sample)
