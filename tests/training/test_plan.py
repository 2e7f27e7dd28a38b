import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig, n_parameters
from serinette.training.config import TrainingConfig
from serinette.training.plan import (
    ROWS,
    SIZES,
    CorpusFacts,
    choose_shape,
    choose_size,
    make_plan,
    model_of,
    plan_shape,
    regularisers,
)

SCHEMA = Schema(fields=(SymbolField(name="character", size=67, missing=1),), end=0)
SHAKESPEARE = CorpusFacts(n_steps=950_000, n_sequences=1, median_length=950_000)


def steps_per_second(speed):
    """A machine whose speed falls with the number of parameters."""

    def measure(model, training):
        parameters = n_parameters(model_of(model), SCHEMA)
        return training["window"] * training["n_rows"] * parameters / speed

    return measure


MEASURE = steps_per_second(4e10)


def plan_of(facts=SHAKESPEARE, seconds=300.0, size=None, **fixed):
    return make_plan(SCHEMA, facts, MEASURE, seconds=seconds, size=size, fixed=fixed)


def test_a_longer_budget_never_chooses_a_smaller_network():
    shape = plan_shape(SHAKESPEARE)
    order = list(SIZES)
    chosen = [
        order.index(choose_size(SCHEMA, SHAKESPEARE, seconds, MEASURE, shape, {}))
        for seconds in (5.0, 30.0, 120.0, 300.0, 900.0, 3600.0)
    ]
    assert chosen == sorted(chosen)
    assert chosen[0] < chosen[-1]


def test_a_small_corpus_never_gets_a_large_network():
    facts = CorpusFacts(n_steps=20_000, n_sequences=1, median_length=20_000)
    assert choose_size(SCHEMA, facts, 1e6, MEASURE, plan_shape(facts), {}) in ("xs", "s")


@given(
    st.integers(50, 10**8),
    st.integers(1, 10**6),
    st.floats(1, 1e5),
    st.sampled_from([None, *SIZES]),
)
def test_every_plan_is_a_valid_configuration(n_steps, median, seconds, size):
    facts = CorpusFacts(n_steps=n_steps, n_sequences=3, median_length=min(median, n_steps))
    plan = plan_of(facts, seconds, size)
    training = TrainingConfig(**plan.training)
    assert ModelConfig(**plan.model)
    assert training.n_rows * training.window >= 64


def test_the_plan_fills_the_budget():
    plan = plan_of(seconds=300.0)
    assert plan.training["updates"] * plan.seconds_per_update == pytest.approx(300, rel=0.02)


def test_a_small_corpus_ends_before_a_long_budget_and_says_so():
    facts = CorpusFacts(n_steps=20_000, n_sequences=1, median_length=20_000)
    plan = plan_of(facts, seconds=3600.0)
    steps = plan.training["updates"] * plan.training["window"] * plan.training["n_rows"]
    assert steps <= 14 * 20_000
    assert "the corpus is small: 14 passes take" in plan.summary[-1]


def test_what_the_user_has_set_wins():
    fixed = {"training.updates": 7, "training.window": 12, "model.hidden_size": 33}
    plan = plan_of(**fixed)
    assert plan.training["updates"] == 7
    assert plan.training["window"] == 12
    assert plan.model["hidden_size"] == 33


def in_steps(model, training):
    """A machine on which an update takes as long for many rows as for few."""
    return training["window"] * n_parameters(model_of(model), SCHEMA) * ROWS / 4e10


WIDE_SHAPE = {"window": 32, "n_rows": 128}
USUAL = {"window": 64, "n_rows": 32}


@pytest.mark.parametrize(
    ("hidden_size", "measure", "own", "shape"),
    [
        (512, in_steps, {}, WIDE_SHAPE),
        (384, in_steps, {}, USUAL),
        (512, MEASURE, {}, USUAL),
        (512, in_steps, {"batching": "windows"}, USUAL),
        (512, in_steps, {"batching": "many-to-one"}, USUAL),
        (512, in_steps, {"window": 48}, {"window": 48, "n_rows": 32}),
    ],
)
def test_more_rows_of_shorter_windows_are_read_where_that_is_faster(
    hidden_size, measure, own, shape
):
    model = {"hidden_size": hidden_size, "embedding_size": 64, "n_layers": 2}
    assert choose_shape(SHAKESPEARE, measure, model, own) == {**own, **shape}


@pytest.mark.parametrize(("n_steps", "median"), [(160_000, 160_000), (9_000_000, 17)])
def test_a_small_corpus_and_short_documents_are_read_as_always(n_steps, median):
    facts = CorpusFacts(n_steps=n_steps, n_sequences=5, median_length=median)
    model = {"hidden_size": 512, "embedding_size": 64, "n_layers": 2}
    assert choose_shape(facts, in_steps, model, {}) == plan_shape(facts)


def test_short_documents_get_short_windows():
    facts = CorpusFacts(n_steps=10_000, n_sequences=600, median_length=17)
    assert plan_shape(facts) == {"window": 24, "n_rows": 8}


@given(st.floats(0.01, 1000))
def test_dropout_rises_with_the_passes_and_stays_in_range(passes):
    now, later = regularisers(passes), regularisers(passes * 2)
    for name, value in now.items():
        assert 0 <= value <= later[name] < 0.5


def test_neither_budget_nor_updates_is_refused():
    with pytest.raises(ConfigError, match=r"neither a budget nor training\.updates"):
        plan_of(seconds=None)


def test_an_unknown_size_is_refused():
    with pytest.raises(ConfigError, match="--size must be one of xs, s, m, l, xl, xxl, got 'huge'"):
        plan_of(size="huge")
