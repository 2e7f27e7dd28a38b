import pytest
import torch
from tiny_games import END, model_of

from serinette.training.game.drawing import (
    Opening,
    draw,
    draw_softly,
    draw_symbols,
)


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


def opening_of(model, n_rows, n_labels=4):
    context = (
        torch.arange(n_rows)[:, None] % n_labels if n_labels else torch.zeros(n_rows, 0).long()
    )
    return Opening(torch.full((n_rows,), END), context, model.start(n_rows))


def test_symbols_come_as_often_as_their_probability_says():
    probabilities = torch.tensor([0.0, 0.5, 0.3, 0.0, 0.15, 0.05])
    n = 40_000
    drawn = draw_symbols(probabilities.log().expand(n, -1), noise())
    counts = drawn.bincount(minlength=6)
    expected = n * probabilities
    there = probabilities > 0
    assert counts[~there].sum() == 0
    chi_square = ((counts - expected)[there].square() / expected[there]).sum()
    assert chi_square < 16.3  # three degrees of freedom, 1 in 1000


@pytest.mark.parametrize(("u", "symbol"), [(0.0, 1), (0.499, 1), (0.501, 2), (1 - 2**-24, 2)])
def test_the_extremes_of_the_noise_draw_symbols_that_can_be(monkeypatch, u, symbol):
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.full(shape, u))
    logits = torch.tensor([[-torch.inf, 0.0, 0.0, -torch.inf]])
    assert draw_symbols(logits, noise()).tolist() == [symbol]


@pytest.mark.parametrize("end", [END, None])
def test_rows_are_drawn_from_what_the_model_says_of_them_at_once(end):
    model = model_of(n_labels=4)
    opening = opening_of(model, 5)
    drawn = draw(model, opening, 12, end, noise(3))
    n_steps = drawn.symbols.shape[1]
    assert torch.equal(drawn.inputs[:, 1:], drawn.symbols[:, :-1])
    hidden, _ = model(drawn.inputs, opening.context, opening.state)
    logits = model.readout.project(hidden)
    logits[..., 1] = -torch.inf  # what stands for an unknown symbol is never drawn
    probabilities = logits.softmax(-1)
    same = noise(3)
    for t in range(n_steps):
        u = torch.rand(5, 1, generator=same)
        expected = (probabilities[:, t].cumsum(-1) <= u).sum(-1)
        kept = drawn.mask[:, t]
        assert torch.equal(drawn.symbols[kept, t], expected[kept])


def test_a_row_counts_up_to_its_end_that_one_included():
    model = model_of(n_labels=4)
    with torch.no_grad():
        model.readout.bias[END] = 2.0
    drawn = draw(model, opening_of(model, 40), 9, END, noise())
    for symbols, mask in zip(drawn.symbols, drawn.mask, strict=True):
        ends = (symbols == END).nonzero()[:, 0]
        n_steps = int(ends[0]) + 1 if len(ends) else len(symbols)
        assert mask.tolist() == [t < n_steps for t in range(len(symbols))]
    assert not drawn.mask.all()


def test_drawing_stops_when_all_rows_have_ended():
    model = model_of(n_labels=4)
    with torch.no_grad():
        model.readout.bias[END] = 50.0
    assert draw(model, opening_of(model, 4), 9, END, noise()).symbols.tolist() == [[END]] * 4
    assert draw(model, opening_of(model, 4), 9, None, noise()).symbols.shape == (4, 9)


def test_soft_rows_are_one_hot_to_the_bit_and_have_slopes_at_every_step():
    model = model_of(n_labels=4)
    drawn = draw_softly(model, opening_of(model, 6), 7, None, noise(), sharpness=3.0)
    assert torch.equal(drawn.rows, torch.nn.functional.one_hot(drawn.symbols, 7).float())
    values = torch.randn(drawn.rows.shape, generator=noise(1))
    for t in range(7):
        model.zero_grad()
        (drawn.rows[:, t] * values[:, t]).sum().backward(retain_graph=True)
        assert model.readout.bias.grad.abs().sum() > 0
    assert model.embedding.weight.grad.abs().sum() > 0


def test_the_first_step_reaches_the_last_through_the_symbols_between():
    model = model_of()
    opening = opening_of(model, 4, n_labels=0)
    state = opening.state._replace(h=opening.state.h.clone().requires_grad_(True))
    drawn = draw_softly(model, opening._replace(state=state), 6, None, noise(), sharpness=1.0)
    values = torch.randn(4, 7, generator=noise(1))
    (drawn.rows[:, 5] * values).sum().backward()
    assert state.h.grad.abs().sum() > 0


def test_soft_rows_are_drawn_as_often_as_hard_ones():
    model = model_of()
    model.zero_grad()
    n = 6000
    opening = opening_of(model, n, n_labels=0)
    with torch.no_grad():
        soft = draw_softly(model, opening, 2, None, noise(1), sharpness=5.0).symbols
    hard = draw(model, opening, 2, None, noise(2)).symbols
    ours, theirs = ((pair[:, 0] * 7 + pair[:, 1]).bincount(minlength=49) for pair in (soft, hard))
    both = (ours + theirs).clamp(min=1)
    chi_square = ((ours - theirs).square() / both).sum()
    assert chi_square < 86  # 48 degrees of freedom, 1 in 1000


def test_soft_rows_end_like_hard_ones():
    model = model_of()
    with torch.no_grad():
        model.readout.bias[END] = 2.0
    opening = opening_of(model, 30, n_labels=0)
    drawn = draw_softly(model, opening, 9, END, noise(), sharpness=2.0)
    before = (drawn.symbols == END).cumsum(1) - (drawn.symbols == END).long()
    assert torch.equal(drawn.mask, before == 0)
    assert not drawn.mask.all()
