import pytest

from serinette.cli.main import main
from serinette.core.config import Layer, resolve
from serinette.core.errors import ConfigError
from serinette.recipes.fit.planning import plan_training
from serinette.recipes.presets import PRESETS, find_preset
from serinette.recipes.requests import TrainRequest, groups_of
from serinette.training.events import silent


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_names_settings_that_exist(name):
    preset = find_preset(name)
    layer = Layer(origin=name, values=preset.values)
    settings = resolve(groups_of(preset.kind), [layer])
    for key, value in preset.values.items():
        section, _, name = key.partition(".")
        assert settings.to_json()[section][name] == value


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
