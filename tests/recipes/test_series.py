"""Tables from end to end: train, write, score, evaluate, resume."""

import csv
import json

import numpy as np
import pytest

import serinette
from serinette.cli.main import main
from serinette.core.errors import ConfigError, DataError
from serinette.recipes.series import generate
from serinette.recipes.series.generate import SeriesRequest, generate_series
from serinette.recipes.series.written import joined

pytestmark = pytest.mark.slow

SMALL = {"model__hidden_size": 12, "model__opening_units": 8, "training__n_rows": 16}


def write_trips(path, n=40, seed=0):
    """Write trips of bikes: a category, a hole now and then, start and end, a counter."""
    r = np.random.default_rng(seed)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["bike", "t", "area", "start", "end", "speed", "state", "trips"])
        for bike in range(n):
            count = int(r.integers(100))
            level = 10.0
            for k in range(int(r.integers(8, 20))):
                level += round(float(r.normal()), 1)
                count += int(r.integers(1, 4))
                speed = "" if r.random() < 0.1 else f"{abs(r.normal()):.2f}"
                out.writerow([
                    f"b{bike:03d}", f"2024-05-{1 + bike % 20:02d} {k:02d}:00:00",
                    "NS"[bike % 2], f"{level:.1f}", f"{level + abs(r.normal()):.1f}", speed,
                    r.choice(["idle", "busy", "=broken"]), count,
                ])  # fmt: skip
    return path


@pytest.fixture(scope="module")
def trips(tmp_path_factory):
    """Return a model of trips that was trained for a moment, and its folder."""
    folder = tmp_path_factory.mktemp("trips")
    path = write_trips(folder / "trips.csv")
    model = serinette.train(
        path, updates=6, runs=folder / "runs", name="trips", entity=["bike"], time="t", **SMALL
    )
    return model, folder


def table_of(model, **settings):
    return joined(list(generate_series(model._opened, SeriesRequest(**settings))))


def test_what_is_written_has_the_columns_of_the_data_and_keeps_its_relations(trips):
    model, _ = trips
    assert any("start <= end" in sentence for sentence in model.relations)
    written = model.generate(30, seed=1, like="dict")
    assert list(written) == ["bike", "t", "area", "start", "end", "speed", "state", "trips"]
    assert (np.asarray(written["start"]) <= np.asarray(written["end"])).all()
    assert set(written["state"]) <= {"idle", "busy", "=broken"}
    table = table_of(model, n=300, seed=2)
    names = [r.name for r in model._opened.codec.columns if r.part == "number"]
    cells = np.stack([table.column(name).values for name in names], axis=-1)
    assert dict(model._opened.codec.relations.violations(cells, table.starts)) == {}


def test_no_name_of_an_entity_is_written_again(trips):
    model, _ = trips
    names = set(model.generate(20, seed=1, like="dict")["bike"])
    assert not names & {f"b{k:03d}" for k in range(40)}
    assert len(names) == 20


@pytest.mark.parametrize("batch_rows", [1, 3, 64])
def test_the_same_seed_writes_the_same_whatever_the_batches(trips, batch_rows):
    model, _ = trips
    whole = table_of(model, n=9, seed=5)
    parts = table_of(model, n=9, seed=5, batch_rows=batch_rows)
    later = table_of(model, n=2, seed=5, first_row=7)
    assert np.array_equal(whole.starts, parts.starts)
    for column, other, last in zip(whole.columns, parts.columns, later.columns, strict=True):
        assert np.array_equal(column.values, other.values, equal_nan=True), column.name
        if column.name != "bike":
            tail = column.values[whole.starts[7] :]
            assert np.array_equal(tail, last.values, equal_nan=True), column.name


def test_a_file_written_batch_by_batch_is_the_file_written_at_once(trips, tmp_path, monkeypatch):
    model, folder = trips
    model.write(tmp_path / "whole.csv", 9, seed=5)
    monkeypatch.setattr(generate, "_HELD_ROWS", 40)
    argv = ["generate", str(folder / "runs/trips/model"), "-n", "9", "--seed", "5"]
    assert main([*argv, "-o", str(tmp_path / "parts.csv")]) == 0
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_pieces_of_one_series_are_numbered_even_where_the_last_one_is_alone(tmp_path):
    steps = np.random.default_rng(0).normal(size=(400, 2)).cumsum(0)
    np.savetxt(tmp_path / "one.csv", steps, delimiter=",", header="a,b", comments="", fmt="%.3f")
    model = serinette.train(tmp_path / "one.csv", updates=1, runs=tmp_path, **SMALL)
    table = table_of(model, n=3, length=5, batch_rows=2)
    assert table.column("sequence").values.tolist() == [k for k in range(3) for _ in range(5)]
    assert "sequence" not in [column.name for column in table_of(model, n=1, length=5).columns]


