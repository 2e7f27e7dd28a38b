"""How fuzzing mutates: bytes anywhere, tokens of the grammar, and values within JSON."""

import json
import random
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

MOST_BYTES = 4096
BYTES = (
    *(b"\0", b"\xff", b"\xfe", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80"),
    *(b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\x80", b"\xe2\x82", b"\xf0\x9f\x98"),
    *(b"\xe2\x80\xa8", b"\xe2\x80\x8f", b"\xe2\x80\xae", b"\xf0\x9f\x91\xa9\xe2\x80\x8d"),
    *(b"\xcc\x81", b"\xef\xbf\xbd", b"\x1b[31m", b"\r", b"\r\n", b"\n", b"\n\n", b"\t", b"\x0b"),
    *(b"\x0c", b"\x1c", b"\x85", b"\xa0", b"\xb0\xa1", b"PK\x03\x04", b"%PDF", b" "),
)
TOKENS = {
    "text": BYTES,
    "csv": (
        *b'" "" , ; \t | , NaN nan inf -inf 1e400 -0 1_000 0x1F 1,5 1.234,5 2024-02-30'.split(),
        *b"2024-13-01 2024-01-01T00:00:00Z 31/12/1999 1e-400 99999999999999999999 =1+1 @x".split(),
        *(b"true", b"None", b" ", b"\n,,,\n", b'"a\nb"', b'"a""b"', b"a,a,a\n", b"\xe2\x88\x92"),
    ),
    "json": (
        *b'{ } [ ] : , " null true false NaN Infinity 1e400 -1 0 1e999999 9999999999999999'.split(),
        *(b"\\ud800", b"\\u0000", b'{"a":' * 40, b"[" * 40, b'"\\', b"[[]]", b'""'),
    ),
    "regex": (
        *rb". * + ? | ( ) [ ] [^ { } {2} {2,} {,3} {3,2} {99999} \ \d \w \s \1 ^ $ (?:".split(),
        b"a-z",
    ),
    "toml": (*b"[ ] = \" ' { } , # [[ ]] nan inf 1979-05-27 true 0x 1_ .. \\u".split(), b"\n"),
}
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 255, 256, 10**6, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.0),
    *(
        1e308,
        "",
        "a",
        "aa",
        "\ud800",
        "\0",
        "\U0010ffff",
        "é" * 9,
        [],
        {},
        [[]],
        [None],
        {"": None},
    ),
    *([1, 2], ["a", "a"], {"a": {"b": []}}, [0, 1, 2, 3], "text", "byte", "bpe", "series", "poem"),
)


def mutated(seeds: Sequence[bytes], grammar: str, chance: random.Random) -> bytes:
    """Return one seed after one to six mutations, at most 4 kB."""
    data = chance.choice(seeds)
    if grammar == "json" and chance.random() < 0.7:
        data = _with_other_values(data, chance)
        if chance.random() < 0.7:
            return data
    found = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        chance.choice(_MUTATIONS)(found, seeds, grammar, chance)
    return bytes(found[: max(MOST_BYTES, len(data))])


def _place(data: bytearray, chance: random.Random) -> int:
    return chance.randint(0, len(data))


def _flip(data: bytearray, seeds: Sequence[bytes], grammar: str, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(data: bytearray, seeds: Sequence[bytes], grammar: str, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _insert(data: bytearray, seeds: Sequence[bytes], grammar: str, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at:at] = chance.choice(TOKENS[grammar]) * chance.choice((1, 1, 1, 2, 30))


def _odd(data: bytearray, seeds: Sequence[bytes], grammar: str, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at:at] = chance.choice(BYTES)


def _delete(data: bytearray, seeds: Sequence[bytes], grammar: str, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 2, 7, 50, 1000))]


def _repeat(data: bytearray, seeds: Sequence[bytes], grammar: str, chance: random.Random) -> None:
    at = _place(data, chance)
    piece = data[at : at + chance.choice((1, 3, 20, 200))]
    data[at:at] = piece * chance.choice((1, 2, 9))


def _splice(data: bytearray, seeds: Sequence[bytes], grammar: str, chance: random.Random) -> None:
    other = chance.choice(seeds)
    begin = chance.randint(0, len(other))
    at = _place(data, chance)
    data[at:] = other[begin : begin + 500]


def _swap(data: bytearray, seeds: Sequence[bytes], grammar: str, chance: random.Random) -> None:
    lines = data.split(b"\n")
    chance.shuffle(lines)
    data[:] = b"\n".join(lines)


_MUTATIONS = (_flip, _set, _insert, _insert, _odd, _delete, _repeat, _splice, _swap)


def _with_other_values(data: bytes, chance: random.Random) -> bytes:
    """Put other values into JSON."""
    plain = json.loads(data)
    for _ in range(chance.randint(1, 3)):
        holders = list(_holders(plain))
        if not holders:
            break
        holder = chance.choice(holders)
        key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        match chance.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[chance.choice(("", "x", "type", "size"))] = deepcopy(holder[key])
            case 2 if isinstance(holder, list):
                holder.append(deepcopy(holder[key]))
            case _:
                holder[key] = deepcopy(chance.choice(VALUES))
    return json.dumps(plain).encode()


def _holders(value: Any, depth: int = 0) -> Any:
    """Yield every object and list of a value that holds something."""
    if isinstance(value, dict | list) and value and depth < 20:
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from _holders(item, depth + 1)
