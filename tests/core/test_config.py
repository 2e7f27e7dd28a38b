import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.config import (
    Layer,
    build,
    environment_layer,
    field_help,
    flag_layer,
    plain,
    read_toml,
    resolve,
    to_toml,
)
from serinette.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a thing looks like."""

    side_size: int = 7
    """Length of a side,
    at least 1."""
    tilt: float = 0.5
    """In degrees."""
    colour: Literal["red", "blue"] = "red"
    """Its colour."""
    is_hollow: bool = False
    label: str | None = None
    """What is written on it."""

    def __post_init__(self) -> None:
        if self.side_size < 1:
            raise ConfigError(f"shape.side_size must be at least 1, got {self.side_size}")
        if self.tilt > 90:
            raise ConfigError(f"shape.tilt must be at most 90, got {self.tilt}")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What is drawn with it."""

    stops: tuple[str, ...] = ()
    bias: Mapping[str, float] = field(default_factory=dict)
    limit: int | None = None


GROUPS = {"shape": Shape, "drawing": Drawing}


def layer(origin="train.toml", **values):
    return Layer(origin=origin, values={key.replace("__", "."): v for key, v in values.items()})


def problem(*layers):
    with pytest.raises(ConfigError) as caught:
        resolve(GROUPS, layers)
    return str(caught.value)


def test_later_layers_win_and_every_value_knows_its_origin():
    resolved = resolve(
        GROUPS,
        [
            layer("plan", shape__side_size=5, shape__tilt=2),
            layer("train.toml", shape__side_size=6),
            environment_layer({"SERINETTE_SHAPE__COLOUR": "blue", "HOME": "x", "SERINETTE_X": "y"}),
            flag_layer({"drawing.limit": "20_000"}),
        ],
    )
    shape, drawing = resolved.groups["shape"], resolved.groups["drawing"]
    assert (shape.side_size, shape.tilt, shape.colour, drawing.limit) == (6, 2.0, "blue", 20_000)
    assert isinstance(shape.tilt, float)
    assert resolved.origins == {
        "shape.side_size": "train.toml",
        "shape.tilt": "plan",
        "shape.colour": "SERINETTE_SHAPE__COLOUR",
        "shape.is_hollow": "default",
        "shape.label": "default",
        "drawing.stops": "default",
        "drawing.bias": "default",
        "drawing.limit": "--drawing.limit",
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"shape.side_sise": 1},
            "train.toml [shape]: unknown setting 'side_sise' (did you mean 'side_size'?)",
        ),
        ({"shpe.tilt": 1}, "train.toml: unknown section 'shpe' (did you mean 'shape'?)"),
        (
            {"shape.limit": 1},
            "train.toml [shape]: unknown setting 'limit' (it belongs to [drawing])",
        ),
        (
            {"tilt": 1},
            "train.toml: 'tilt' stands in no section; put it under one of [shape], [drawing]",
        ),
        (
            {"shape.zzz": 1},
            "train.toml [shape]: unknown setting 'zzz' "
            "(known: side_size, tilt, colour, is_hollow, label)",
        ),
        (
            {"shape.side_size": "7.5"},
            "train.toml [shape]: side_size must be a whole number, got '7.5'",
        ),
        (
            {"shape.side_size": True},
            "train.toml [shape]: side_size must be a whole number, got True",
        ),
        ({"shape.tilt": "nan"}, "train.toml [shape]: tilt must be a number, got 'nan'"),
        ({"shape.tilt": "steep"}, "train.toml [shape]: tilt must be a number, got 'steep'"),
        ({"shape.is_hollow": "maybe"}, "is_hollow must be true or false, got 'maybe'"),
        ({"shape.colour": "green"}, "colour must be one of 'red', 'blue', got 'green'"),
        ({"shape.label": 3}, "label must be text or 'none', got 3"),
        ({"drawing.limit": "x"}, "limit must be a whole number or 'none', got 'x'"),
        ({"drawing.stops": 3}, "stops must be a list, got 3"),
        ({"drawing.stops": "[1"}, "stops must be valid JSON"),
        ({"drawing.bias": "x"}, "bias must be written like 'x=-5', got 'x'"),
        ({"drawing.bias": 4}, "bias must be a table, got 4"),
        ({"drawing.bias": {"x": "y"}}, "bias must be a number, got 'y'"),
        (
            {"shape.side_size": 0},
            "train.toml [shape]: shape.side_size must be at least 1, got 0",
        ),
    ],
)
def test_a_problem_names_the_place_the_value_and_the_remedy(values, message):
    assert message in problem(Layer(origin="train.toml", values=values))


def test_a_flag_and_an_environment_name_are_quoted_as_the_user_wrote_them():
    assert problem(flag_layer({"shape.tlt": "1"})) == (
        "--shape.tlt: unknown setting 'tlt' (did you mean 'tilt'?)"
    )
    assert problem(environment_layer({"SERINETTE_SHAPE__TILT": "100"})) == (
        "SERINETTE_SHAPE__TILT: shape.tilt must be at most 90, got 100.0"
    )


