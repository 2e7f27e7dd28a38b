"""Going on with a history: a cold draw cut anywhere and continued is the draw itself."""

import csv

import numpy as np
import pytest
from test_series import SMALL, table_of, write_trips

import serinette
from serinette.cli.main import main
from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.writer import write_table

pytestmark = pytest.mark.slow

COLD = 1e-6


def _write_hours(path, name, cells):
    """Write one long series: a number, a rare event, hourly."""
    r = np.random.default_rng(1)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["t", name, "event"])
        for k, cell in enumerate(cells):
            event = r.choice(["none", "rain"], p=[0.9, 0.1])
            out.writerow([f"2024-01-{1 + k // 24:02d} {k % 24:02d}:00:00", cell, event])
    return path


def write_walk(path, n=400):
    """Write a walk on a grid."""
    walk = np.cumsum(np.random.default_rng(1).normal(size=n))
    return _write_hours(path, "walk", [f"{x:.1f}" for x in walk])


def write_wave(path, n=400):
    """Write a smooth curve."""
    return _write_hours(path, "wave", [f"{np.sin(k / 9):.5f}" for k in range(n)])


def write_visits(path, n=30):
    """Write visits at irregular times, whose gaps go on for a while as they are."""
    r = np.random.default_rng(2)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["who", "t", "pulse", "weight"])
        for person in range(n):
            at, gap = 1_700_000_000, 3600.0
            for _ in range(int(r.integers(6, 15))):
                gap = max(60.0, gap * np.exp(0.1 * r.normal()))
                at += int(gap)
                pulse = "" if r.random() < 0.1 else int(70 + 9 * r.normal())
                out.writerow([f"p{person}", at, pulse, 50 + person % 7])
    return path


TABLES = {
    "trips": (write_trips, {"entity": ["bike"], "time": "t"}),
    "walk": (write_walk, {"time": "t"}),
    "wave": (write_wave, {"time": "t"}),
    "visits": (write_visits, {"entity": ["who"], "time": "t"}),
}


@pytest.fixture(scope="module", params=TABLES)
def learnt(request, tmp_path_factory):
    """Return a model that was trained for a moment."""
    write, settings = TABLES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    path = write(folder / "data.csv")
    return serinette.train(path, updates=8, runs=folder / "runs", name="x", **settings, **SMALL)


@pytest.mark.parametrize("n_told", [1, 2, 5])
def test_a_cold_draw_goes_on_as_it_went_on(learnt, n_told, tmp_path):
    whole = table_of(learnt, n=1, length=9, seed=3, temperature=COLD)
    cells = {c.name: np.asarray(c.values) for c in whole.columns}
    past = [type(c)(**{**vars(c), "values": c.values[:n_told]}) for c in whole.columns]
    table = type(whole)(**{**vars(whole), "columns": tuple(past), "starts": np.array([0, n_told])})
    write_table(table, tmp_path / "past.csv")
    found = learnt.generate(
        1, length=9 - n_told, seed=4, temperature=COLD, history=tmp_path / "past.csv", like="dict"
    )
    for column in whole.columns:
        if column.name in ("bike", "who"):
            continue
        expected = cells[column.name][n_told:]
        if column.levels:
            assert list(found[column.name]) == [column.levels[int(k)] for k in expected]
        elif column.type == "datetime":
            drawn = np.asarray(found[column.name]).astype("datetime64[s]").astype(np.float64)
            assert np.allclose(drawn, expected, atol=1), column.name
        else:
            drawn = np.asarray(found[column.name], dtype=np.float64)
            # How fast a curve was before its first row is not written; the rest is.
            tolerance = 0.02 if column.name == "wave" else 2e-3
            assert np.allclose(drawn, expected, atol=tolerance, equal_nan=True), column.name


def test_each_history_is_gone_on_with_under_its_name(tmp_path):
    path = write_trips(tmp_path / "trips.csv", n=12)
    model = serinette.train(
        path, updates=2, runs=tmp_path / "runs", name="x", entity=["bike"], time="t", **SMALL
    )
    lines = path.read_text().splitlines()
    some = [lines[0]] + [line for line in lines[1:] if line[:4] in ("b001", "b004")]
    (tmp_path / "past.csv").write_text("\n".join(some) + "\n")
    found = model.generate(2, length=3, seed=1, history=tmp_path / "past.csv", like="dict",
                           scenario={"state": ["busy", None, "busy"]})  # fmt: skip
    assert list(found["bike"]) == ["b001"] * 6 + ["b004"] * 6
    assert list(found["sequence"]) == [k for k in range(4) for _ in range(3)]
    assert [found["state"][k] for k in (0, 2, 3, 5, 6, 8)] == ["busy"] * 6
    assert (np.asarray(found["area"]) == ["S"] * 6 + ["N"] * 6).all()
    last = max(int(line.split(",")[-1]) for line in some if line.startswith("b001"))
    assert (np.asarray(found["trips"][:6]) > last).all()
    alone = [some[0]] + [line for line in some if line.startswith("b001")]
    (tmp_path / "one.csv").write_text("\n".join(alone) + "\n")
    again = model.generate(2, length=3, seed=1, history=tmp_path / "one.csv", like="dict",
                           scenario={"state": ["busy", None, "busy"]})  # fmt: skip
    assert np.array_equal(again["start"], found["start"][:6])


def test_the_command_line_goes_on_with_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_walk(tmp_path / "walk.csv")
    argv = ["train", "walk.csv", "--time", "t", "--updates", "2", "--model.hidden_size", "12"]
    assert main([*argv, "--training.n_rows", "16"]) == 0
    assert main(["generate", "walk", "--history", "walk.csv", "--length", "3", "--seed", "1",
                 "-o", "next.csv"]) == 0  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "next.csv").read_text().splitlines()))
    assert [row["t"] for row in rows] == [f"2024-01-17 {h:02d}:00:00" for h in (16, 17, 18)]
    capsys.readouterr()
    assert main(["generate", "walk", "--length", "2", "--seed", "1", "--start", "2025-01-01",
                 "--every", "30m"]) == 0  # fmt: skip
    out = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in out[1:]] == [
        "2025-01-01 00:00:00", "2025-01-01 00:30:00",
    ]  # fmt: skip
    assert main(["generate", "walk", "--history", "walk.csv", "--start", "2025-01-01"]) == 2
    assert "a history has its own start" in capsys.readouterr().err


def test_a_history_that_does_not_fit_is_refused(tmp_path):
    path = write_trips(tmp_path / "trips.csv", n=12)
    model = serinette.train(
        path, updates=1, runs=tmp_path / "runs", name="x", entity=["bike"], time="t", **SMALL
    )
    lines = path.read_text().splitlines()
    row = lines[1].split(",")
    broken = ",".join([*row[:3], "12", "11", *row[5:]])
    (tmp_path / "broken.csv").write_text("\n".join([lines[0], broken]) + "\n")
    with pytest.warns(UserWarning, match="1 of its rows break 'end >= start'"):
        found = model.generate(1, length=2, history=tmp_path / "broken.csv", like="dict")
    assert (np.asarray(found["start"]) <= np.asarray(found["end"])).all()
    with pytest.raises(ConfigError, match="leave out 'start' and 'statics'"):
        model.generate(1, history=path, statics={"area": "N"})
    (tmp_path / "short.csv").write_text("bike,t,area\nb1,2024-05-01 00:00:00,N\n")
    with pytest.raises(
        DataError, match=r"the table does not fit the model: .*no column is named 'start'"
    ):
        model.generate(1, history=tmp_path / "short.csv")
