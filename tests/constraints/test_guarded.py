import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from serinette.constraints.guarded import Guarded
from serinette.constraints.lift import lift
from serinette.constraints.regex import regex
from serinette.constraints.spelling import Spelling

SPELLING = Spelling(("", "", *"abcdefgh"), 0, 1)
PATTERN = "(a|b[cd]{1,3}|e(f|g)*h){2,9}"


class _Counting:
    """Counts who is inside."""

    def __init__(self, constraint):
        self._constraint, self.inside, self.most = constraint, 0, 0

    def start(self, n_rows):
        return self._constraint.start(n_rows)

    def allowed(self, state, remaining):
        self.inside += 1
        self.most = max(self.most, self.inside)
        mask = self._constraint.allowed(state, remaining)
        self.inside -= 1
        return mask

    def advance(self, state, symbols):
        return self._constraint.advance(state, symbols)


@pytest.fixture
def _hasty_threads():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def _drawn(constraint, seed):
    """Symbols of 8 rows, drawn evenly among what is allowed."""
    generator = np.random.default_rng(seed)
    state, rows = constraint.start(8), []
    for step in range(30):
        mask = constraint.allowed(state, np.full(8, 40 - step))
        assert mask.any(axis=1).all()
        symbols = np.array([generator.choice(np.flatnonzero(row)) for row in mask])
        state = constraint.advance(state, symbols)
        rows.append(symbols)
    return np.array(rows)


@pytest.mark.usefixtures("_hasty_threads")
def test_threads_draw_what_one_alone_draws_and_never_stand_in_one_another_s_way():
    counting = _Counting(lift(regex(PATTERN), SPELLING))
    guarded = Guarded(counting)
    with ThreadPoolExecutor(4) as pool:
        shared = list(pool.map(lambda seed: _drawn(guarded, seed), range(8)))
    for seed, found in enumerate(shared):
        alone = _drawn(lift(regex(PATTERN), SPELLING), seed)
        assert np.array_equal(found, alone), seed
    assert counting.most == 1
