import math

import pytest

from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1.0}, "decoding.temperature must be at least 0 and finite; 0 is greedy"),
        ({"temperature": math.nan}, "decoding.temperature must be .*; got nan"),
        ({"top_k": 0}, "decoding.top_k must be at least 1; 1 is greedy; got 0"),
        ({"top_p": 0.0}, r"decoding.top_p must be in \(0, 1\]; 1 keeps everything; got 0"),
        ({"top_p": 1.5}, "decoding.top_p .* got 1.5"),
        ({"min_p": 2.0}, r"decoding.min_p must be in \[0, 1\]; 0 keeps everything; got 2"),
        ({"typical_p": 0.0}, "decoding.typical_p must be .*; got 0"),
        ({"repetition_penalty": 0.0}, "decoding.repetition_penalty must be above 0 and finite"),
        ({"presence_penalty": math.inf}, "decoding.presence_penalty must be finite; 0 is off"),
        ({"frequency_penalty": math.nan}, "decoding.frequency_penalty must be finite"),
        ({"penalty_window": 0}, "decoding.penalty_window must be at least 1"),
        ({"max_steps": 0}, "decoding.max_steps must be at least 1; got 0"),
        ({"stop": ("x", "")}, "decoding.stop must not hold an empty text"),
        ({"logit_bias": {"e": math.nan}}, "decoding.logit_bias for 'e' must be finite, got nan"),
    ],
)
def test_a_setting_out_of_range_is_named_with_its_value(settings, message):
    with pytest.raises(ConfigError, match=message):
        DecodingConfig(**settings)


def test_all_problems_are_named_at_once():
    with pytest.raises(ConfigError, match=r"top_k .*; decoding.top_p "):
        DecodingConfig(top_k=0, top_p=7.0)


def test_temperature_zero_is_greedy_and_the_length_has_a_default():
    assert DecodingConfig(temperature=0.0).takes_likeliest
    assert DecodingConfig().step_limit == 1000
