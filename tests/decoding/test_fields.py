"""The NumPy face of the network for steps of many fields, against the torch face."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.distributions import mixture_draw, mixture_log_prob, mixture_of
from serinette.core.schema import Schema, SymbolField, ValueField
from serinette.decoding.fields import FieldsNetwork, draw_field, product, rows_treated_alike
from serinette.decoding.fields_reading import window_nats
from serinette.kinds.series.encoding import Windows
from serinette.nets.fields import FieldsModel, StepBatch, batch_nats
from serinette.nets.fields_config import FieldsConfig, expected_shapes
from serinette.nets.model import weights_of

FIELDS = (
    SymbolField(name="end", size=2),
    SymbolField(name="colour", size=5),
    ValueField(name="a", parts=3, atoms=2, missing=True),
    ValueField(name="b", parts=4),
)
SCHEMA = Schema(
    fields=FIELDS,
    context=(SymbolField(name="place", size=3),),
    opening=(SymbolField(name="place", size=3), ValueField(name="a", parts=5, missing=True)),
    n_features=3,
    n_given=2,
)
CONFIG = FieldsConfig(hidden_size=7, n_layers=2, embedding_size=3, field_units=6, told_size=4,
                      opening_units=5, gathered_size=9)  # fmt: skip


def network(seed=0):
    model = FieldsModel(CONFIG, SCHEMA, seed=seed)
    return model, FieldsNetwork(weights_of(model), CONFIG, SCHEMA)


def windows(n, n_steps, seed=0):
    r = np.random.default_rng(seed)
    sizes = [2, 5, 4, 1]
    choices = np.stack([r.integers(k, size=(n, n_steps)) for k in sizes], -1)
    is_value = np.stack([np.zeros((n, n_steps), bool)] * 2 + [choices[..., 2] == 3,
                        np.ones((n, n_steps), bool)], -1)  # fmt: skip
    opening = np.stack([r.integers(3, size=n), r.integers(2, size=n)], -1)
    return Windows(
        numbers=r.normal(size=(n, n_steps, 5)).astype(np.float32),
        symbols=np.stack([r.integers(k, size=(n, n_steps)) for k in (2, 5)], -1),
        context=r.integers(3, size=(n, 1)),
        choices=choices,
        values=(r.normal(size=choices.shape) * is_value).astype(np.float32),
        counts=r.random(choices.shape) < 0.8,
        opening_given=r.normal(size=(n, 2)).astype(np.float32),
        opening_choices=opening,
        opening_values=(r.normal(size=(n, 2)) * (opening == [[9, 1]])).astype(np.float32),
        opening_counts=np.ones((n, 2), bool),
        n_told=np.full(n, n_steps + 1),
        spreads=np.zeros(choices.shape, np.float32),
    )


def tensors(w):
    return StepBatch(**{k: torch.from_numpy(v) for k, v in w._asdict().items() if k != "spreads"})


def test_the_weights_are_those_that_the_artifact_expects():
    model, _ = network()
    shapes = {name: tuple(w.shape) for name, w in weights_of(model).items()}
    assert shapes == expected_shapes(CONFIG, SCHEMA)


def test_torch_and_numpy_give_the_same_log_probabilities():
    model, plain = network()
    some = windows(6, 4)
    with torch.no_grad():
        expected = batch_nats(model, tensors(some)).numpy()
    assert np.allclose(window_nats(plain, some).sum(1), expected, atol=2e-4)


def test_a_row_never_depends_on_its_batch():
    _, plain = network()
    some = windows(70, 3)
    together = window_nats(plain, some)
    for rows in ([0], [69], [3, 66, 5]):
        alone = window_nats(plain, Windows(*(part[rows] for part in some)))
        assert np.array_equal(alone, together[rows])


def test_the_future_never_changes_the_past():
    _, plain = network()
    some = windows(3, 5)
    changed = some._replace(numbers=some.numbers.copy())
    changed.numbers[:, 3:] += 1
    before, after = window_nats(plain, some), window_nats(plain, changed)
    assert np.array_equal(before[:, :4], after[:, :4])
    assert not np.allclose(before[:, 4:], after[:, 4:])


@given(st.integers(0, 2**31), st.integers(0, 3), st.integers(1, 4), st.floats(0.1, 10))
@settings(max_examples=40)
def test_a_mixture_draws_what_its_log_probability_says(seed, n_atoms, n_parts, scale):
    """The share of draws at each atom, and below each border, is what the mixture says."""
    r = np.random.default_rng(seed)
    params = r.normal(size=n_atoms + 3 * n_parts) * np.minimum(scale, 2)
    n = 20_000
    mixture = mixture_of(np.broadcast_to(params, (n, len(params))).copy(), n_atoms)
    u = (np.arange(n) + 0.5) / n
    choices, values = mixture_draw(mixture, u)
    for atom in range(n_atoms):
        one = mixture_log_prob(
            mixture_of(params[None], n_atoms), np.array([atom]), np.array([0.0])
        )[0]
        assert (choices == atom).mean() == pytest.approx(np.exp(one), abs=2e-4)
    drawn = np.sort(values[choices == n_atoms])
    if len(drawn) > 5_000:
        low, high = drawn[len(drawn) // 4], drawn[3 * len(drawn) // 4]
        grid = np.linspace(low, high, 4_001)
        one = mixture_of(np.broadcast_to(params, (len(grid), len(params))).copy(), n_atoms)
        density = np.exp(mixture_log_prob(one, np.full(len(grid), n_atoms), grid))
        share = ((drawn >= low) & (drawn <= high)).sum() / n
        assert np.trapezoid(density, grid) == pytest.approx(share, abs=0.02)


def test_a_symbol_of_no_probability_is_never_drawn():
    params = np.array([[-np.inf, 0.0, -np.inf]] * 2)
    drawn, _ = draw_field(SymbolField(name="x", size=3), params, np.array([0.0, 0.999999]))
    assert drawn.tolist() == [1, 1]


@pytest.mark.parametrize("n_told", [2, 10, 24, 27, 64, 192, 512])
@pytest.mark.parametrize("n_read", [2, 24, 64, 128, 192])
def test_a_row_is_multiplied_alike_in_whatever_company_and_place(n_read, n_told):
    r = np.random.default_rng(n_read + n_told)
    rows, weight = (r.normal(size=s).astype(np.float32) for s in ((150, n_read), (n_read, n_told)))
    whole = product(rows, weight)
    for first, last in ((1, 150), (2, 18), (50, 100), (63, 130), (149, 150)):
        assert np.array_equal(product(rows[first:last], weight), whole[first:last]), (first, last)


def test_where_no_rows_are_treated_alike_each_is_multiplied_alone(monkeypatch):
    def uneven(x, weight):
        done = real(x, weight)
        done[:, 1::2] += 1e-3
        return done

    real = np.matmul
    monkeypatch.setattr(np, "matmul", uneven)
    assert rows_treated_alike.__wrapped__(5, 7) == 1
