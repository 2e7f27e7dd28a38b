import itertools

import pytest
import torch
from tiny_games import model_of

CONFIGS = [
    {"n_layers": layers, "readout": readout, "tied": tied, "layer_norm": norm}
    for layers, readout, (tied, norm) in itertools.product(
        (1, 3), ("concat", "sum", "last"), ((False, True), (True, False))
    )
]


@pytest.mark.parametrize("sizes", CONFIGS, ids=str)
def test_advancing_step_by_step_equals_reading_at_once(sizes):
    model = model_of(n_labels=4, **sizes).double()
    generator = torch.Generator().manual_seed(1)
    for weight in model.parameters():
        weight.data.normal_(0, 0.5, generator=generator)
    symbols = torch.randint(0, 7, (3, 6), generator=generator)
    context = torch.tensor([[1], [2], [3]])
    hidden, after = model(symbols, context, model.start(3))
    state, told = model.start(3), model.context_vector(context)
    for t in range(6):
        x = torch.nn.functional.embedding(symbols[:, t], model.embedding.weight) + told
        step, state = model.advance(x, state)
        torch.testing.assert_close(step, hidden[:, t], atol=1e-12, rtol=0)
    torch.testing.assert_close(state.h, after.h, atol=1e-12, rtol=0)
    torch.testing.assert_close(state.c, after.c, atol=1e-12, rtol=0)


def test_advancing_has_the_slope_of_reading():
    model = model_of(layer_norm=True).double()
    x = torch.randn(1, 3, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    slopes = []
    for advance in (True, False):
        at = x.clone().requires_grad_(True)
        if advance:
            hidden, _ = model.advance(at[0], model.start(3))
        else:
            read, _ = model.read(at, model.start(3))
            hidden = read[:, 0]
        hidden.square().sum().backward()
        slopes.append(at.grad)
    torch.testing.assert_close(slopes[0], slopes[1], atol=1e-12, rtol=0)
