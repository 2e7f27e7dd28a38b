import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_games import END, model_of

from serinette.training.game.credit import (
    LARGEST,
    above_others,
    advantages,
    continued,
    returns,
    up_to_end,
)
from serinette.training.game.drawing import Opening, draw


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


@st.composite
def earnings(draw_):
    n_rows, n_steps = draw_(st.integers(1, 5)), draw_(st.integers(1, 6))
    lengths = draw_(st.lists(st.integers(1, n_steps), min_size=n_rows, max_size=n_rows))
    numbers = draw_(
        st.lists(st.integers(-9, 9), min_size=n_rows * n_steps, max_size=n_rows * n_steps)
    )
    mask = torch.arange(n_steps) < torch.tensor(lengths)[:, None]
    return torch.tensor(numbers, dtype=torch.float32).view(n_rows, n_steps) / 4, mask


@given(earnings(), st.sampled_from([0.0, 0.5, 0.9, 1.0]))
def test_returns_add_up_what_follows_discounted(earned, discount):
    rewards, mask = earned
    found = returns(rewards, mask, discount)
    for b, t in itertools.product(*map(range, rewards.shape)):
        expected = sum(
            discount ** (s - t) * float(rewards[b, s])
            for s in range(t, rewards.shape[1])
            if mask[b, s]
        )
        assert float(found[b, t]) == pytest.approx(expected, abs=1e-5)


@given(earnings())
def test_a_step_is_compared_with_the_same_step_of_the_other_rows(earned):
    words, mask = earned
    found = above_others(words, mask)
    for b, t in itertools.product(*map(range, words.shape)):
        others = [float(words[o, t]) for o in range(len(words)) if o != b and mask[o, t]]
        expected = float(words[b, t]) - sum(others) / len(others) if others else 0.0
        assert float(found[b, t]) == pytest.approx(expected if mask[b, t] else 0.0, abs=1e-5)


@given(earnings())
def test_advantages_have_one_spread_and_are_cut(earned):
    words, mask = earned
    plain, scaled = above_others(words, mask), advantages(words, mask)
    assert (scaled.abs() <= LARGEST).all()
    spread = (plain.square().sum() / mask.sum()).sqrt()
    if spread > 0:
        torch.testing.assert_close(scaled, (plain / spread).clamp(-LARGEST, LARGEST))
    else:
        assert not scaled.any()


def test_leaving_one_out_is_unbiased():
    """Against the exact slope of the expected word, over all rows of three symbols out of two."""
    model = model_of(n_symbols=2, end=None, seed=5, missing=None)
    tables = [torch.randn(2 ** (t + 1), generator=noise(t + 1)) for t in range(3)]  # of prefixes

    def words(rows):
        places = [(rows[:, : t + 1] * 2 ** torch.arange(t + 1)).sum(1) for t in range(3)]
        return torch.stack([table[at] for table, at in zip(tables, places, strict=True)], dim=1)

    every = torch.tensor(list(itertools.product((0, 1), repeat=3)))

    def read(inputs):
        n = len(inputs)
        hidden, _ = model(inputs, torch.zeros(n, 0).long(), model.start(n))
        return model.readout.project(hidden).log_softmax(-1)

    inputs = torch.cat([torch.zeros(8, 1).long(), every[:, :-1]], dim=1)
    log_prob = read(inputs).gather(-1, every[..., None])[..., 0].sum(1)
    total = words(every).sum(1)
    bias = model.readout.bias
    (exact,) = torch.autograd.grad((log_prob.exp() * total).sum(), bias)

    n_groups, size = 3000, 3
    n = n_groups * size
    opening = Opening(torch.zeros(n).long(), torch.zeros(n, 0).long(), model.start(n))
    drawn = draw(model, opening, 3, None, noise(2))
    rows = drawn.symbols
    earned = returns(words(rows), drawn.mask, 1.0)
    with torch.no_grad():
        hit = torch.nn.functional.one_hot(rows, 2).float()
        scores = hit - read(drawn.inputs).exp()  # d log p / d bias
    slopes = []
    for group in range(n_groups):
        part = slice(group * size, (group + 1) * size)
        above = above_others(earned[part], drawn.mask[part])
        slopes.append((above[..., None] * scores[part]).sum((0, 1)) / size)
    found = torch.stack(slopes)
    error = found.std(0) / n_groups**0.5
    assert exact.abs().min() > 10 * error.max()
    assert ((found.mean(0) - exact).abs() < 4 * error).all()


