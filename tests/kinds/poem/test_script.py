from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.poem.script import (
    is_simplified,
    to_simplified,
    to_traditional,
    traditional_forms,
)
from serinette.kinds.poem.tables import read_table

TABLE = read_table("simplified")
TEXT = st.text(
    st.one_of(st.sampled_from(TABLE["traditional"] + TABLE["simplified"]), st.characters())
)


def test_a_poem_is_written_in_either_script():
    traditional, simplified = "舉頭望明月，低頭思故鄉。", "举头望明月，低头思故乡。"
    assert to_simplified(traditional) == simplified
    assert to_traditional(simplified) == traditional


@given(TEXT)
def test_conversion_changes_no_length_and_nothing_outside_the_table(text):
    for convert, known in (
        (to_simplified, TABLE["traditional"]),
        (to_traditional, [entry[0] for entry in TABLE["forms"].split()]),
    ):
        converted = convert(text)
        assert len(converted) == len(text)
        assert all(a == b or a in known for a, b in zip(text, converted, strict=True))


def test_a_simplified_character_has_all_its_traditional_forms():
    assert set(traditional_forms("发")) == {"發", "髮"}
    assert "后" in traditional_forms("后")
    assert "後" in traditional_forms("后")
    assert traditional_forms("山") == ""


def test_the_script_is_told_from_what_is_written_only_one_way():
    assert is_simplified("举头望明月，低头思故乡。")
    assert not is_simplified("舉頭望明月，低頭思故鄉。")
    assert not is_simplified("山后云")
    assert not is_simplified("舉頭望明月思故乡")
