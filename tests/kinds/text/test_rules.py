import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.text.octet_pieces import OctetPieces
from serinette.kinds.text.rules import Utf8Rules

rules = Utf8Rules(OctetPieces().spelling().pieces)
END, MISSING = 0, 1


def is_prefix(data):
    """Whether some text's UTF-8 begins with these bytes."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def state_after(data):
    state = rules.start(1)
    for byte in data:
        state = rules.advance(state, np.array([byte + 2]))
    return state


@given(st.characters(exclude_categories=["Cs"]), st.integers(0, 3))
def test_exactly_the_bytes_that_can_go_on_are_allowed(character, length):
    data = character.encode()[:length]
    allowed = rules.allowed(state_after(data), np.array([99]))[0]
    expected = [is_prefix(data + bytes([byte])) for byte in range(256)]
    np.testing.assert_array_equal(allowed[2:], expected)


def test_every_two_bytes_are_judged_as_python_does():
    for first in range(256):
        if is_prefix(bytes([first])):
            allowed = rules.allowed(state_after([first]), np.array([99]))[0, 2:]
            expected = [is_prefix(bytes([first, byte])) for byte in range(256)]
            np.testing.assert_array_equal(allowed, expected)


def test_the_end_stands_between_characters_only_and_missing_nowhere():
    for length, may_end in enumerate([True, False, False, False, True]):
        allowed = rules.allowed(state_after("🙂".encode()[:length]), np.array([99]))[0]
        assert allowed[END] == may_end
        assert not allowed[MISSING]


@given(st.integers(0, 2**32), st.integers(1, 9))
def test_whatever_is_drawn_within_the_remaining_steps_is_whole(seed, n_steps):
    generator = np.random.default_rng(seed)
    state, drawn = rules.start(3), np.zeros((3, 0), dtype=np.int64)
    for remaining in range(n_steps, 0, -1):
        allowed = rules.allowed(state, np.full(3, remaining))
        allowed[:, END] = False
        # Long characters are favoured, so that the last steps matter.
        weights = allowed * np.where(np.arange(258) >= 0xE2, 50.0, 1.0)
        symbols = np.array([generator.choice(258, p=row / row.sum()) for row in weights])
        state, drawn = rules.advance(state, symbols), np.column_stack([drawn, symbols])
    for row in drawn:
        assert bytes((row - 2).tolist()).decode()


def test_a_symbol_that_was_not_allowed_starts_afresh():
    state = rules.advance(state_after("月".encode()[:1]), np.array([0xFF + 2]))
    assert rules.allowed(state, np.array([1]))[0, END]
