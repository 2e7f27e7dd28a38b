import json

import pytest

from serinette.core.errors import ConfigError, DataError, NotFoundError
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.metadata import config_from_sdv

ONE = {
    "columns": {
        "Symbol": {"sdtype": "id", "regex_format": "[A-Z]{4}"},
        "Date": {"sdtype": "datetime", "datetime_format": "%Y-%m-%d"},
        "Open": {"sdtype": "numerical"},
        "Sector": {"sdtype": "categorical"},
        "Owner": {"sdtype": "email", "pii": True},
        "Trade": {"sdtype": "id"},
    },
    "sequence_key": "Symbol",
    "sequence_index": "Date",
    "METADATA_SPEC_VERSION": "SINGLE_TABLE_V1",
}
WANTED = {
    "entity": ("Symbol",),
    "time": "Date",
    "types": {"Date": "datetime", "Sector": "category"},
    "left_out": ("Owner", "Trade"),
}


def test_the_metadata_of_one_table_become_settings(tmp_path):
    assert config_from_sdv(ONE) == WANTED
    path = tmp_path / "m.json"
    path.write_text(json.dumps(ONE))
    assert config_from_sdv(path) == WANTED
    assert SeriesConfig(**config_from_sdv(path)).time == "Date"


def test_the_metadata_of_several_tables_become_settings_of_one():
    assert config_from_sdv({"tables": {"a": ONE}}) == WANTED
    assert config_from_sdv({"tables": {"a": {"columns": {}}, "b": ONE}}, "b") == WANTED
    with pytest.raises(ConfigError, match="which table is meant; name one of a, b"):
        config_from_sdv({"tables": {"a": ONE, "b": ONE}})
    with pytest.raises(ConfigError, match="no table 'c'; name one of a"):
        config_from_sdv({"tables": {"a": ONE}}, "c")


def test_without_key_and_index_there_is_one_series_in_order():
    found = config_from_sdv({"columns": {"x": {"sdtype": "numerical"}}})
    assert found == {"entity": ("-",), "time": "-"}


def test_what_is_no_metadata_is_refused(tmp_path):
    with pytest.raises(DataError, match="no 'columns'"):
        config_from_sdv({"fields": 1})
    with pytest.raises(NotFoundError, match="no such file"):
        config_from_sdv(tmp_path / "m.json")
    (tmp_path / "m.json").write_text("{")
    with pytest.raises(DataError, match=r"m\.json: not JSON"):
        config_from_sdv(tmp_path / "m.json")
    (tmp_path / "m.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match=r"m\.json: not JSON"):
        config_from_sdv(tmp_path / "m.json")
    (tmp_path / "m.json").write_text("[]")
    with pytest.raises(DataError, match="not an object"):
        config_from_sdv(tmp_path / "m.json")
    for odd in ({"sequence_index": ["x"]}, {"sequence_index": 7}, {"sequence_key": 7}):
        with pytest.raises(DataError, match="'sequence_key' and 'sequence_index' must name col"):
            config_from_sdv({"columns": {"x": {"sdtype": "numerical"}}, **odd})
    with pytest.raises(DataError, match="table 'a' is not an object"):
        config_from_sdv({"tables": {"a": 1}})
