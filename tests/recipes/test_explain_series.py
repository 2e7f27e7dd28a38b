"""Looking into a model of tables: rows, curves, cells, contexts."""

import numpy as np
import pytest

import serinette
from serinette.cli.main import main
from serinette.core.errors import ConfigError, NotFoundError
from serinette.decoding.fields_reading import window_nats
from serinette.kinds.series.encoding import encode_windows
from serinette.kinds.series.fitting import take_apart
from serinette.recipes.series.score import table_again

pytestmark = pytest.mark.slow

SMALL = {"model__hidden_size": 12, "model__opening_units": 8, "training__n_rows": 16}


def write_tides(path, n=1_300, seed=0):
    r = np.random.default_rng(seed)
    hours = np.datetime64("2024-01-01T00:00:00") + np.arange(n) * np.timedelta64(1, "h")
    tide = np.sin(np.arange(n) * 2 * np.pi / 24) + 0.1 * r.normal(size=n)
    lines = [f"{t},{a:.3f},{'ab'[k % 2]}" for k, (t, a) in enumerate(zip(hours, tide, strict=True))]
    path.write_text("\n".join(["time,tide,state", *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tides")
    path = write_tides(folder / "tides.csv")
    model = serinette.train(
        path, updates=4, runs=folder / "runs", name="tides", time="time", engine="autoregressive",
        split__test_share=0.3, **SMALL,
    )  # fmt: skip
    return model, path


@pytest.fixture(scope="module")
def found(tides):
    return tides[0].explain(cells=("0:3",), shown=300)


def test_the_surprisal_of_rows_is_that_of_scoring(tides, found):
    model, path = tides
    whole = model.explain(path, is_quick=True, limit=200)
    opened = model._opened
    table = table_again(model.artifact, opened.codec, (path,))
    windows = encode_windows(opened.codec, take_apart(opened.codec, table), np.array([0]), 200)
    nats = window_nats(opened.engine.network, windows)[0]
    np.testing.assert_allclose(whole.nats, nats[: len(whole.nats)], atol=1e-9)
    assert whole.unit == "row"
    assert whole.pieces[1] == "2024-01-01 01:00:00"
    assert [curve.name for curve in whole.curves] == ["tide", "state"]


def test_cells_gates_and_contexts_of_held_out_rows(found):
    assert found.probed.startswith("the model's own held-out rows, ")
    trace = found.cells[0]
    assert (str(trace.cell), trace.is_asked) == ("0:3", True)
    i, f, g, o, c, h = (trace.values[name] for name in "ifgoch")
    inner = np.setdiff1d(np.arange(1, len(c)), found.starts)
    np.testing.assert_allclose(c[inner], f[inner] * c[inner - 1] + i[inner] * g[inner], atol=1e-5)
    np.testing.assert_allclose(h, o * np.tanh(c), atol=1e-5)
    names = {finding.trait for finding in found.findings}
    assert "tide is rising" in names
    assert "state is b" in names
    assert [cost.context for cost in found.costs][:3] == [1, 2, 3]
    assert sum(found.reach.shares) == pytest.approx(1)


def test_the_page_and_the_terminal_show_rows(tides, found, tmp_path, capsys):
    model, path = tides
    found.save(tmp_path / "page.html")
    assert "Curves, read by the network" in (tmp_path / "page.html").read_text("utf-8")
    assert main(["explain", str(model.artifact.folder), str(path), "--quick", "--limit", "9"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["row", "bits", "tide", "state", "instead"]
    assert rows[-1].endswith("bits a row, over 8 rows") or rows[-1].endswith("over 9 rows")


def test_what_cannot_be_read_is_refused(tides, tmp_path, monkeypatch):
    model, path = tides
    with pytest.raises(ConfigError, match="cell '3:0': there are layers 0 to 0"):
        model.explain(cells=("3:0",))
    with pytest.raises(NotFoundError, match=r"no.csv"):
        model.explain("no.csv")
    moved = path.rename(tmp_path / "moved.csv")
    try:
        with pytest.raises(
            NotFoundError, match=r"the training data are gone.*give a table to explain"
        ):
            model.explain()
    finally:
        moved.rename(path)
