import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.core.metric import Metric
from serinette.evaluation.gates import check, parse


def metric(key, value, unit="%", setting="", interval=None):
    return Metric(
        name=key,
        key=key,
        value=value,
        unit=unit,
        better="lower",
        n=9,
        setting=setting,
        interval=interval,
    )


def failures(text, *metrics):
    return check(parse(text), metrics)


def test_a_failure_is_a_sentence_with_the_interval_and_what_is_allowed():
    assert failures("copy50>1%", metric("copy50", 3.2, setting="T=0.7", interval=(2.9, 3.6))) == [
        "copy50 at T=0.7 is 3.2 % (interval 2.9 to 3.6 %), the gate allows at most 1 %"
    ]


@pytest.mark.parametrize(
    ("sign", "words", "failing"),
    [
        (">", "at most", (2.5,)),
        (">=", "less than", (2.5, 2.0)),
        ("<", "at least", (1.5,)),
        ("<=", "more than", (1.5, 2.0)),
    ],
)
def test_each_sign_fails_on_its_side_of_the_bound(sign, words, failing):
    for value in (1.5, 2.0, 2.5):
        expected = [f"bpc is {value:.3g} bits, the gate allows {words} 2 bits"]
        found = failures(f"bpc{sign}2", metric("bpc", value, "bits"))
        assert found == (expected if value in failing else [])


def test_a_percentage_of_a_share_is_a_hundredth():
    assert failures("tpr > 5 %", metric("tpr", 0.04, "")) == []
    assert failures("tpr > 5 %", metric("tpr", 0.06, "share")) == [
        "tpr is 0.06, the gate allows at most 0.05"
    ]
    assert failures("tpr>0.05", metric("tpr", 0.06, "")) != []


def test_a_bound_without_percent_is_in_the_unit_of_the_metric():
    assert failures("copy50>1", metric("copy50", 0.9)) == []
    assert failures("copy50>1", metric("copy50", 1.1)) != []


def test_a_gate_holds_for_every_setting_unless_it_names_one():
    measured = [metric("copy50", v, setting=s) for s, v in (("T=0.7", 3.0), ("T=1.0", 2.0))]
    assert len(failures("copy50>1%", *measured)) == 2
    assert failures("copy50@T=1.0>1%", *measured) == [
        "copy50 at T=1.0 is 2 %, the gate allows at most 1 %"
    ]
    assert failures("copy50 @ T=1.0 > 2.5%", *measured) == []


def test_failures_come_in_the_order_of_the_gates():
    measured = [metric("a", 5.0), metric("b", 5.0)]
    assert [line[0] for line in failures("b>1,a>1,b>2", *measured)] == ["b", "a", "b"]


@pytest.mark.parametrize("gate", ["bpc>2", "bpc<2", "bpc>=2", "bpc<=2"])
def test_what_is_not_a_number_fails(gate):
    (line,) = failures(gate, metric("bpc", math.nan, "bits"))
    assert line.startswith("bpc is not a number, the gate allows")


def test_a_value_just_beyond_the_bound_is_written_so_that_one_sees_it():
    assert "is 2.2035 %" in failures("a>2.2%", metric("a", 2.203498712))[0]
    assert "is 1.0001 %" in failures("copy50>1%", metric("copy50", 1.0001))[0]
    assert "is 1 %, the gate allows less than 1 %" in failures("a>=1", metric("a", 1.0))[0]
    assert "is 1.0000000000000002 %" in failures("a>1", metric("a", 1.0000000000000002))[0]


def test_what_was_not_measured_is_an_error_and_never_a_pass():
    measured = [metric("copy50", 0.1, setting="T=0.7"), metric("bpc", 2.0, "bits"), metric("", 1.0)]
    with pytest.raises(ConfigError) as raised:
        failures("copy5>1%,bpc@T=0.7>3,copy50@T=0.8>1%,bpc>2%,copy50>1%", *measured)
    assert str(raised.value) == (
        "--fail-on: no metric 'copy5' is measured (did you mean 'copy50'?); "
        "'bpc@T=0.7>3': bpc was not measured at T=0.7 (write bpc alone); "
        "'copy50@T=0.8>1%': copy50 was not measured at T=0.8 (did you mean 'T=0.7'?); "
        "'bpc>2%': bpc is in bits; leave out the %"
    )


def test_every_problem_of_the_text_is_said_at_once():
    with pytest.raises(ConfigError) as raised:
        parse("copy50,,bpd>2,bpc>x,bpc>nan,bpc=2", known=("bpc", "copy50"))
    assert str(raised.value) == (
        "--fail-on: 'copy50' is no gate; write one like copy50>1% or bpc@T=0.7>2.2; "
        "'' is no gate; write one like copy50>1% or bpc@T=0.7>2.2; "
        "no metric 'bpd' is measured (did you mean 'bpc'?); "
        "'bpc>x' is no gate; write one like copy50>1% or bpc@T=0.7>2.2; "
        "'bpc>nan' is no gate; write one like copy50>1% or bpc@T=0.7>2.2; "
        "'bpc=2' is no gate; write one like copy50>1% or bpc@T=0.7>2.2"
    )


def test_a_gate_that_cannot_be_read_is_shown_in_one_line():
    with pytest.raises(ConfigError, match=r"^--fail-on: 'a\\nb' is no gate; [^\n]*$"):
        parse("a\nb")


@given(
    st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True),
    st.sampled_from([None, "T=0.7", "top_p=0.9 T=1"]),
    st.sampled_from([">", ">=", "<", "<="]),
    st.floats(-1e6, 1e6),
    st.booleans(),
)
def test_what_was_written_is_what_is_read(key, setting, sign, bound, is_percent):
    text = f"{key}{'@' + setting if setting else ''}{sign}{bound!r}{'%' if is_percent else ''}"
    (gate,) = parse(f" {text} ")
    assert (gate.key, gate.setting, gate.sign) == (key, setting, sign)
    assert (gate.bound, gate.is_percent, gate.text) == (bound, is_percent, text)