def sure_model(n_labels=4):
    """A model that hardly ever draws anything but the likeliest symbol."""
    model = model_of(n_labels=n_labels, seed=8)
    with torch.no_grad():
        model.readout.weight.mul_(1e4)
    return model


@pytest.mark.parametrize("n", [1, 3])
def test_continuations_keep_the_prefix_and_go_on_as_the_model_would(n):
    model = sure_model()
    context = torch.tensor([[1], [2], [3]])
    drawn = draw(model_of(seed=1, n_labels=4), opening(context, model), 6, None, noise())
    rows, mask = continued(model, drawn, (context, model.start(3)), None, noise(), n=n)
    assert rows.shape == (6 * n * 3, 6)
    assert mask.all()
    for t, k, b in itertools.product(range(6), range(n), range(3)):
        row = rows[(t * n + k) * 3 + b]
        assert torch.equal(row[: t + 1], drawn.symbols[b, : t + 1])
        read = torch.cat([torch.tensor([END]), row[:-1]])[None]
        hidden, _ = model(read, context[b : b + 1], model.start(1))
        likeliest = model.readout.project(hidden)[0].argmax(-1)
        assert torch.equal(row[t + 1 :], likeliest[t + 1 :])


def test_continuations_go_on_from_what_was_read_before():
    model = sure_model(n_labels=0)
    context = torch.zeros(2, 0).long()
    _, past = model(torch.tensor([[2, 3, 4], [5, 5, 2]]), context, model.start(2))
    start = Opening(torch.tensor([6, 3]), context, past)
    drawn = draw(model_of(seed=1), start, 4, None, noise())
    rows, _ = continued(model, drawn, (context, past), None, noise(), n=1)
    hidden, _ = model(torch.cat([drawn.inputs[:, :1], rows[:2, :-1]], 1), context, past)
    assert torch.equal(rows[:2, 1:], model.readout.project(hidden).argmax(-1)[:, 1:])


def test_continuations_of_a_row_differ():
    model = model_of(seed=2)
    context = torch.zeros(2, 0).long()
    drawn = draw(model, opening(context, model), 8, None, noise())
    rows, _ = continued(model, drawn, (context, model.start(2)), None, noise(), n=4)
    of_the_first = rows.view(8, 4, 2, 8)[0, :, 0]
    assert len({tuple(row) for row in of_the_first.tolist()}) > 1


def test_a_prefix_that_has_ended_is_the_row_itself():
    model = model_of(seed=2)
    with torch.no_grad():
        model.readout.bias[END] = 1.5
    context = torch.zeros(9, 0).long()
    drawn = draw(model, opening(context, model), 7, END, noise())
    n_steps = drawn.symbols.shape[1]
    rows, mask = continued(model, drawn, (context, model.start(9)), END, noise(), n=2)
    for t, k, b in itertools.product(range(n_steps), range(2), range(9)):
        there = mask[(t * 2 + k) * 9 + b]
        row = rows[(t * 2 + k) * 9 + b]
        ends = (row == END).nonzero()[:, 0]
        assert int(there.sum()) == (int(ends[0]) + 1 if len(ends) else n_steps)
        if int(drawn.mask[b].sum()) <= t + 1:
            assert torch.equal(there, drawn.mask[b])
            assert torch.equal(row[there], drawn.symbols[b][there])


@given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=4))
def test_steps_are_there_up_to_the_first_end(rows):
    found = up_to_end(torch.tensor(rows), END)
    for row, mask in zip(rows, found.tolist(), strict=True):
        n_steps = row.index(END) + 1 if END in row else len(row)
        assert mask == [t < n_steps for t in range(5)]
    assert up_to_end(torch.tensor(rows), None).all()


def opening(context, model):
    return Opening(torch.full((len(context),), END), context, model.start(len(context)))
