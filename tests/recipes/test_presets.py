import json
import time

import pytest

from serinette.cli.main import main
from serinette.core.config import Layer, resolve
from serinette.core.errors import ConfigError
from serinette.recipes.describe import describe_data
from serinette.recipes.fit.planning import plan_training
from serinette.recipes.game_words import check_game
from serinette.recipes.presets import PRESETS, find_preset
from serinette.recipes.requests import TrainRequest, groups_of
from serinette.training.events import silent


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_names_settings_that_exist(name):
    preset = find_preset(name)
    layer = Layer(origin=name, values=preset.values)
    for kind in (preset.kind, *preset.also):
        settings = resolve(groups_of(kind), [layer])
        told = {key for key, origin in settings.origins.items() if origin == name}
        assert told == set(preset.values)


@pytest.mark.parametrize("name", ["seqgan", "relgan", "cot"])
def test_a_game_of_the_literature_is_a_game_that_a_budget_bounds(name):
    preset = find_preset(name)
    settings = resolve(groups_of("text"), [Layer(origin=name, values=preset.values)])
    check_game(settings)
    assert settings.groups["training"].objective == "adversarial"
    assert preset.is_for("text")
    assert preset.is_for("poem")
    assert not preset.is_for("series")
    assert not preset.says_how_long
    assert find_preset("tang-lstm128").says_how_long


def test_an_unknown_preset_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"preset 'tang-lstm' is not known .*tang-lstm128"):
        find_preset("tang-lstm")


def test_a_preset_that_says_how_long_takes_no_budget(capsys):
    assert main(["train", "x.json", "--preset", "tang-lstm128", "--budget", "1m"]) == 2
    assert "--preset tang-lstm128 says how long it trains; leave out --budget 1m" in (
        capsys.readouterr().err
    )


def test_a_preset_for_another_kind_is_refused():
    request = TrainRequest(sources=("no poem at all " * 20,), kind="text", preset="tang-lstm128")
    with pytest.raises(ConfigError, match="is for the kind poem, the data are of kind text"):
        plan_training(request, 0.0, silent)


@pytest.mark.parametrize(
    ("values", "preset", "are_records"),
    [({}, "encyclopaedia", True), ({"data.documents": "file"}, "code", False)],
)
def test_lines_of_json_are_records_unless_something_else_is_said(
    tmp_path, values, preset, are_records
):
    path = tmp_path / "articles.jsonl"
    path.write_text("".join(json.dumps({"text": f"article {k} " * 9}) + "\n" for k in range(30)))
    layers = (Layer(origin="test", values=values),)
    request = TrainRequest(
        sources=(path,), layers=layers, budget_seconds=9.0, preset=preset, size="xs"
    )
    planned = plan_training(request, time.monotonic(), silent)
    text = planned.prepared.parts.train.sequences[0].content
    assert text.startswith("article" if are_records else '{"text"')
    assert planned.settings.groups["data"].text_field == ("text" if are_records else None)
    report = describe_data([path], layers)
    assert report.settings.groups["data"].text_field == (None if values else "text")