def test_all_problems_are_reported_at_once():
    message = problem(
        layer("a.toml", shape__sid=1, shape__side_size=0),
        layer("b.toml", shape__tilt=91, shape__colour="pink", drawing__limit="many"),
    )
    for part in (
        "'sid'",
        "side_size must be at least 1",
        "tilt must be at most",
        "'pink'",
        "'many'",
    ):
        assert part in message
    assert message.count(";") == 4


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("1e3", 1000), ("20_000", 20_000), ("3.0", 3), ("-2", -2)]
)
def test_whole_numbers_are_read_as_people_write_them(text, number):
    value = build(Drawing, {"limit": text}, source="here").limit
    assert (value, type(value)) == (number, int)


def test_text_is_read_by_the_type_of_its_setting():
    drawing = build(
        Drawing, {"stops": '["a", "b"]', "bias": "==-5", "limit": "none"}, source="here"
    )
    assert (drawing.stops, drawing.bias, drawing.limit) == (("a", "b"), {"=": -5.0}, None)
    assert build(Drawing, {"stops": "one text"}, source="here").stops == ("one text",)
    assert build(Drawing, {"bias": '{"a": 1, "b": 2}'}, source="here").bias == {"a": 1.0, "b": 2.0}
    assert build(Shape, {"is_hollow": "yes", "label": "[x"}, source="here").is_hollow


def test_build_names_its_source():
    with pytest.raises(ConfigError) as caught:
        build(Shape, {"side": 1, "tilt": "x", "side_size": 0}, source="config.json [model]")
    assert str(caught.value) == (
        "config.json [model]: unknown setting 'side' (did you mean 'side_size'?); "
        "config.json [model]: tilt must be a number, got 'x'; "
        "config.json [model]: shape.side_size must be at least 1, got 0"
    )


def test_a_setting_without_a_default_must_be_given():
    @dataclass(frozen=True, kw_only=True)
    class Needy:
        size: int

    with pytest.raises(ConfigError, match="missing 1 required keyword-only argument: 'size'"):
        build(Needy, {}, source="config.json")


configs = st.builds(
    Shape,
    side_size=st.integers(1, 10**12),
    tilt=st.floats(-1e300, 90),
    colour=st.sampled_from(["red", "blue"]),
    is_hollow=st.booleans(),
    label=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
)
tables = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.floats(allow_nan=False, allow_infinity=False),
)
drawings = st.builds(
    Drawing,
    stops=st.lists(st.text(st.characters(exclude_categories=["Cs"]))).map(tuple),
    bias=tables,
    limit=st.none() | st.integers(),
)


@given(shape=configs, drawing=drawings)
def test_a_config_survives_json_and_toml(shape, drawing):
    for config in (shape, drawing):
        again = json.loads(json.dumps(plain(config)))
        assert build(type(config), again, source="x") == config
    first = resolve(
        GROUPS,
        [
            Layer(
                origin="plan",
                values={f"shape.{k}": v for k, v in plain(shape).items()}
                | {f"drawing.{k}": v for k, v in plain(drawing).items()},
            )
        ],
    )
    document = tomllib.loads(to_toml(first))
    values = {f"{s}.{k}": v for s, part in document.items() for k, v in part.items()}
    assert resolve(GROUPS, [Layer(origin="file", values=values)]).groups == first.groups


def test_to_toml_says_where_each_value_came_from(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text("[shape]\nside_size = 9\n[drawing.bias]\nx = -5\n", encoding="utf-8-sig")
    text = to_toml(resolve(GROUPS, [read_toml(path), flag_layer({"shape.tilt": "1"})]))
    assert "side_size = 9  # train.toml\n" in text
    assert "tilt = 1.0  # --shape.tilt\n" in text
    assert "# label is not set  # default\n" in text
    assert 'bias = {"x" = -5.0}  # train.toml\n' in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[shape\n", "train.toml: not valid TOML: "),
        (b'[shape]\nlabel = "\xff"', "train.toml: not UTF-8 at byte 17; save it as UTF-8"),
        (None, "train.toml: cannot be read (No such file or directory); check --config"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, message):
    path = tmp_path / "train.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_toml(path)
    assert message in str(caught.value)


def test_the_help_of_a_field_is_the_docstring_under_it():
    assert field_help(Shape) == {
        "side_size": "Length of a side, at least 1.",
        "tilt": "In degrees.",
        "colour": "Its colour.",
        "label": "What is written on it.",
    }


def test_help_is_empty_where_there_is_no_source():
    namespace: dict[str, type] = {}
    exec("class Typed:\n    a: int = 1\n", namespace)  # noqa: S102
    assert field_help(namespace["Typed"]) == {}
