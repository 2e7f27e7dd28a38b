import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import ArtifactError
from serinette.core.schema import Schema, SymbolField, ValueField
from serinette.decoding.latent_decoder import lengths_of
from serinette.decoding.window_decoders import SteppedDecoder
from serinette.nets.lstm_gan_config import LstmGanConfig, lstm_gan_shapes
from serinette.nets.timegan_config import TimeganConfig, timegan_shapes
from serinette.nets.window_features import FeatureKinds, n_context_of
from serinette.nets.window_writers import LstmGanGenerator, Timegan, WindowShape

T = 7
SCHEMA = Schema(
    fields=(
        SymbolField(name="flag", size=3),
        ValueField(name="low", parts=1),
        ValueField(name="wind", parts=1, missing=True),
    ),
    context=(SymbolField(name="harbour", size=2),),
    end=1,
    n_features=7,  # two levels, one flag, three symbols, one static number
    n_given=1,
)
PLAIN = Schema(fields=(ValueField(name="low", parts=1),), n_features=1)
GAN = LstmGanConfig(
    n_steps=T, noise_size=4, step_noise=2, dense_size=5, hidden_size=6, n_layers=2, conv_width=4
)
CONFIGS = {
    "lstm-gan": GAN,
    "bare": dataclasses.replace(
        GAN, conv_width=0, batch_norm=False, step_noise=0, n_dense=0, activation="tanh"
    ),
    "deep": dataclasses.replace(GAN, n_dense=2, conv_width=3, activation="sigmoid"),
    "relu": dataclasses.replace(GAN, activation="relu", n_layers=1),
    "timegan": TimeganConfig(n_steps=T, hidden_size=5, n_layers=3, step_noise=3),
    "timegan-flat": TimeganConfig(n_steps=T, hidden_size=5, n_layers=1, step_noise=3),
}


def trained(name, schema, seed=3):
    """Return a network, scaled and calibrated as after a training, and its weights."""
    config = CONFIGS[name]
    shape = WindowShape(FeatureKinds.of(schema), n_context_of(schema), schema.end is not None)
    make = Timegan if isinstance(config, TimeganConfig) else LstmGanGenerator
    network = make(config, shape, seed=seed)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn(weight.shape, generator=random) * 0.3)
    network.features.mean = torch.randn(schema.n_features, generator=random)
    network.features.sd = torch.rand(schema.n_features, generator=random) + 0.5
    settled = shape.kinds.settled
    network.features.mean[settled], network.features.sd[settled] = 0.0, 1.0
    noise = torch.randn(64, config.n_noise, generator=random)
    network.calibrate_(noise, torch.randn(64, n_context_of(schema), generator=random))
    weights = {k: v.detach().numpy() for k, v in network.eval().weights().items()}
    return network, weights


def given_to(schema, config, n, seed=1):
    r = np.random.default_rng(seed)
    noise = r.normal(size=(n, config.n_noise)).astype(np.float32)
    return noise, r.normal(size=(n, n_context_of(schema))).astype(np.float32)


@pytest.mark.parametrize("schema", [SCHEMA, PLAIN], ids=["mixed", "plain"])
@pytest.mark.parametrize("name", CONFIGS)
def test_numpy_writes_what_torch_writes(name, schema):
    network, weights = trained(name, schema)
    noise, context = given_to(schema, CONFIGS[name], 21)
    with torch.no_grad():
        written = network(torch.from_numpy(noise), torch.from_numpy(context))
        natural = network.features.natural(written.rows).numpy()
    found = SteppedDecoder(weights, CONFIGS[name], schema).draw(noise, context, T)
    alive = written.alive.numpy() > 0.5
    np.testing.assert_allclose(found.values[alive], natural[alive], rtol=1e-4, atol=1e-4)
    if schema.end is None:
        assert found.end_chances is None
        assert alive.all()
    else:
        u = np.random.default_rng(0).random(21)
        assert np.array_equal(lengths_of(found.end_chances, u), alive.sum(1))


@pytest.mark.parametrize("name", ["lstm-gan", "timegan"])
@settings(max_examples=15)
@given(n=st.integers(1, 40), n_steps=st.integers(1, T), row=st.integers(0, 39))
def test_a_row_depends_on_no_other_row_and_not_on_how_many_steps_follow(name, n, n_steps, row):
    _, weights = trained(name, SCHEMA)
    decoder = SteppedDecoder(weights, CONFIGS[name], SCHEMA)
    noise, context = given_to(SCHEMA, CONFIGS[name], 40)
    whole = decoder.draw(noise, context, T).values
    part = decoder.draw(noise[:n], context[:n], n_steps).values
    assert np.array_equal(part, whole[:n, :n_steps])
    alone = decoder.draw(noise[row : row + 1], context[row : row + 1], T).values
    assert np.array_equal(alone[0], whole[row])


@pytest.mark.parametrize("name", CONFIGS)
def test_flags_and_symbols_are_one_or_none(name):
    _, weights = trained(name, SCHEMA)
    noise, context = given_to(SCHEMA, CONFIGS[name], 30)
    rows = SteppedDecoder(weights, CONFIGS[name], SCHEMA).draw(noise, context, T).values
    kinds = FeatureKinds.of(SCHEMA)
    assert (kinds.n_values, kinds.n_flags, kinds.symbols, kinds.n_statics) == (2, 1, (3,), 1)
    assert set(np.unique(rows[..., kinds.settled])) <= {0.0, 1.0}
    assert (rows[..., kinds.one_hots[0]].sum(-1) == 1).all()


@pytest.mark.parametrize("name", CONFIGS)
def test_the_list_of_shapes_is_what_training_keeps(name):
    config = CONFIGS[name]
    shapes = timegan_shapes if isinstance(config, TimeganConfig) else lstm_gan_shapes
    wanted = shapes(config, SCHEMA)
    assert wanted.pop("facts.shares") == (2,)
    assert wanted == {name: weight.shape for name, weight in trained(name, SCHEMA)[1].items()}


def test_weights_of_another_shape_are_refused():
    _, weights = trained("timegan", SCHEMA)
    with pytest.raises(ArtifactError, match=r"weight 'features.mean' has shape \(7,\), not \(1,\)"):
        SteppedDecoder(weights, CONFIGS["timegan"], PLAIN)
    del weights["generator.out.bias"]
    with pytest.raises(ArtifactError, match=r"weight 'generator.out.bias' has shape None, not"):
        SteppedDecoder(weights, CONFIGS["timegan"], SCHEMA)


def test_what_is_hard_forwards_has_a_gradient_backwards():
    network, _ = trained("lstm-gan", SCHEMA)
    noise, context = (torch.from_numpy(x) for x in given_to(SCHEMA, GAN, 9))
    written = network.train()(noise, context)
    assert set(written.alive.unique().tolist()) <= {0.0, 1.0}
    (written.rows.sum() + written.alive.sum()).backward()
    assert all(float(weight.grad.abs().sum()) > 0 for weight in network.out.parameters())
