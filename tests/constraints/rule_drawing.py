"""Small codecs, and drawing from a constraint without a network: any allowed symbol is as good."""

from itertools import product

import numpy as np

from serinette.constraints.spelling import Spelling

END, MISSING, FIRST = 0, 1, 2
END_WEIGHT = 0.3
"""How likely the end is, compared with a symbol: texts should not all be short."""
BYTES = Spelling((b"", b"", *(bytes([octet]) for octet in range(256))), END, MISSING)


def spelling_of(*pieces):
    return Spelling(pieces=("", "", *pieces), end=END, missing=MISSING)


def text_of(spelling, symbols):
    symbols = [int(symbol) for symbol in symbols if symbol != END]
    if spelling.is_bytes:
        return b"".join(spelling.pieces[symbol] for symbol in symbols).decode()
    return "".join(spelling.pieces[symbol] for symbol in symbols)


def symbols_of(spelling, text):
    """The symbols of a text, one a character or byte."""
    if spelling.is_bytes:
        return [byte + FIRST for byte in text.encode()]
    return [spelling.pieces.index(character, FIRST) for character in text]


def read(constraint, spelling, text):
    state = constraint.start(1)
    for symbol in symbols_of(spelling, text):
        state = constraint.advance(state, np.array([symbol]))
    return state


def draw(constraint, spelling, max_steps, *, n_rows=8, seed=0, prefix=""):
    """Texts of rows that draw uniformly among what is allowed; None for a row in a dead end."""
    chance = np.random.default_rng(seed)
    state = np.repeat(read(constraint, spelling, prefix), n_rows, axis=0)
    symbols = [symbols_of(spelling, prefix) for _ in range(n_rows)]
    live = np.arange(n_rows)
    for step in range(max_steps):
        if not len(live):
            break
        allowed = constraint.allowed(state, np.full(len(live), max_steps - step))
        is_lost = ~allowed.any(axis=1)
        for row in live[is_lost].tolist():
            symbols[row] = None
        allowed[is_lost, END] = True
        weights = allowed.astype(float)
        weights[:, END] *= END_WEIGHT
        ranks = weights.cumsum(axis=1)
        drawn = (ranks > chance.random((len(live), 1)) * ranks[:, -1:]).argmax(axis=1)
        for row, symbol in zip(live.tolist(), drawn.tolist(), strict=True):
            if symbols[row] is not None:
                symbols[row].append(symbol)
        state = constraint.advance(state, drawn)
        goes_on = drawn != END
        live, state = live[goes_on], state[goes_on]
    return [None if row is None else text_of(spelling, row) for row in symbols]


def sequences(spelling, max_steps):
    """Every sequence of symbols of at most so many steps, without `end`."""
    symbols = [i for i, piece in enumerate(spelling.pieces) if piece]
    for n_steps in range(max_steps + 1):
        yield from product(symbols, repeat=n_steps)
