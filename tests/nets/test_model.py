import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.distributions import categorical_draw, categorical_log_prob
from serinette.core.errors import ConfigError
from serinette.core.schema import Schema, SymbolField, ValueField
from serinette.nets.config import ModelConfig, expected_shapes, n_parameters
from serinette.nets.heads import CategoricalHead
from serinette.nets.model import SequenceModel
from serinette.nets.state import State

V, N_LABELS = 11, 3
SCHEMA = Schema(
    fields=(SymbolField(name="character", size=V, missing=1),),
    context=(SymbolField(name="label", size=N_LABELS),),
    end=0,
)
CONFIGS = [
    ModelConfig(embedding_size=5, hidden_size=7, n_layers=2),
    ModelConfig(embedding_size=5, hidden_size=7, n_layers=3, tied=True, readout="concat"),
    ModelConfig(embedding_size=6, hidden_size=8, n_layers=2, readout="sum", layer_norm=True),
    ModelConfig(embedding_size=V, hidden_size=7, n_layers=2, one_hot=True),
]


def model_of(config):
    return SequenceModel(config, SCHEMA, seed=3).double().eval()


MODELS = [model_of(config) for config in CONFIGS]
models = pytest.mark.parametrize(
    "model", MODELS, ids=["plain", "tied-concat", "norm-sum", "one-hot"]
)


def symbols(seed, n_rows=3, n_steps=12):
    return torch.randint(V, (n_rows, n_steps), generator=torch.Generator().manual_seed(seed))


LABELS = torch.tensor([[0], [2], [1]])


def logits(model, x, state=None, labels=LABELS):
    hidden, after = model(x, labels, model.start(len(x)) if state is None else state)
    return model.readout.project(hidden), after