def test_facts_and_scenarios_are_kept(trips):
    model, _ = trips
    written = model.generate(5, length=6, seed=3, statics={"area": "S"}, like="dict",
                             scenario={"state": [None, "idle", "idle", None]})  # fmt: skip
    assert set(written["area"]) == {"S"}
    states = np.asarray(written["state"]).reshape(5, 6)
    assert (states[:, 1:3] == "idle").all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"statics": {"colour": "red"}}, r"'colour' is no static column of this model \(.*area"),
        ({"statics": {"area": "X"}}, r"column 'area' has no value 'X'"),
        ({"scenario": {"nothing": [1]}}, "'nothing' is no column of a scenario"),
        ({"scenario": {"start": ["much"]}}, "column 'start' is real: 'much' is no number"),
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"length": 0}, "length must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_written_is_refused(trips, settings, words):
    model, _ = trips
    with pytest.raises(ConfigError, match=words):
        model.generate(1, **settings)


def test_a_table_is_scored_and_its_odd_stretch_found(trips, tmp_path):
    model, folder = trips
    found = model.score(folder / "trips.csv")
    assert np.isfinite(found.nats).all()
    assert len(found.nats) == 40
    lines = (folder / "trips.csv").read_text().splitlines()
    row = lines[5].split(",")
    lines[5] = ",".join([*row[:5], "9.99", *row[6:]])
    (tmp_path / "odd.csv").write_text("\n".join(lines))
    assert model.score(tmp_path / "odd.csv").nats[0] > found.nats[0]


def test_a_table_with_a_value_that_was_never_seen_is_refused(trips, tmp_path):
    model, folder = trips
    text = (folder / "trips.csv").read_text().replace("idle", "lost", 1)
    (tmp_path / "odd.csv").write_text(text)
    with pytest.raises(DataError, match="column 'state': the model never saw the value 'lost'"):
        model.score(tmp_path / "odd.csv")


def test_a_report_compares_with_what_was_held_out(trips):
    model, _ = trips
    report = model.evaluate(quick=True)
    assert report.metric("violations").value == 0
    assert report.metric("judge").floor is not None
    assert "sequences" in report.evaluation.facts["split"]


def test_a_resumed_training_ends_with_the_same_weights(tmp_path):
    path = write_trips(tmp_path / "trips.csv", n=12)
    settings = {**SMALL, "training__checkpoint_seconds": 1e-6, "entity": ["bike"], "time": "t"}
    whole = serinette.train(path, updates=4, runs=tmp_path / "runs", name="whole", **settings)
    cut = tmp_path / "runs" / "cut"
    serinette.train(path, updates=4, runs=tmp_path / "runs", name="cut", **settings)
    newest = sorted((cut / "checkpoints").iterdir())[-1]
    for file in newest.iterdir():
        file.unlink()
    newest.rmdir()
    again = serinette.train(resume="cut", source=(), runs=tmp_path / "runs")
    for name, weight in whole.artifact.weights().items():
        assert np.array_equal(weight, again.artifact.weights()[name]), name


