"""Where the temperature of a request changes, in the symbols of its codec."""

import numpy as np

from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig
from serinette.decoding.temperature import Heat
from serinette.kinds.kind import Codec
from serinette.kinds.text.alphabet import REPLACEMENT
from serinette.kinds.text.tokens import is_word, tokens
from serinette.nets.config import predicted_symbols


def heat_of(codec: Codec, decoding: DecodingConfig, longest: int) -> Heat | None:
    """Return what the temperature of every draw depends on; None if it is always the same.

    Args:
        codec: Whose symbols are drawn.
        decoding: The schedules.
        longest: Most steps of a sample.

    Raises:
        ConfigError: If a schedule looks at words or lines and the symbols have none.
    """
    if decoding.greedy or decoding.constant_temperature is not None:
        return None
    (field,) = predicted_symbols(codec.schema)
    written = [codec.decode(np.array([[symbol]])) for symbol in range(field.size)]
    schedule, in_words = decoding.schedules
    heat = Heat(
        schedule=schedule,
        in_words=in_words,
        is_letter=np.array([_goes_on(text) for text in written], dtype=np.bool_),
        is_break=np.array([text.endswith("\n") for text in written], dtype=np.bool_),
        longest=longest,
    )
    # What is unknown may be a letter, but spells no word.
    spells = heat.is_letter & (np.arange(field.size) != field.missing)
    if in_words is not None and not spells.any():
        raise ConfigError(
            f"decoding.temperature_in_words {decoding.temperature_in_words}: this model's words "
            "are not spelt in letters; leave it out"
        )
    by_line = schedule.is_by_line or (in_words is not None and in_words.is_by_line)
    if by_line and not heat.is_break.any():
        raise ConfigError(
            f"decoding.temperature {decoding.temperature}: this model writes no line breaks; leave "
            "out @line"
        )
    return heat


def _goes_on(text: str) -> bool:
    """Say whether the word may go on after a symbol: a single letter, or a byte of one."""
    is_letter = len(text) == 1 and is_word(text) and len(tokens(text + text)) == 1
    return is_letter or text == REPLACEMENT
