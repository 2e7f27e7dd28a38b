"""The kernel of the page, assembled by us: y = bias + W x in the vectors of WebAssembly.

One function, `k(weights, x, bias, y, n_columns, n_panels)`, six addresses and counts, on a memory
that the page brings. A panel is 16 rows of a matrix; it lies column after column, so one column is
four vectors of four float32. Each column's input is spread over a vector, multiplied and added:
rows sum in the order of the columns and round after every product and every sum, as the script
that stands in where a browser has no vectors does.

Reference: the WebAssembly core specification 2.0, sections 5 (binary format) and 2.4 (vectors).
"""

from collections.abc import Iterable
from itertools import chain

PANEL_ROWS = 16
"""Rows of a panel; `browser/network.js` packs matrices so."""

_MAGIC = b"\0asm\x01\0\0\0"
_TYPES, _IMPORTS, _FUNCTIONS, _EXPORTS, _CODE = 1, 2, 3, 7, 10
_I32, _V128, _FUNCTION_TYPE, _EMPTY_BLOCK = 0x7F, 0x7B, 0x60, 0x40
_LOOP, _BR_IF, _END = b"\x03", b"\x0d", b"\x0b"
_GET, _SET, _TEE = b"\x20", b"\x21", b"\x22"
_CONST, _ADD, _SUB, _SHIFT_LEFT, _BELOW = b"\x41", b"\x6a", b"\x6b", b"\x74", b"\x49"
_LOAD, _SPREAD, _STORE = b"\xfd\x00", b"\xfd\x09", b"\xfd\x0b"
_ADD_EACH, _TIMES_EACH = b"\xfd\xe4\x01", b"\xfd\xe6\x01"

_WEIGHTS, _X, _BIAS, _Y, _COLUMNS, _PANELS, _INPUT, _LAST, _SPREAD_INPUT, _SUM = range(10)
"""The function's arguments, then its own variables; the sums are the last four."""
_VECTORS = range(4)
_VECTOR_BYTES = 16
_PANEL_BYTES = 4 * PANEL_ROWS


def assemble() -> bytes:
    """Return the module; it imports its memory as `m.m` and exports `k`."""
    function_type = bytes([_FUNCTION_TYPE]) + _list([bytes([_I32])] * 6) + _list([])
    memory = _name("m") + _name("m") + b"\x02\x00" + _number(0)
    body = _list([_number(2) + bytes([_I32]), _number(5) + bytes([_V128])]) + _panels() + _END
    return _MAGIC + b"".join(
        (
            _section(_TYPES, [function_type]),
            _section(_IMPORTS, [memory]),
            _section(_FUNCTIONS, [_number(0)]),
            _section(_EXPORTS, [_name("k") + b"\x00" + _number(0)]),
            _section(_CODE, [_number(len(body)) + body]),
        )
    )


def _panels() -> bytes:
    """Return the loop over panels."""
    begin = [_get(_BIAS) + _at(_LOAD, 4, v) + _set(_SUM + v) for v in _VECTORS]
    store = [_get(_Y) + _get(_SUM + v) + _at(_STORE, 4, v) for v in _VECTORS]
    inside = [
        *begin,
        _get(_X) + _set(_INPUT),
        _get(_X) + _get(_COLUMNS) + _constant(2) + _SHIFT_LEFT + _ADD + _set(_LAST),
        _columns(),
        *store,
        _move(_BIAS, _PANEL_BYTES),
        _move(_Y, _PANEL_BYTES),
        _get(_PANELS) + _constant(1) + _SUB + _TEE + _number(_PANELS),
        _again(),
    ]
    return _loop(inside)


def _columns() -> bytes:
    """Return the loop over the columns of a panel."""
    products = [
        _get(_SUM + v)
        + _get(_WEIGHTS)
        + _at(_LOAD, 4, v)
        + _get(_SPREAD_INPUT)
        + _TIMES_EACH
        + _ADD_EACH
        + _set(_SUM + v)
        for v in _VECTORS
    ]
    inside = [
        _get(_INPUT) + _at(_SPREAD, 2, 0) + _set(_SPREAD_INPUT),
        *products,
        _move(_WEIGHTS, _PANEL_BYTES),
        _get(_INPUT) + _constant(4) + _ADD + _TEE + _number(_INPUT) + _get(_LAST) + _BELOW,
        _again(),
    ]
    return _loop(inside)


def _loop(inside: Iterable[bytes]) -> bytes:
    return _LOOP + bytes([_EMPTY_BLOCK]) + b"".join(inside) + _END


def _again() -> bytes:
    return _BR_IF + _number(0)


def _get(variable: int) -> bytes:
    return _GET + _number(variable)


def _set(variable: int) -> bytes:
    return _SET + _number(variable)


def _move(variable: int, n_bytes: int) -> bytes:
    return _get(variable) + _constant(n_bytes) + _ADD + _set(variable)


def _at(operation: bytes, alignment: int, vector: int) -> bytes:
    """Return a load or a store, so many vectors beyond an address."""
    return operation + _number(alignment) + _number(_VECTOR_BYTES * vector)


def _constant(value: int) -> bytes:
    return _CONST + _number(value, is_signed=True)


def _section(identity: int, items: list[bytes]) -> bytes:
    content = _list(items)
    return bytes([identity]) + _number(len(content)) + content


def _list(items: Iterable[bytes]) -> bytes:
    items = list(items)
    return _number(len(items)) + b"".join(chain(items))


def _name(text: str) -> bytes:
    return _number(len(text)) + text.encode()


def _number(value: int, *, is_signed: bool = False) -> bytes:
    """Write a number of at least 0 in LEB128; a signed one keeps the highest bit of a byte 0."""
    found = bytearray()
    while value >= (0x40 if is_signed else 0x80):
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
