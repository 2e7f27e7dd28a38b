import typing

import pytest

from serinette.core.errors import ConfigError
from serinette.nets.critic_config import CriticConfig
from serinette.training.game.config import AdversarialConfig, LossName
from serinette.training.game.losses import LOSSES
from serinette.training.game.mediator import DIVERGENCES


@pytest.mark.parametrize(
    ("name", "value", "range_"),
    [
        ("share", 1.0, r"in \(0, 1\), got 1.0"),
        ("share", 0.0, r"in \(0, 1\)"),
        ("updates", 0, "at least 1, got 0"),
        ("critic_steps", 0, "at least 1"),
        ("learning_rate", 0.0, "above 0"),
        ("largest_fall", 0.0, "above 0"),
        ("beta1", 1.0, r"in \[0, 1\)"),
        ("discount", 1.5, r"in \[0, 1\]"),
        ("anchor", -0.1, "at least 0"),
        ("n_samples", 19, "at least 20"),
        ("label_smoothing", 0.5, r"in \[0, 0.5\)"),
    ],
)
def test_settings_out_of_range_are_refused(name, value, range_):
    with pytest.raises(ConfigError, match=rf"adversarial.{name} must be {range_}"):
        AdversarialConfig(**{name: value})


def test_labels_can_only_be_smoothed_where_there_are_any():
    with pytest.raises(
        ConfigError, match=r"label_smoothing is 0\.1, but loss 'hinge' has no labels"
    ):
        AdversarialConfig(loss="hinge", label_smoothing=0.1)
    assert AdversarialConfig(loss="bce", label_smoothing=0.1).label_smoothing == 0.1
    smoothable = {name for name, objective in LOSSES.items() if objective.smoothed}
    assert smoothable == {"bce", "least-squares"}


def test_packed_rows_cannot_be_credited_one_by_one():
    packed = CriticConfig(packing=2)
    for estimator in ("reinforce", "rollouts"):
        with pytest.raises(ConfigError, match=f"packing is 2, but .*'{estimator}' needs a word"):
            AdversarialConfig(estimator=estimator).check_critic(packed)
    AdversarialConfig(estimator="gumbel").check_critic(packed)


def test_every_name_of_a_setting_is_one_that_is_played():
    assert set(typing.get_args(LossName)) == set(LOSSES)
    hints = typing.get_type_hints(AdversarialConfig)
    named = {name.replace("-", "_") for name in typing.get_args(hints["divergence"])}
    assert named <= set(DIVERGENCES)
