import itertools
import math

import numpy as np
import pytest
import torch

from serinette.core.errors import DivergedError
from serinette.training.events import Evaluated, Note, Progress
from serinette.training.loop import Limits, Probed, Training
from serinette.training.stops import StopSignal, stop_on_signals


class MemoryStore:
    """Keeps everything in lists."""

    def __init__(self):
        self.checkpoints, self.lines = [], []

    def checkpoint(self, snapshot):
        self.checkpoints.append(snapshot)

    def history_line(self, line):
        self.lines.append(dict(line))


def probe_of(values):
    """A probe that answers these validation losses one after the other."""
    remaining = iter(values)

    def probe(model, is_sampling):
        nats = next(remaining)
        return Probed(metrics={"validation_nats": nats}, sample="la la" if is_sampling else None)

    return probe


def falling():
    return (3.0 - 0.1 * k for k in itertools.count())


def training_of(trainer, values=None, store=None, heard=None, **limits):
    store = store or MemoryStore()
    listener = (heard if heard is not None else []).append
    return Training(
        trainer, store, probe_of(values or falling()), listener, Limits(**limits)
    ), store


def weights(trainer):
    return torch.cat([p.detach().flatten() for p in trainer.model.parameters()])


def test_a_plan_is_run_to_its_end_and_told(make_trainer):
    heard = []
    training, store = training_of(make_trainer(n_evaluations=4), heard=heard, baseline_nats=1.5)
    outcome = training.run(StopSignal())
    assert outcome.reason == "plan done"
    assert [line["update"] for line in store.lines] == [3, 6, 9, 12]
    assert [line["phase"] for line in store.lines] == ["likelihood"] * 4
    assert "sample" in store.lines[2]
    assert "sample" in store.lines[3]
    assert store.checkpoints[-1].facts["update"] == 12
    evaluations = [event for event in heard if isinstance(event, Evaluated)]
    assert [event.is_best for event in evaluations] == [True] * 4
    assert evaluations[0].baseline_nats == 1.5
    last = [event for event in heard if isinstance(event, Progress)][-1]
    assert (last.update, last.total_updates) == (12, 12)


def test_the_best_weights_are_kept_not_the_last(make_trainer):
    trainer = make_trainer(n_evaluations=4)
    training, _ = training_of(trainer, values=[2.0, 1.0, 1.5, 1.6])
    outcome = training.run(StopSignal())
    assert outcome.progressed.best_update == 6
    assert outcome.progressed.best_nats == 1.0
    kept = outcome.progressed.best_weights["embedding.weight"]
    assert not np.array_equal(kept, trainer.model.embedding.weight.detach().numpy())


def test_patience_ends_a_training_that_no_longer_improves(make_trainer):
    trainer = make_trainer(n_evaluations=12, patience=2)
    training, store = training_of(trainer, values=[2.0, 1.0, 1.5, 1.6, 1.7])
    assert training.run(StopSignal()).reason == "early stop"
    assert len(store.lines) == 4
    assert store.checkpoints


def test_a_stop_saves_and_a_resumed_training_ends_the_same(make_trainer):
    whole = make_trainer(n_evaluations=4)
    whole_training, whole_store = training_of(whole)
    whole_training.run(StopSignal())

    first = make_trainer(n_evaluations=4)
    stop = StopSignal()
    heard_updates = []

    def stop_at_5(event):
        if isinstance(event, Progress):
            heard_updates.append(event.update)

    store = MemoryStore()
    training = Training(first, store, probe_of(falling()), stop_at_5, Limits())
    original = first.update

    def counting():
        loss = original()
        if first.update_count == 5:
            stop.ask(143)
        return loss

    first.update = counting
    outcome = training.run(stop)
    assert (outcome.reason, outcome.exit_code) == ("interrupted", 143)
    saved = store.checkpoints[-1]
    assert saved.facts["update"] == 5

    second = make_trainer(n_evaluations=4)
    values = [3.0 - 0.1 * k for k in range(1, 9)]
    resumed, _ = training_of(second, values=values, store=store)
    resumed.resume_(saved, list(store.lines))
    outcome = resumed.run(StopSignal())
    assert torch.equal(weights(whole), weights(second))
    ours = [{k: v for k, v in line.items() if k != "seconds"} for line in store.lines]
    theirs = [{k: v for k, v in line.items() if k != "seconds"} for line in whole_store.lines]
    assert ours == theirs
    best = whole_training.run(StopSignal()).progressed.best_weights
    for name, array in outcome.progressed.best_weights.items():
        np.testing.assert_array_equal(array, best[name])


