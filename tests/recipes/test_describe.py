import pytest

from serinette.core.config import Layer
from serinette.core.errors import ConfigError, NotFoundError
from serinette.recipes.describe import describe_data


def layer(**values):
    return Layer(origin="test", values={f"data.{key}": value for key, value in values.items()})


def test_a_report_counts_what_is_there(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("".join(f"a{k}\n" for k in range(10, 40)) + "Zoë", encoding="utf-8")
    report = describe_data([path], [layer(documents="line")])
    assert report.n_documents == 31
    assert report.n_characters == 30 * 3 + 3
    assert (report.n_distinct, report.n_once) == (14, 3)
    assert (report.longest_line, report.longest_document) == (3, 3)
    assert [part.name for part in report.parts] == ["train", "validation", "test"]
    assert sum(part.n_documents for part in report.parts) == 31
    assert sum(part.n_characters for part in report.parts) == 93
    assert report.files[0].n_bytes == path.stat().st_size
    assert report.settings.origins["data.documents"] == "test"
    assert report.decisions


def test_what_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(NotFoundError, match="no such file"):
        describe_data([tmp_path / "nowhere.txt"])
    with pytest.raises(ConfigError, match="must be one of"):
        describe_data([tmp_path], [layer(documents="page")])
