"""Tables of any generator, judged against real ones."""

import csv
import json

import numpy as np
import pytest

from serinette.cli.main import main
from serinette.core.errors import DataError
from serinette.kinds.series.config import SeriesConfig
from serinette.recipes.series.evaluate import SeriesEvaluateRequest
from serinette.recipes.series.files import TableFiles, evaluate_table_files, read_judged

CONFIG = SeriesConfig(entity=("shop",), time="day")
NAMES = ("shop", "day", "town", "low", "high", "is_open")


def write_shops(path, seed, *, n=40, town="ABC", word="no", turned=False):
    """Write shops: a town, low at most high but where it is `turned`, whole numbers, a boolean."""
    r = np.random.default_rng(seed)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(NAMES)
        for shop in range(n):
            level = int(r.integers(20, 90))
            for day in range(int(r.integers(9, 14))):
                level += int(r.integers(-3, 4))
                ends = (level, level + int(r.integers(0, 9)))
                if turned and day % 4 == 0:
                    ends = (level + 0.5, level)
                out.writerow([
                    f"{path.stem}{shop}", f"2024-03-{day + 1:02d}", town[shop % len(town)], *ends,
                    r.choice(["yes", word]),
                ])  # fmt: skip
    return path


@pytest.fixture
def files(tmp_path):
    return TableFiles(
        samples=write_shops(tmp_path / "samples.csv", 3),
        reference=write_shops(tmp_path / "reference.csv", 2),
        training=write_shops(tmp_path / "training.csv", 1),
    )


def judged(files, config=CONFIG):
    request = SeriesEvaluateRequest(is_quick=True)
    evaluation = evaluate_table_files(files, config, request)
    return evaluation, {metric.key: metric for metric in evaluation.metrics}


@pytest.mark.slow
def test_what_a_generator_breaks_is_counted_beside_real_rows(files):
    _, found = judged(files)
    assert found["broken"].floor is not None
    assert "broken:high >= low" not in found
    write_shops(files.samples, 3, turned=True)
    evaluation, worse = judged(files)
    broken = worse["broken:high >= low"]
    assert broken.floor == 0
    assert 20 < broken.value < 35
    assert worse["broken:low has 0 decimals"].value == broken.value
    # A row that breaks two relations is one row.
    assert broken.value <= worse["broken"].value <= 100
    assert any("low <= high" in note for note in evaluation.sections[-1].notes)


@pytest.mark.slow
def test_the_training_file_in_the_place_of_samples_is_found_to_be_a_copy(files):
    samples = files.samples
    samples.write_bytes(files.training.read_bytes())
    evaluation, found = judged(files)
    assert found["copies"].value == 100
    assert found["judge"].value == found["judge"].floor
    assert "red" in {verdict.light for verdict in evaluation.verdicts}


def test_spellings_have_one_number_in_all_tables_and_new_ones_come_last(files):
    write_shops(files.samples, 3, town="CXA", word="perhaps")
    tables = read_judged(files, CONFIG)
    town = tables.samples.column("town")
    assert town.levels == ("A", "B", "C", "X")
    assert town.levels == tables.reference.column("town").levels
    spelt = [town.levels[int(k)] for k in town.values[tables.samples.starts[:3]]]
    assert spelt == ["C", "X", "A"]
    assert tables.samples.column("is_open").levels[-1] == "perhaps"
    assert tables.samples.column("is_open").type == tables.training.column("is_open").type


def test_a_fact_of_a_sequence_that_changes_in_samples_is_said(files):
    lines = files.samples.read_text().splitlines()
    lines[2] = lines[2].replace(",A,", ",B,")
    files.samples.write_text("\n".join(lines) + "\n")
    assert read_judged(files, CONFIG).warnings[-1] == (
        "`town` never changes within a real sequence, but does in 1 of 40 written ones; their "
        "first rows are compared"
    )


def test_samples_without_a_column_are_refused_by_its_name(files):
    files.samples.write_text(files.samples.read_text().replace("high", "height", 1))
    with pytest.raises(DataError, match=r"samples\.csv must have the columns .* named 'high'"):
        read_judged(files, CONFIG)


@pytest.mark.slow
def test_the_command_line_judges_tables_and_says_what_it_needs(files, tmp_path, capsys):
    argv = ["evaluate", "--samples", str(files.samples), "--reference", str(files.reference)]
    training, columns = ["--training", str(files.training)], ["--entity", "shop", "--time", "day"]
    report = tmp_path / "report.html"
    assert main([*argv, *training, *columns, "--quick", "--json", "-o", str(report)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["facts"]["samples"].startswith("samples.csv")
    assert report.exists()
    assert main([*argv, *columns]) == 2
    assert "--samples of a table needs --training" in capsys.readouterr().err
    assert main(["evaluate", "notes", *columns]) == 2
    assert "--entity and --time go with --samples" in capsys.readouterr().err