def test_the_command_line_leads_from_a_csv_to_a_csv(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_trips(tmp_path / "trips.csv")
    small = ["--model.hidden_size", "12", "--training.n_rows", "16", "--updates", "3"]
    assert main(["inspect", "trips.csv", "--entity", "bike", "--time", "t"]) == 0
    assert "start <= end" in capsys.readouterr().out
    argv = ["train", "trips.csv", "--entity", "bike", "--time", "t", *small]
    assert main([*argv, "--constraint", "end >= start"]) == 0
    told = capsys.readouterr()
    assert "nats/row" in told.err
    assert (
        main(["generate", "trips", "-n", "3", "--length", "4", "--seed", "1", "-o", "o.csv"]) == 0
    )
    rows = list(csv.DictReader((tmp_path / "o.csv").read_text().splitlines()))
    assert len(rows) == 12
    assert not any(row["state"].startswith("=") for row in rows)
    capsys.readouterr()
    assert main(["score", "trips", "trips.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_rows"] > 100
    assert main(["evaluate", "trips", "--quick", "--json"]) == 0
    assert (tmp_path / "runs/trips/model/report.html").exists()


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["--constraint", "end >= nothing"], 2, "no column of numbers 'nothing'"),
        (["--constraint", "start > end"], 3, "does not hold"),
        (["--entity", "nobody"], 2, "nobody"),
        (["--size", "xs", "--data.colour", "quick"], 2, "unknown setting 'colour'"),
    ],
)
def test_bad_requests_end_in_one_line_and_a_code(tmp_path, monkeypatch, capsys, argv, code, words):
    monkeypatch.chdir(tmp_path)
    write_trips(tmp_path / "trips.csv", n=12)
    assert main(["train", "trips.csv", "--updates", "1", *argv]) == code
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert words in error


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["--regex", "a", "--label", "x"], 2, "--regex, --label are for text models; this one is"),
        (["--top-p", "0.5", "--prefix", "a"], 2, "--prefix, --top-p are for text and poem models"),
        (
            ["--best-of", "4"],
            2,
            "--best-of is for text and poem models; this one is of kind series",
        ),
        (["-i"], 2, "--interactive is for text and poem models"),
        (["-o", "trips.svg"], 2, "trips.svg: a table is written as .csv, .tsv, .parquet"),
        (["--length", "99999999999"], 6, "GB of memory, and the machine has"),
        (["--every", "1h", "--start", "soon"], 2, "--start 'soon' is no time"),
    ],
)
def test_what_means_nothing_to_a_table_is_refused(trips, monkeypatch, capsys, argv, code, words):
    _, folder = trips
    monkeypatch.chdir(folder)
    assert main(["generate", "trips", "--seed", "1", *argv]) == code
    assert words in capsys.readouterr().err.strip().splitlines()[-1]


def test_other_commands_refuse_what_means_nothing_to_a_table(trips, monkeypatch, capsys):
    _, folder = trips
    monkeypatch.chdir(folder)
    assert main(["evaluate", "trips", "--against", "trips"]) == 2
    assert "--against trips: two models of tables" in capsys.readouterr().err
    assert main(["train", "trips.csv", "--preset", "tang-lstm128"]) == 2
    assert "is for the kind poem, the data are of kind series; leave it out, or take one of " in (
        capsys.readouterr().err
    )


def test_a_table_that_holds_nothing_to_learn_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flat.csv").write_text("a,b\n" + "1,2\n" * 40)
    assert main(["train", "flat.csv", "--updates", "1"]) == 3
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("error: flat.csv: all that changes from row to row follows")
    assert main(["inspect", "flat.csv"]) == 0
    assert "a is 1 in every row" in capsys.readouterr().out


def test_a_tsv_is_divided_by_tabs(trips, tmp_path):
    model, _ = trips
    model.write(tmp_path / "o.tsv", 1, length=2, seed=1)
    assert (tmp_path / "o.tsv").read_text().splitlines()[0].split("\t")[:2] == ["bike", "t"]


def test_texts_may_come_from_any_sequence(tmp_path):
    texts = (f"line {k} of many\n" * 20 for k in range(9))
    model = serinette.train(texts, updates=1, runs=tmp_path, name="t", model__hidden_size=8)
    assert model.artifact.kind == "text"


def test_a_dry_run_shows_windows_as_they_are_read_and_trains_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_trips(tmp_path / "trips.csv", n=12)
    argv = ["train", "trips.csv", "--entity", "bike", "--time", "t", "--updates", "7", "--dry-run"]
    assert main([*argv, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert not (tmp_path / "runs").exists()
    assert told["parameters"] > 10_000
    assert told["settings"]["training"]["updates"] == 7
    assert told["origins"]["data.time"] == "--time"
    assert len(told["decoded_batches"]) == 3
    rows = list(csv.DictReader((tmp_path / "trips.csv").read_text().splitlines()))
    known = {(row["t"], row["start"], row["end"], row["state"]) for row in rows}
    for window in told["decoded_batches"][0]:
        for line in window.split(" | "):
            cells = dict(cell.split(" ", 1) for cell in line.split(", "))
            assert (cells["t"], cells["start"], cells["end"], cells["state"]) in known


def test_any_figure_of_a_table_can_be_a_gate(trips, monkeypatch, capsys):
    _, folder = trips
    monkeypatch.chdir(folder)
    assert main(["evaluate", "trips", "--quick", "--fail-on", "judge>2,violations>0"]) == 0
    assert main(["evaluate", "trips", "--quick", "--fail-on", "w1>-1"]) == 8
    assert "the gate allows at most -1" in capsys.readouterr().err
    assert main(["evaluate", "trips", "--quick", "--fail-on", "judges>2"]) == 2
