import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_couplets import NOUNS, NUMBERS, VERBS, WORDS, planted_poems, poem_of

from serinette.core.errors import ArtifactError
from serinette.kinds.poem.parallel import ParallelSense, couplets_of
from serinette.kinds.poem.phonology import Phonology

POEMS = planted_poems(400)
SENSE = ParallelSense.fit(POEMS)
line = st.text(alphabet=WORDS + "無", max_size=7)


def test_characters_of_one_class_answer_one_another_and_no_others():
    classes = {c: word for word in (NOUNS, NUMBERS, VERBS) for c in word}
    wrong = [
        one + other
        for one in WORDS
        for other in WORDS
        if SENSE.answers(one, other) != (one != other and classes[one] == classes[other],)
    ]
    assert len(wrong) < 0.02 * len(WORDS) ** 2


def test_real_couplets_score_higher_than_lines_put_together_blindly():
    pairs = [pair for poem in planted_poems(50, seed=1) for pair in couplets_of(poem)]
    real = [SENSE.score(*pair) for pair in pairs]
    blind = [SENSE.score(pairs[k - 1][0], pairs[k][1]) for k in range(len(pairs))]
    assert np.mean([r > b for r in real for b in blind]) > 0.95
    assert np.mean(real) > 0.5 > np.mean(blind)


@given(line, line)
def test_a_score_is_a_share_and_does_not_hang_on_which_line_comes_first(one, other):
    score = SENSE.score(one, other)
    assert 0 <= score <= 1
    assert score == SENSE.score(other, one)
    assert SENSE.answers(one, other) == SENSE.answers(other, one)
    assert len(SENSE.answers(one, other)) == min(len(one), len(other))


@given(line)
def test_a_character_never_answers_itself(one):
    assert not any(SENSE.answers(one, one))
    assert SENSE.score(one, one) == (0 if one else 0.5)


def test_what_was_never_met_is_not_judged():
    assert SENSE.answers("無山", "山無") == (None, None)
    assert SENSE.score("無山", "山無") == 0.5


def test_a_place_without_opposite_counts_against_the_score():
    assert SENSE.score("山一", "川") == pytest.approx(SENSE.score("山", "川") / 2)


@given(line, line)
def test_what_is_written_and_read_back_answers_as_before(one, other):
    plain = json.loads(json.dumps(SENSE.to_json()))
    again = ParallelSense.from_json(plain)
    assert again.answers(one, other) == SENSE.answers(one, other)
    assert again.score(one, other) == SENSE.score(one, other)
    assert again.to_json() == SENSE.to_json()


@given(st.permutations(POEMS[:40]))
@settings(max_examples=10)
def test_the_order_of_the_poems_never_changes_what_is_learnt(poems):
    assert ParallelSense.fit(poems).to_json() == ParallelSense.fit(POEMS[:40]).to_json()


@pytest.mark.parametrize("poems", [[], ["床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"] * 9])
def test_without_couplets_nothing_is_learnt(poems):
    sense = ParallelSense.fit(poems)
    assert sense.answers("山", "川") == (None,)
    assert sense.score("山", "川") == 0.5
    assert ParallelSense.from_json(sense.to_json()).score("山", "川") == 0.5


def test_one_pair_of_characters_alone_can_be_learnt():
    assert ParallelSense.fit(["山，川。"] * 9).answers("山", "川") in ((True,), (False,))


def test_opposite_tones_alone_answer_nothing():
    phonology = Phonology()
    level, oblique = (
        "".join(c for c in WORDS if phonology.tones(c) == {tone}) for tone in ("平", "仄")
    )
    assert min(len(level), len(oblique)) > 9
    draw = np.random.default_rng(5)

    def couplet():
        sides = draw.permuted([[level, oblique]] * 5, axis=1).T
        return poem_of("".join(draw.choice(list(word)) for word in side) for side in sides)

    sense = ParallelSense.fit([couplet() for _ in range(600)])
    scores = [sense.score(a, b) for a in level for b in oblique]
    assert max(scores) < 0.62
    assert min(scores) > 0.36


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (poem_of("甲乙丙丁戊己庚辛"), ()),
        (
            poem_of(c * 5 for c in "甲乙丙丁戊己庚辛"),
            (("丙丙丙丙丙", "丁丁丁丁丁"), ("戊戊戊戊戊", "己己己己己")),
        ),
        (
            poem_of(c * 7 for c in "甲乙丙丁戊己庚辛"),
            (("丙" * 7, "丁" * 7), ("戊" * 7, "己" * 7)),
        ),
        (poem_of(c * 7 for c in "甲乙丙丁"), ()),
        ("春風春雨，秋月秋花。", (("春風春雨", "秋月秋花"),)),
        ("春風春雨，秋月。", ()),
        ("春風。", ()),
        ("", ()),
    ],
)
def test_couplets_are_the_middle_lines_of_regulated_verse_and_pairs_of_lines(content, expected):
    assert couplets_of(content) == expected


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"classes": ["山"]},
        {"classes": [1], "odds": [[0]]},
        {"classes": ["山"], "odds": []},
        {"classes": ["山", "川"], "odds": [[0], [0]]},
        {"classes": ["山"], "odds": [[100]]},
        {"classes": ["山"], "odds": [[0.5]]},
        {"classes": ["山"], "odds": [[True]]},
        {"classes": ["山"], "odds": ["0"]},
        {"classes": "山", "odds": [[0]]},
    ],
)
def test_a_broken_sense_is_refused_in_one_sentence(broken):
    with pytest.raises(ArtifactError, match=r"^parallel sense: 'classes' must be .* save the "):
        ParallelSense.from_json(broken)
