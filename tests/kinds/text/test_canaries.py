from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.kinds.corpus import Canary, Corpus, RawSequence
from serinette.kinds.text.canaries import (
    REPEATS,
    CanarySpace,
    plant,
)
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.kind import TextKind

WORDS = [first + last for first in "bdfgklmnpr" for last in "aeiou"]
LINES = [" ".join(WORDS[(7 * k + i * i) % 50] for i in range(4)) for k in range(120)]
PROSE = "".join(line + "\n" for line in LINES)


def corpus_of(*contents, labels=("",)):
    return Corpus(
        sequences=tuple(
            RawSequence(content=content, context={"label": labels[k % len(labels)]}, place=f"f:{k}")
            for k, content in enumerate(contents)
        )
    )


def text_of(corpus):
    return "\n".join(sequence.content for sequence in corpus.sequences)


@pytest.mark.parametrize(
    "contents",
    [
        [PROSE],
        [PROSE, PROSE[::-1]],
        [" ".join(LINES)],
        LINES,
        [line + "\n" for line in LINES],
        ["春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。\n" * 90],
        ["ACGTTGCAAC" * 60],
    ],
    ids=["prose", "two files", "one line", "lines", "documents", "Chinese", "four letters"],
)
def test_every_canary_stands_in_the_train_part_as_often_as_it_is_said_to(contents):
    train = corpus_of(*contents)
    planted = plant(train, 2)
    assert [canary.repeats for canary in planted.canaries] == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16]
    assert len({canary.text for canary in planted.canaries}) == 10
    for canary in planted.canaries:
        assert text_of(train).count(canary.text) == 0
        assert text_of(planted.corpus).count(canary.text) == canary.repeats


@given(st.integers(1, 3), st.integers(0, 99))
def test_without_the_canaries_the_text_is_what_it_was(n, seed):
    planted = plant(corpus_of(PROSE), n, seed)
    lines = text_of(planted.corpus).splitlines()
    hidden = Counter({canary.text: canary.repeats for canary in planted.canaries})
    assert Counter(lines) - Counter(LINES) == hidden
    assert [line for line in lines if line not in hidden] == LINES


def test_the_same_seed_plants_the_same_and_another_one_other_lines():
    first, again = (plant(corpus_of(PROSE), 2) for _ in range(2))
    assert first == again
    assert first.canaries[0].text == "ri pi me mi mi ra gi"  # as in every version, on every machine
    other = plant(corpus_of(PROSE), 2, seed=1)
    assert not {c.text for c in other.canaries} & {c.text for c in first.canaries}


def test_no_canaries_leave_the_corpus_alone():
    train = corpus_of(PROSE)
    assert plant(train, 0).corpus is train
    assert TextKind().plant(train, TextConfig()) == (train, ())


def test_short_documents_get_canaries_as_documents_with_labels_of_their_own():
    train = corpus_of(*LINES, labels=("day", "night"))
    planted = plant(train, 3)
    added = [s for s in planted.corpus.sequences if s.place == "canary"]
    assert len(added) == 3 * sum(REPEATS)
    assert {s.context["label"] for s in added} == {"day", "night"}
    assert not any("\n" in s.content for s in added)
    ended = plant(corpus_of(*[line + "\n" for line in LINES]), 1).corpus
    assert all(s.content.endswith("\n") for s in ended.sequences)
    kept = tuple(s for s in planted.corpus.sequences if s.place != "canary")
    assert kept == train.sequences


@pytest.mark.parametrize("contents", [[PROSE], LINES, ["ACGTTGCAAC" * 60], [" ".join(LINES)]])
def test_the_space_is_the_same_with_and_without_the_canaries(contents):
    train = corpus_of(*contents)
    planted = plant(train, 2)
    space = CanarySpace.of(planted.corpus, planted.canaries)
    assert space == CanarySpace.of(train)
    assert TextKind().canary_space(planted.corpus, planted.canaries) == space
    assert space.bits >= 35


def test_words_are_the_most_frequent_ones_and_drawn_evenly():
    text = " ".join(f"{word} " * (2 if k < 40 else 1) for k, word in enumerate(WORDS)) + "9 ! ?"
    space = CanarySpace.of(corpus_of(text))
    assert set(space.words[:40]) == set(WORDS[:40])
    assert set(space.words) == set(WORDS)
    assert (space.n_words, space.joiner) == (7, " ")  # 6 words of 50 are 33.9 bits
    drawn = Counter(word for line in space.draw(20_000, 0) for word in line.split())
    assert set(drawn) == set(WORDS)
    assert max(drawn.values()) < 1.2 * min(drawn.values())


def test_a_frequent_word_more_than_256_do_not_count():
    words = [f"{a}{b}" for a in WORDS for b in WORDS[:10]]
    space = CanarySpace.of(corpus_of(" ".join(words)))
    assert (len(space.words), space.n_words, space.bits) == (256, 5, 40)


def test_few_words_and_unspaced_scripts_are_joined_without_spaces():
    rhyme = corpus_of("one potato two potato three\n" * 20)
    assert (set(CanarySpace.of(rhyme).words), CanarySpace.of(rhyme).joiner) == (
        set("onepotatotwothree"),
        "",
    )
    assert CanarySpace.of(corpus_of("\n".join(WORDS))).joiner == ""
    assert CanarySpace.of(corpus_of("ACGT" * 50)).joiner == ""
    assert CanarySpace.of(corpus_of("ACGT" * 50)).n_words == 18
    chinese = "".join(chr(0x4E00 + k) for k in range(300))
    space = CanarySpace.of(corpus_of(f"{chinese} {chinese}"))
    assert (len(space.words), space.joiner, len(space.draw(1, 0)[0])) == (256, "", 5)


def test_lines_drawn_for_comparison_are_like_canaries_and_none_of_them():
    planted = plant(corpus_of(PROSE), 2)
    space = CanarySpace.of(planted.corpus, planted.canaries)
    lines = space.draw(500, 1)
    assert len(set(lines)) == 500
    assert not set(lines) & {canary.text for canary in planted.canaries}
    assert all(len(line.split()) == space.n_words for line in lines)
    assert lines[:50] == space.draw(50, 1)


def test_too_short_a_text_says_how_many_fit():
    message = (
        "5 canaries of each number of repeats are 155 lines, but the train part has only "
        "120 places for them; plant at most 3$"
    )
    with pytest.raises(ConfigError, match=message):
        plant(corpus_of(PROSE), 5)
    with pytest.raises(ConfigError, match=r"at least two different characters .*, got 1;"):
        plant(corpus_of("a a a\n" * 50), 1)
    with pytest.raises(ConfigError, match="canaries must be at least 0, got -1"):
        TextConfig(canaries=-1)


def test_the_settings_say_how_many():
    corpus, canaries = TextKind().plant(corpus_of(PROSE), TextConfig(canaries=1))
    assert all(isinstance(canary, Canary) for canary in canaries)
    assert [canary.repeats for canary in canaries] == list(REPEATS)
    assert corpus.n_characters > len(PROSE)
