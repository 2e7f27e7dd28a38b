from itertools import permutations, product

import numpy as np
import pytest
from checker import POEMS as TEMPLATES
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.poem.metrics import PoemMeasures
from serinette.kinds.poem.phonology import Phonology

TOWER = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"  # 王之渙, 登鸛雀樓
NIGHT = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"  # 李白, 靜夜思
MAPLES = "遠上寒山石徑斜，白雲生處有人家。停車坐愛楓林晚，霜葉紅於二月花。"  # 杜牧, 山行
SPRING = (  # 杜甫, 春望
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
DAWN = "春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。"  # 孟浩然: oblique rhymes
OTHERS = [TOWER, SPRING, "床前明月光，低頭思故鄉。"]

PHONOLOGY = Phonology()
MEASURES = PoemMeasures((TOWER, NIGHT), OTHERS)
LINE_TYPES = {"a": "仄仄平平仄", "A": "仄仄仄平平", "b": "平平平仄仄", "B": "平平仄仄平"}
characters = "山月花鳥風江人春思看中為"
quatrains = st.integers(5, 7).flatmap(
    lambda length: st.lists(
        st.text(alphabet=characters, min_size=length, max_size=length), min_size=3, max_size=5
    )
)
sets = st.lists(quatrains, min_size=1, max_size=4)


def poem_of(lines):
    return "".join(line + "，。"[k % 2] for k, line in enumerate(lines))


def measure(samples, real=(TOWER, NIGHT), others=OTHERS, **options):
    return {metric.key: metric for metric in PoemMeasures(real, others, **options)(samples)}


def values(samples):
    return {metric.key: metric.value for metric in MEASURES(samples)}


def is_regulated(lines):
    return len(lines) in (4, 8) and {len(line) for line in lines} in ({5}, {7})


def slow_keeps_tones(lines):
    """Write out every reading; a longer line begins with two places more."""
    before = {"仄": "平", "平": "仄"}
    for kinds in TEMPLATES:
        fits = []
        for kind, line in zip(kinds, lines, strict=False):
            short = LINE_TYPES[kind]
            wanted = short if len(line) == 5 else before[short[0]] + before[short[1]] + short
            places = [1, 3, 5, 6] if len(line) == 7 else [1, 3, 4]
            readings = product(*(PHONOLOGY.tones(line[k]) or "平仄" for k in places))
            fits.append(tuple(wanted[k] for k in places) in set(readings))
        if all(fits):
            return True
    return False


def slow_rhymes(lines):
    ends = [line[-1] for line in lines[1::2]]
    return any(all(name in PHONOLOGY.rhymes(c) for c in ends) for name in PHONOLOGY.names)


@given(sets)
def test_tones_and_rhymes_are_those_of_writing_out_every_reading(poems):
    regulated = [lines for lines in poems if is_regulated(lines)]
    found = values([poem_of(lines) for lines in poems])
    assert found["regulated"] == pytest.approx(100 * len(regulated) / len(poems))
    if not regulated:
        assert "tone" not in found
        assert "rhyme" not in found
        return
    assert found["tone"] == pytest.approx(100 * np.mean([*map(slow_keeps_tones, regulated)]))
    assert found["rhyme"] == pytest.approx(100 * np.mean([*map(slow_rhymes, regulated)]))


@given(st.lists(st.sampled_from(characters), min_size=2, max_size=2), st.integers(0, 3))
def test_a_quatrain_written_to_a_template_keeps_the_tones(ends, template):
    level, oblique = "山", "月"
    lines = [
        "".join(level if tone == "平" else oblique for tone in LINE_TYPES[kind])
        for kind in TEMPLATES[template][:4]
    ]
    assert values([poem_of(lines)])["tone"] == 100
    lines[2] = lines[2][:1] + {"山": "月", "月": "山"}[lines[2][1]] + lines[2][2:]
    assert values([poem_of(lines)])["tone"] == 0
    first_free = [end + line[1:] for line, end in zip(lines, [*ends, *ends], strict=True)]
    assert values([poem_of(first_free)])["tone"] == 0


@pytest.mark.parametrize(
    ("poem", "expected"),
    [
        (
            TOWER,
            {"tone": 100, "rhyme": 100, "repeated": 0, "repeated_rhyme": 0, "copied_line": 100},
        ),
        (NIGHT, {"tone": 0, "rhyme": 100, "repeated": 100, "repeated_rhyme": 0, "copied_line": 50}),
        (MAPLES, {"tone": 100, "rhyme": 100, "repeated": 0, "repeated_rhyme": 0, "copied_line": 0}),
        (DAWN, {"rhyme": 0, "repeated": 0}),
        (SPRING, {"tone": 100, "rhyme": 100, "repeated": 0, "copied_line": 100}),
        ("春江花月夜，。", {"form": 0, "regulated": 0, "copied_line": 0}),
        (TOWER * 3, {"form": 100, "regulated": 0, "copied_line": 100}),
        (MAPLES.replace("花", "家"), {"repeated_rhyme": 100, "repeated": 100}),
        (MAPLES.replace("花", "斜"), {"repeated_rhyme": 100}),
        (MAPLES.replace("家", "氧"), {"tone": 100, "rhyme": 100}),  # in no old book
        (MAPLES.replace("家", "月"), {"rhyme": 0}),
        (MAPLES.replace("霜葉", "葉葉"), {"repeated": 0}),
        (MAPLES.replace("霜葉", "楓葉"), {"repeated": 100}),
    ],
)
def test_worked_poems(poem, expected):
    found = values([poem])
    assert {key: found[key] for key in expected} == expected


def test_lines_of_other_lengths_are_not_looked_up():
    poem = "白日依，黃河入海。更上一層樓上，流。黃河入海流，流。"
    assert measure([poem], others=[poem])["copied_line"].value == 100
    assert "copied_line" not in measure([poem[:-8]], others=[poem])


def test_no_line_is_asked_for_couplets_but_those_of_eight_line_poems():
    assert set(measure([MAPLES, NIGHT])) == {
        "form", "regulated", "tone", "rhyme", "repeated", "repeated_rhyme", "copied_line",
    }  # fmt: skip


def test_couplets_are_judged_by_those_of_other_poems():
    words = ("山川江河", "春秋冬年")
    others = [f"{one}，{two}。" for word in words for one, two in permutations(word, 2)] * 5
    measures = PoemMeasures([TOWER, "山川山，河春河。"], others)

    def parallel(*samples):
        return next(metric for metric in measures(samples) if metric.key == "parallel")

    assert parallel("山春，江秋。").value == 100
    assert parallel("山春，秋江。").value == 0
    assert parallel("山春，江春。", TOWER).value == 50
    assert parallel("山無，江有。", "山，春。").value == 50
    assert parallel("山春，江春。", TOWER).n == 1
    assert parallel("山春，江春。").floor == pytest.approx(200 / 3)


SIMPLE = "远上寒山石径斜，白云生处有人家。停车坐爱枫林晚，霜叶红于二月花。"


@pytest.mark.parametrize("others", [[SIMPLE], []])
def test_simplified_poems_are_judged_as_traditional_ones_are(others):
    found = measure([SIMPLE], real=[SIMPLE], others=others)
    assert found["tone"].value == found["rhyme"].value == 100
    assert found["tone"].floor == found["rhyme"].floor == 100


@pytest.mark.parametrize(
    ("others", "real", "expected"),
    [([SIMPLE], MAPLES, 100), ([MAPLES], SIMPLE, 0), ([], SIMPLE, 100), ([], MAPLES, 0)],
)
def test_the_other_poems_say_whether_a_character_is_a_simplified_one(others, real, expected):
    """干, a shield, is level; it stands for the oblique 幹 too, but only in simplified poems."""
    poem = "山山月月山，月干月山山。月月山山月，山山月月山。"
    assert PHONOLOGY.tones("干") == {"平"}
    assert measure([poem], [real], others)["tone"].value == expected


def test_every_figure_has_its_interval_its_count_and_its_floor():
    samples = [TOWER, NIGHT, MAPLES, SPRING, "春江。", "春，江。"]
    found = measure(samples, real=[TOWER, NIGHT, DAWN], seed=3)
    assert {key: metric.n for key, metric in found.items() if key != "parallel"} == {
        "form": 6,
        "regulated": 6,
        "tone": 4,
        "rhyme": 4,
        "repeated": 4,
        "repeated_rhyme": 4,
        "copied_line": 4,
    }
    for metric in found.values():
        low, high = metric.interval
        assert low <= metric.value <= high
        assert metric.floor_interval is not None
        assert metric.unit == "%"
        assert metric.seed == 3
    assert found["rhyme"].floor == pytest.approx(200 / 3)
    assert found == measure(samples, real=[TOWER, NIGHT, DAWN], seed=3)


def test_the_seed_decides_the_intervals_and_nothing_else():
    samples = [TOWER, NIGHT, MAPLES, SPRING, "春江花月夜，江。"] * 20
    one, other = (measure(samples, seed=seed)["copied_line"] for seed in (1, 2))
    assert one.value == other.value
    assert one.interval != other.interval


def test_real_poems_in_the_place_of_samples_score_the_floor():
    real = [TOWER, NIGHT, DAWN, SPRING, MAPLES]
    for metric in measure(real, real=real).values():
        assert metric.value == metric.floor
        assert metric.interval == metric.floor_interval


def test_poems_of_one_group_are_drawn_together():
    samples = [TOWER, NIGHT] * 10
    apart = measure(samples)["tone"]
    measures = PoemMeasures([TOWER], OTHERS)
    together = {m.key: m for m in measures(samples, np.repeat(np.arange(10), 2))}["tone"]
    assert apart.value == together.value == 50
    assert apart.interval[0] < 50
    assert together.interval == (50, 50)


def test_without_samples_there_is_no_figure():
    assert measure([]) == {}
    assert measure([TOWER], real=[])["tone"].floor is None