@models
@given(seed=st.integers(0, 999), cut=st.integers(1, 11))
@torch.no_grad()
def test_two_chunks_equal_one_call(model, seed, cut):
    x = symbols(seed)
    whole, end = logits(model, x)
    first, state = logits(model, x[:, :cut])
    second, last = logits(model, x[:, cut:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(last.c, end.c, rtol=0, atol=1e-12)


@models
@given(seed=st.integers(0, 999), t=st.integers(0, 10))
@torch.no_grad()
def test_the_future_never_changes_the_past(model, seed, t):
    x = symbols(seed)
    changed = x.clone()
    changed[:, t + 1 :] = (changed[:, t + 1 :] + 1) % V
    before, _ = logits(model, x)
    after, _ = logits(model, changed)
    assert torch.equal(before[:, : t + 1], after[:, : t + 1])
    assert not torch.equal(before[:, t + 1 :], after[:, t + 1 :])


@models
@torch.no_grad()
def test_a_row_does_not_see_its_neighbours(model):
    x = symbols(0)
    batch, _ = logits(model, x)
    for i in range(3):
        alone, _ = logits(model, x[i : i + 1], labels=LABELS[i : i + 1])
        torch.testing.assert_close(alone, batch[i : i + 1], rtol=0, atol=1e-12)


def reference_layer(x, w_ih, w_hh, b_ih, b_hh):
    """The four gate equations, one time step at a time. Slow on purpose."""
    h = x.new_zeros(x.shape[0], w_hh.shape[1])
    c = h.clone()
    outputs = []
    for t in range(x.shape[1]):
        i, f, g, o = (x[:, t] @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outputs.append(h)
    return torch.stack(outputs, dim=1)


@torch.no_grad()
def test_agrees_with_the_equations():
    model, x = MODELS[1], symbols(3)
    w = model.state_dict()
    hidden = w["embedding.weight"][x] + w["contexts.0.weight"][LABELS[:, 0]][:, None]
    outputs = []
    for layer in range(3):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        hidden = reference_layer(hidden, *(w[f"layers.{layer}.{n}_l0"] for n in names))
        outputs.append(hidden)
    joined = torch.cat(outputs, -1) @ w["projection.weight"].T
    expected = joined @ w["embedding.weight"].T + w["readout.bias"]
    torch.testing.assert_close(logits(model, x)[0], expected, rtol=0, atol=1e-12)


@models
def test_the_list_of_shapes_is_the_state_dict(model):
    shapes = {name: tuple(w.shape) for name, w in model.state_dict().items()}
    assert shapes == expected_shapes(model.config, SCHEMA)
    assert n_parameters(model.config, SCHEMA) == sum(w.numel() for w in model.parameters())


def test_the_label_changes_the_prediction():
    x = symbols(1, n_rows=1)
    a, _ = logits(MODELS[0], x, labels=torch.tensor([[0]]))
    b, _ = logits(MODELS[0], x, labels=torch.tensor([[1]]))
    assert not torch.allclose(a, b)


@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_reset_forgets_fresh_rows_and_only_those(fresh):
    state = State(torch.ones(2, 3, 4), torch.ones(2, 3, 4))
    kept = ~torch.tensor(fresh)
    after = state.reset(torch.tensor(fresh))
    assert torch.equal(after.h.sum((0, 2)) > 0, kept)
    assert torch.equal(after.c.sum((0, 2)) > 0, kept)


def test_select_repeats_rows_in_order():
    state = State(torch.arange(3.0).view(1, 3, 1), torch.zeros(1, 3, 1))
    assert state.select(torch.tensor([2, 2, 0])).h.flatten().tolist() == [2, 2, 0]


def test_dropout_is_a_function_of_its_generator():
    config = ModelConfig(
        embedding_size=5,
        hidden_size=7,
        embedding_dropout=0.3,
        input_dropout=0.3,
        layer_dropout=0.3,
        output_dropout=0.3,
        weight_drop=0.3,
    )
    model = SequenceModel(config, SCHEMA).double()
    x = symbols(0)

    def run(seed):
        noise = None if seed is None else torch.Generator().manual_seed(seed)
        return model(x, LABELS, model.start(3), noise)[0]

    assert torch.equal(run(1), run(1))
    assert not torch.allclose(run(1), run(2))
    assert torch.equal(run(None), run(None))
    assert not torch.allclose(run(None), run(1))


def test_weight_drop_leaves_the_parameter_alone_and_reaches_its_gradient():
    config = ModelConfig(embedding_size=5, hidden_size=7, weight_drop=0.5)
    model = SequenceModel(config, SCHEMA)
    before = {n: w.clone() for n, w in model.state_dict().items()}
    hidden, _ = model(symbols(0), LABELS, model.start(3), torch.Generator().manual_seed(0))
    hidden.sum().backward()
    assert all(torch.equal(w, before[n]) for n, w in model.state_dict().items())
    gradient = model.get_parameter("layers.0.weight_hh_l0").grad
    assert 0.3 < (gradient == 0).double().mean() < 0.7


def test_locked_dropout_keeps_its_mask_over_time():
    config = ModelConfig(embedding_size=64, hidden_size=7, input_dropout=0.5)
    model = SequenceModel(config, SCHEMA)
    from serinette.nets.dropout import locked

    x = torch.ones(4, 2, 64)
    out = locked(x, 0.5, torch.Generator().manual_seed(0))
    assert torch.equal(out[0], out[3])
    assert not torch.equal(out[0, 0], out[0, 1])
    assert set(out.unique().tolist()) == {0.0, 2.0}
    assert model.config.input_dropout == 0.5


def test_the_initial_weights_depend_on_the_seed_alone():
    torch.manual_seed(0)
    first = SequenceModel(CONFIGS[0], SCHEMA, seed=1).state_dict()
    torch.manual_seed(1)
    second = SequenceModel(CONFIGS[0], SCHEMA, seed=1).state_dict()
    other = SequenceModel(CONFIGS[0], SCHEMA, seed=2).state_dict()
    assert all(torch.equal(first[n], second[n]) for n in first)
    assert not torch.equal(first["embedding.weight"], other["embedding.weight"])
    assert first["layers.0.bias_ih_l0"][7:14].tolist() == [1.0] * 7


weights = st.lists(st.integers(-3, 3).map(float), min_size=4, max_size=4)


@given(weights, st.floats(0, 1, exclude_max=True), st.integers(0, 3))
def test_both_faces_of_the_categorical_agree(row, u, symbol):
    head = CategoricalHead(4, 2)
    params = torch.tensor([row], dtype=torch.float64)
    drawn = head.draw(params, torch.tensor([u], dtype=torch.float64))
    ours = categorical_draw(np.array([row]), np.array([u]))
    assert drawn.tolist() == ours.tolist()
    log_prob = head.log_prob(params, torch.tensor([symbol]))
    expected = categorical_log_prob(np.array([row]), np.array([symbol]))
    np.testing.assert_allclose(log_prob.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_size": 0}, r"model.hidden_size must be at least 1, got 0"),
        ({"output_dropout": 1.0}, r"model.output_dropout must be in \[0, 1\), got 1.0"),
        ({"weight_drop": -0.1}, r"model.weight_drop must be in \[0, 1\), got -0.1"),
    ],
)
def test_a_size_out_of_range_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        ModelConfig(**settings)


def test_a_schema_it_cannot_predict_is_refused():
    schema = Schema(fields=(ValueField(name="price", parts=3),))
    with pytest.raises(ConfigError, match="field 'price'"):
        expected_shapes(CONFIGS[0], schema)
    two = Schema(fields=(SymbolField(name="a", size=2), SymbolField(name="b", size=2)))
    with pytest.raises(ConfigError, match="a step of 2 fields"):
        expected_shapes(CONFIGS[0], two)
