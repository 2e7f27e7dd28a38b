"""`train`: data in, artifact out. The run on disk survives whatever happens in between."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from serinette.artifact.runs import create_run, run_name
from serinette.core import plain_json
from serinette.core.durable import write_file, write_folder
from serinette.core.errors import ConfigError, MissingExtraError
from serinette.core.locking import lock
from serinette.kinds.table import SERIES, kind_of
from serinette.recipes.base_model import BASE, BaseModel, base_of, stored_base, with_kind_of
from serinette.recipes.prepare import prepare
from serinette.recipes.requests import DryRun, TrainedRun, TrainRequest, with_told_kind
from serinette.recipes.stored_run import stored_run
from serinette.training.events import Listener, silent

if TYPE_CHECKING:
    from serinette.recipes.fit.execute import Job


def train(request: TrainRequest, listener: Listener = silent) -> TrainedRun:
    """Train a model on a person's data, or go on with a training that was stopped.

    Args:
        request: Data and settings.
        listener: Told of decisions, progress, evaluations.

    Raises:
        ConfigError: If a setting is unknown or out of range.
        DataError: If the data cannot be used, or have changed since the run began.
        NotFoundError: If the run to resume does not exist.
        DivergedError: If training diverged for good; the best model so far is kept.
        LockedError: If another process trains this run.
        MissingExtraError: If torch or onnx is not installed.
    """
    require_train_extra()
    from serinette.recipes.fit.execute import execute

    base = base_of(request)
    request = with_told_kind(with_kind_of(request, base))
    if _is_series(request):
        from serinette.recipes.series.train import train_series
        from serinette.training.machine import prepare_process

        prepare_process()
        return train_series(request, listener)
    is_resumed = request.resume is not None
    job = _resumed(request, listener) if is_resumed else _begun(request, listener, base)
    with lock(job.run):
        return execute(job, listener)


def plan_only(request: TrainRequest, listener: Listener = silent) -> DryRun:
    """Say what a training would do, and do none of it.

    Raises:
        ConfigError: If a setting is unknown or out of range.
        DataError: If the data cannot be used.
        MissingExtraError: If torch or onnx is not installed.
    """
    require_train_extra()
    from serinette.recipes.fit.dry_run import describe
    from serinette.recipes.fit.planning import plan_training

    _require_sources(request)
    base = base_of(request)
    request = with_told_kind(with_kind_of(request, base))
    if _is_series(request):
        from serinette.recipes.series.begin import plan_series
        from serinette.recipes.series.dry_run import describe_plan

        return describe_plan(plan_series(request, listener))
    return describe(plan_training(request, _start_of(request), listener, base), request.sources)


def _is_series(request: TrainRequest) -> bool:
    if request.resume is not None:
        return stored_run(request).kind == SERIES
    return kind_of(request.sources, request.kind) == SERIES


def require_train_extra() -> None:
    """Raise unless torch and onnx can be imported.

    Raises:
        MissingExtraError: Naming what to install.
    """
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"training needs the package '{error.name}'; pip install 'serinette[train]'"
        ) from error


def _require_sources(request: TrainRequest) -> None:
    if not request.sources:
        raise ConfigError("no data given; name a file or a folder to learn from")


def _start_of(request: TrainRequest) -> float:
    return time.monotonic() if request.started is None else request.started


def _begun(request: TrainRequest, listener: Listener, base: BaseModel | None) -> "Job":
    """Plan, and lay the run down on disk."""
    from serinette.recipes.fit.execute import Job
    from serinette.recipes.fit.planning import plan_training

    _require_sources(request)
    started = _start_of(request)
    planned = plan_training(request, started, listener, base)
    first = request.sources[0]
    name = request.name or (run_name(first) if isinstance(first, Path) else "texts")
    record = {
        "kind": planned.prepared.kind,
        "settings": planned.settings.to_json(),
        "origins": planned.settings.origins,
        "sources": [str(s.resolve()) for s in request.sources if isinstance(s, Path)],
        "sha256": [source.sha256 for source in planned.prepared.corpus.sources],
        "budget_seconds": request.budget_seconds,
        "summary": list(planned.summary),
    }
    run = create_run(request.runs, name)
    if base is not None:  # whatever becomes of the model, the run can be gone on with
        record[BASE] = {key: base.record[key] for key in ("name", "sha256")}
        write_folder(run / BASE, base.artifact.files)
    write_file(run / "plan.json", plain_json.dump(record))
    is_planned_by_time = planned.settings.origins["training.updates"] == "plan"
    budget = request.budget_seconds if is_planned_by_time else None
    return Job(
        run=run,
        prepared=planned.prepared,
        settings=planned.settings,
        deadline=None if budget is None else started + budget,
        budget_seconds=budget,
        record=record,
        tuning=planned.tuning,
    )


def _resumed(request: TrainRequest, listener: Listener) -> "Job":
    """Read a run's plan back; its data must be what they were."""
    from serinette.recipes.fit.execute import Job
    from serinette.recipes.fit.fine_tuning import fine_tuning_of

    stored = stored_run(request)
    base = stored_base(stored.run, stored.record)
    known = None if base is None else base.codec
    prepared = prepare(stored.kind, stored.sources("texts"), stored.settings, listener, known)
    stored.check_unchanged(prepared.corpus.sources)
    return Job(
        run=stored.run,
        prepared=prepared,
        settings=stored.settings,
        deadline=None,
        budget_seconds=None,
        record=stored.record,
        tuning=fine_tuning_of(base, prepared, stored.settings, listener),
    )
