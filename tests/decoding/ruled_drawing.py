"""Constraints by formula, and a short way to draw with them: shared by the tests of decoding."""

import numpy as np

from serinette.decoding.config import DecodingConfig
from serinette.decoding.engine import Drawer, Limits, Row, Watching, draw_sequences
from serinette.decoding.sampler import Sampler

END, MISSING, BAIT = 0, 1, 2
NO_CONTEXT = np.zeros(0, dtype=np.int64)


class Anything:
    """Allows everything; counts the steps."""

    def __init__(self, n_symbols=11):
        self.n_symbols = n_symbols

    def start(self, n_rows):
        return np.zeros(n_rows, dtype=np.int64)

    def allowed(self, state, remaining):
        return np.ones((len(state), self.n_symbols), dtype=np.bool_)

    def advance(self, state, symbols):
        return state + 1


class NoDouble(Anything):
    """No symbol twice in a row; `missing` never."""

    def start(self, n_rows):
        return np.full(n_rows, MISSING)

    def allowed(self, state, remaining):
        mask = super().allowed(state, remaining)
        mask[np.arange(len(state)), state] = False
        mask[:, MISSING] = False
        return mask

    def advance(self, state, symbols):
        return np.array(symbols, dtype=np.int64)


class Script(Anything):
    """Allows at step k the k-th of some sets of symbols."""

    def __init__(self, sets, n_symbols=11):
        super().__init__(n_symbols)
        self.sets = sets

    def allowed(self, state, remaining):
        mask = np.zeros((len(state), self.n_symbols), dtype=np.bool_)
        for row, step in enumerate(state.tolist()):
            mask[row, list(self.sets[step])] = True
        return mask


class Trap(Anything):
    """Allows everything; nothing may follow `BAIT`, and that is not seen beforehand."""

    may_dead_end = True

    def allowed(self, state, remaining):
        return super().allowed(state, remaining) & (state != BAIT)[:, None]

    def advance(self, state, symbols):
        return np.array(symbols, dtype=np.int64)


class Dear(Anything):
    """Allows everything and takes 40 nats from `BAIT`."""

    has_penalty = True

    def penalty(self, state):
        nats = np.zeros((len(state), self.n_symbols))
        nats[:, BAIT] = 40.0
        return nats


def sampler_of(stepper, constraint=None, **settings):
    return Sampler(DecodingConfig(**settings), stepper.schema, None, constraint)


def draw_ruled(stepper, numbers, sampler, *, max_steps=40, batch_size=64, restart=None):
    """Return what was drawn by the number of the row."""
    rows = [Row(number=n, read=np.array([END]), context=NO_CONTEXT) for n in numbers]
    watching = Watching(watch=lambda *_: None, restart=restart or (lambda number: None))
    limits = Limits(max_steps=max_steps, batch_size=batch_size)
    blocks = draw_sequences(Drawer(stepper, sampler, 7), rows, limits, watching)
    return {drawn.number: drawn for finished in blocks for drawn in finished}