def test_a_loss_that_is_not_a_number_goes_back_at_half_the_rate(make_trainer):
    trainer = make_trainer(n_evaluations=4, schedule="constant", warm_up=0.0)
    original, broken = trainer.update, []

    def breaking():
        if trainer.update_count == 7 and not broken:
            broken.append(True)
            with torch.no_grad():
                trainer.model.readout.bias[0] = math.nan
        return original()

    trainer.update = breaking
    heard = []
    training, store = training_of(trainer, heard=heard)
    rate = trainer.rate
    outcome = training.run(StopSignal())
    assert outcome.reason == "plan done"
    assert trainer.rate == pytest.approx(rate / 2)
    assert torch.isfinite(weights(trainer)).all()
    notes = [event.text for event in heard if isinstance(event, Note)]
    assert notes == ["loss nan at update 7: back to update 6, learning rate halved"]
    assert notes[0] in store.lines[2]["events"]


def test_training_that_keeps_diverging_gives_up_with_the_best_kept(make_trainer):
    trainer = make_trainer(n_evaluations=4)
    training, store = training_of(trainer, worst_nats=0.1)
    with pytest.raises(DivergedError, match=r"training diverged 4 times .* the best model so far"):
        training.run(StopSignal())
    assert all(np.isfinite(a).all() for a in store.checkpoints[-1].tensors.values())


def test_plateau_halves_the_rate_when_validation_stalls(make_trainer):
    trainer = make_trainer(n_evaluations=4, schedule="plateau", warm_up=0.0)
    training, store = training_of(trainer, values=[2.0, 2.1, 1.9, 1.8])
    training.run(StopSignal())
    assert trainer.plateau_factor == 0.5
    assert store.lines[1]["events"][0].startswith("learning rate halved")


def test_a_slow_machine_shortens_the_plan(make_trainer, monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr("serinette.training.loop.time.monotonic", lambda: float(next(clock)))
    trainer = make_trainer(n_evaluations=6, updates=60)
    training, store = training_of(trainer, train_seconds=30.0)
    training.run(StopSignal())
    assert trainer.update_count < 45
    assert trainer.pace.share(trainer.update_count) == 1.0
    assert any("plan changed to" in event for line in store.lines for event in line["events"])


def test_a_machine_that_slows_near_the_end_keeps_the_budget(make_trainer, monkeypatch):
    trainer = make_trainer(n_evaluations=1, updates=200)

    def clock():
        return trainer.update_count + 0.15 * max(0, trainer.update_count - 180)

    monkeypatch.setattr("serinette.training.loop.time.monotonic", clock)
    training, _ = training_of(trainer, train_seconds=200.0)
    training.run(StopSignal())
    assert trainer.update_count < 199
    assert training.progressed.seconds <= 201


def test_a_checkpoint_is_written_every_so_many_seconds(make_trainer, monkeypatch):
    clock = itertools.count(step=0.5)
    monkeypatch.setattr("serinette.training.loop.time.monotonic", lambda: float(next(clock)))
    trainer = make_trainer(checkpoint_seconds=2.0, n_evaluations=1)
    training, store = training_of(trainer)
    training.run(StopSignal())
    assert len(store.checkpoints) >= 3


def test_the_first_signal_asks_and_the_second_ctrl_c_stops_at_once():
    import os
    import signal

    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.is_set
        assert stop.exit_code == 143
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_outside_the_main_thread_signals_are_left_alone():
    import threading

    found = []

    def run():
        with stop_on_signals() as stop:
            stop.ask()
            found.append(stop.exit_code)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [130]
