"""What is written ends where the data end, unless a start or a length is asked for."""

import numpy as np
import pytest

import serinette

pytestmark = pytest.mark.slow

DAYS = 60


@pytest.fixture(scope="module")
def rows():
    """Sequences that would go on for ever: each has a row about every second day."""
    r = np.random.default_rng(0)
    lines = []
    for k in range(60):
        day = 10 * r.random()
        while day < DAYS:
            lines.append(
                (f"s{k}", np.datetime64("2020-01-01", "s") + int(86_400 * day), r.normal())
            )
            day += 0.1 + r.exponential(2)
    names, times, values = zip(*lines, strict=True)
    return {"id": np.array(names), "when": np.array(times), "x": np.array(values)}


def trained(rows, folder, **settings):
    return serinette.train(
        rows, updates=40, runs=folder, entity=["id"], time="when", model__hidden_size=8,
        model__opening_units=4, training__n_rows=16, engine__name="autoregressive",
        guide__candidates=1, **settings,
    )  # fmt: skip


def test_what_is_written_ends_with_the_data(rows, tmp_path):
    end = rows["when"].max()
    model = trained(rows, tmp_path)
    drawn = model.generate(40, seed=1, like="dict")
    times, lengths = drawn["when"], np.unique(drawn["id"], return_counts=True)[1]
    assert times.max() <= end
    assert len(set(lengths.tolist())) > 3
    start = np.datetime64("2021-01-01", "s")
    later = model.generate(5, seed=1, start=float(start.astype(int)), like="dict")
    assert later["when"].min() >= start
    long = model.generate(5, seed=1, length=80, like="dict")
    assert np.unique(long["id"], return_counts=True)[1].tolist() == [80] * 5
    free = trained(rows, tmp_path, data__censoring=False).generate(40, seed=1, like="dict")
    assert free["when"].max() > end
