"""Traditional and simplified characters, one for one.

A table of single characters, no phrases: where one simplified character stands for several
traditional ones, the most usual is taken (`发` becomes `發`, never `髮`). So `to_traditional`
guesses, and `to_simplified` hardly ever does.
"""

from functools import cache

from serinette.kinds.poem.tables import read_table


def to_simplified(text: str) -> str:
    """Write every traditional character as the simplified one; others stay."""
    return text.translate(_simplified())


def to_traditional(text: str) -> str:
    """Write every simplified character as its most usual traditional form; others stay."""
    return text.translate(_traditional())


def traditional_forms(character: str) -> str:
    """Return every traditional form of a simplified character, or an empty string.

    The character itself is among them where it is also a traditional one: `后` is `後` and `后`.
    """
    return _forms().get(character, "")


def is_simplified(characters: str) -> bool:
    """Say whether a text is written in simplified characters.

    What is written only one way decides: `马` or `馬`; a character that both share says nothing.
    """
    n_simplified = sum(c in _forms() and c not in _forms()[c] for c in characters)
    n_traditional = sum(ord(c) in _simplified() for c in characters)
    return n_simplified > n_traditional


@cache
def _simplified() -> dict[int, str]:
    table = read_table("simplified")
    return dict(zip(map(ord, table["traditional"]), table["simplified"], strict=True))


@cache
def _forms() -> dict[str, str]:
    return {entry[0]: entry[1:] for entry in read_table("simplified")["forms"].split()}


@cache
def _traditional() -> dict[int, str]:
    return {ord(character): forms[0] for character, forms in _forms().items()}
