import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.training.config import TrainingConfig
from serinette.training.pace import Pace, rate_factor


@given(
    st.integers(1, 500), st.lists(st.tuples(st.integers(0, 500), st.integers(1, 900)), max_size=4)
)
def test_the_share_rises_from_0_to_1_whatever_is_changed(total, changes):
    pace = Pace.steady(total)
    for update, new_total in sorted(changes):
        if update < pace.total:
            pace = pace.changed(update, new_total)
    shares = [pace.share(update) for update in range(pace.total + 2)]
    assert shares[0] == 0
    assert shares[-1] == shares[-2] == 1
    assert shares == sorted(shares)


def test_a_change_keeps_the_share_where_it_happens():
    pace = Pace.steady(100).changed(40, 70)
    assert pace.share(40) == pytest.approx(0.4)
    assert pace.share(55) == pytest.approx(0.7)
    assert pace.total == 70


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("cosine", 0.55), ("linear", 0.55), ("constant", 1.0), ("plateau", 0.25)],
)
def test_the_rate_half_way_between_warm_up_and_end(schedule, expected):
    config = TrainingConfig(schedule=schedule, warm_up=0.2, final_rate=0.1)
    assert rate_factor(config, 0.6, plateau_factor=0.25) == pytest.approx(expected)


def test_the_rate_warms_up_from_almost_nothing_and_ends_where_it_should():
    config = TrainingConfig(warm_up=0.1, final_rate=0.0)
    assert rate_factor(config, 0.0) == pytest.approx(1e-3)
    assert rate_factor(config, 0.05) == pytest.approx(0.5)
    assert rate_factor(config, 0.1) == pytest.approx(1.0)
    assert rate_factor(config, 1.0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"updates": 0}, "training.updates must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "training.learning_rate must be above 0, got 0.0"),
        ({"l1": -1.0}, "training.l1 must be at least 0, got -1.0"),
        ({"beta2": 1.0}, r"training.beta2 must be in \[0, 1\), got 1.0"),
        ({"final_rate": 2.0}, r"training.final_rate must be in \[0, 1\], got 2.0"),
        ({"n_rows": 7}, r"training.n_rows must be divisible by n_workers \(2\), got 7"),
    ],
)
def test_a_setting_out_of_range_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        TrainingConfig(**settings)
