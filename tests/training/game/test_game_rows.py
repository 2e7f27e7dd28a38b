import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_games import END

from serinette.batching.streams import Batch
from serinette.nets.state import State
from serinette.training.game.drawing import Drawn
from serinette.training.game.rows import cut, game_batch, steps_to_write


def real_of(rows, n_steps):
    """Real rows of these targets; the rest is padding."""
    n = len(rows)
    targets = torch.full((n, n_steps), END)
    mask = torch.zeros(n, n_steps, dtype=torch.bool)
    for b, row in enumerate(rows):
        targets[b, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[b, : len(row)] = True
    fresh = torch.zeros(n, dtype=torch.bool)
    return Batch(targets, targets, mask, mask, fresh, torch.arange(n)[:, None])


@given(st.lists(st.lists(st.integers(1, 5), max_size=5), min_size=1, max_size=5), st.data())
def test_a_row_may_be_as_long_as_its_real_one_unless_that_ended_by_itself(rows, data):
    closed = [row and data.draw(st.booleans()) for row in rows]
    told = [[*row[:-1], END] if is_over else row for row, is_over in zip(rows, closed, strict=True)]
    real = real_of(told, 6)
    allowed = [9 if is_over else len(row) for row, is_over in zip(told, closed, strict=True)]
    assert steps_to_write(real, END, 9).tolist() == allowed
    assert steps_to_write(real, None, 9).tolist() == [len(row) for row in told]


def test_what_was_drawn_too_much_is_left_out():
    mask = torch.tensor([[True, True, True], [True, False, False], [True, True, True]])
    drawn = Drawn(torch.zeros(3, 3).long(), torch.ones(3, 3).long(), mask)
    kept = cut(drawn, torch.tensor([2, 3, 0]))
    assert kept.mask.tolist() == [[True, True, False], [True, False, False], [False] * 3]
    assert kept.symbols is drawn.symbols


@pytest.mark.parametrize("n_parts", [1, 2, 4])
def test_groups_joined_again_are_the_whole(n_parts):
    real = real_of([[2], [3, 4], [5], [2, 2, 2]], 3)
    fakes = [
        Drawn(*(torch.full((2, n), k).to(dtype) for dtype in (torch.long, torch.long, torch.bool)))
        for k, n in ((1, 3), (2, 5))
    ]
    state = State(torch.arange(8.0).view(1, 4, 2), torch.arange(8.0).view(1, 4, 2))
    batch = game_batch(real, fakes, 5)._replace(rival_opening=state)
    assert (batch.n_fake_steps, batch.n_real_steps, batch.longest) == (2 * 3 + 2 * 5, 7, 5)
    assert batch.fake.symbols.shape == (4, 5)
    parts = [batch.part(k, n_parts) for k in range(n_parts)]
    for name in ("symbols", "inputs", "mask"):
        columns = [getattr(part.fake, name) for part in parts]
        assert torch.equal(torch.cat(columns), getattr(batch.fake, name))
    assert torch.equal(torch.cat([p.rival_opening.h for p in parts], 1), state.h)
    assert torch.equal(torch.cat([p.real.context for p in parts]), real.context)
    assert all(part.n_steps == 7 for part in parts)
