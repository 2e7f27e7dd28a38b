"""How a text could go on: a few different continuations, each to the end of some unit."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from serinette.constraints.config import RulesConfig
from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig
from serinette.kinds.table import find_kind
from serinette.recipes.generate import Opened, commissions_of, training_text_of
from serinette.recipes.samples import GenerateRequest, Sample
from serinette.recipes.writing import write

MOST_READ: Final = 5_000
"""Characters before the offers that the network is shown: an LSTM remembers fewer."""
_TRIES: Final = 3
"""Rows that are drawn for an offer, so that as many different ones are found."""
_STEPS_A_WORD: Final = 14
_MOST_WORDS: Final = 60
_LINE_STEPS, _SENTENCE_STEPS = 300, 400

_WORD: Final = re.compile(r"\s*\S+")
_UNITS: Final[Mapping[str, tuple[re.Pattern[str], int]]] = {
    "line": (re.compile(r"\s*[^\n]+"), _LINE_STEPS),
    "sentence": (
        re.compile(r"\s*.*?[.!?。！？…]+[\"'”’»)\]]*(?=\s|$)|.*", re.DOTALL),
        _SENTENCE_STEPS,
    ),
}
_N_WORDS: Final = re.compile(r"([0-9]{1,2}) ?words?")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A continuation."""

    text: str
    is_end: bool
    """Whether the model ends the text after it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is offered."""

    n: int
    """How many continuations, at most."""
    unit: str
    """`8 words`, `line` or `sentence`."""
    round: int
    """Tells the draws of one text from one another."""


def check_unit(unit: str) -> str:
    """Return the unit as it is written.

    Raises:
        ConfigError: If it is none.
    """
    match = _N_WORDS.fullmatch(unit)
    if unit in _UNITS:
        return unit
    if match is None or not 1 <= int(match[1]) <= _MOST_WORDS:
        raise ConfigError(
            f"'{unit}' is no length; write 8 words (1 to {_MOST_WORDS}), sentence or line"
        )
    return f"{int(match[1])} words"


def offers(opened: Opened, request: GenerateRequest, text: str, wanted: Wanted) -> list[Offer]:
    """Draw continuations of a text, all different.

    Rules hold in what is written, whatever stands before it.

    Args:
        opened: The model.
        request: How symbols are drawn, with which rules, label and seed.
        text: What stands there.
        wanted: How many, how long.

    Raises:
        ConfigError: If a rule needs more than is at hand.
        ConstraintError: If the rules cannot hold.
    """
    cut, n_steps = _cutter(wanted.unit)
    n_drawn = wanted.n * _TRIES
    decoding: DecodingConfig = replace(request.decoding, max_steps=n_steps)
    asked = replace(
        request,
        n=n_drawn,
        prefixes=("",),
        first_row=request.first_row + wanted.round * n_drawn,
        decoding=decoding,
        wishes=request.wishes or RulesConfig(),
        resample=1,
    )
    codec = opened.codec
    wishes_type = find_kind(opened.artifact.kind).wishes_type
    (commission,) = commissions_of(codec, wishes_type, asked, lambda: training_text_of(opened))
    shown = text[-MOST_READ:]
    commission = replace(commission, read=codec.encode(shown)[:, 0].astype(np.int64), prefix=shown)
    drawn = write(codec, opened.steppers(1), asked, [commission])
    return list(_different(drawn, cut, wanted.n))


def _different(drawn: Iterator[object], cut: Callable[[str], str], n: int) -> Iterator[Offer]:
    seen: set[str] = set()
    for sample in drawn:
        if not isinstance(sample, Sample):
            continue
        text = cut(sample.text)
        if sample.finish_reason == "length" and text == sample.text:
            text = without_last_words(text, 1) or text  # the last word may be half a word
        if text.strip() and text not in seen:
            seen.add(text)
            is_end = sample.finish_reason == "end" and len(text) == len(sample.text.rstrip())
            yield Offer(text=text, is_end=is_end)
        if len(seen) == n:
            return


def _cutter(unit: str) -> tuple[Callable[[str], str], int]:
    """Return what cuts a continuation to a unit, and how many steps are enough to fill it."""
    if unit in _UNITS:
        pattern, n_steps = _UNITS[unit]
        return lambda text: _first(pattern, text), n_steps
    n = int(unit.split(maxsplit=1)[0])
    return lambda text: first_words(text, n), n * _STEPS_A_WORD


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.match(text)
    return "" if match is None else match.group()


def first_words(text: str, n: int) -> str:
    """Return the first words of a text, with the white space before them."""
    return "".join(match.group() for _, match in zip(range(n), _WORD.finditer(text), strict=False))


def without_last_words(text: str, n: int) -> str:
    """Return a text without its last words, and without the white space before them."""
    words = list(_WORD.finditer(text))
    return text[: words[-n].start()] if n <= len(words) else ""
