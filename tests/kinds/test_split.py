import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.kinds.corpus import Corpus, RawSequence, SourceFile
from serinette.kinds.split import SplitConfig, content_id, split

PARTS = ("train", "validation", "test")
quarter = SplitConfig(validation_share=0.25, test_share=0.25)


def corpus(texts):
    rows = tuple(RawSequence(content=text, place=f"n.txt:{i}") for i, text in enumerate(texts))
    source = SourceFile(path="n.txt", sha256="0" * 64, n_bytes=1, encoding="UTF-8")
    return Corpus(sequences=rows, sources=(source,), notes=("n",), warnings=("w",))


def texts_of(parts):
    return {name: [s.content for s in getattr(parts, name).sequences] for name in PARTS}


def part_of(parts):
    return {text: name for name, texts in texts_of(parts).items() for text in texts}


@given(
    st.sets(st.integers(0, 10_000), min_size=40, max_size=80), st.sets(st.integers(10_001, 20_000))
)
def test_adding_documents_never_moves_the_others(first, added):
    before = part_of(split(corpus([f"text {i}" for i in first]), quarter))
    after = part_of(split(corpus([f"text {i}" for i in first | added]), quarter))
    assert {text: after[text] for text in before} == before


@given(st.lists(st.sampled_from([f"poem {i}" for i in range(60)]), max_size=60))
def test_duplicates_fall_on_one_side(texts):
    every = [f"poem {i}" for i in range(60)]
    padded = [text + "\n" * (i % 3) for i, text in enumerate(every + texts)]
    parts = texts_of(split(corpus(padded), quarter))
    stripped = [{text.strip() for text in part} for part in parts.values()]
    assert not stripped[0] & stripped[1]
    assert not stripped[0] & stripped[2]
    assert not stripped[1] & stripped[2]


@given(st.lists(st.text(alphabet="ab\n", max_size=30), max_size=30), st.booleans())
def test_nothing_is_lost(texts, exact):
    parts = split(corpus(texts), SplitConfig(validation_share=0.2, test_share=0.1, exact=exact))
    together = "".join("".join(part) for part in texts_of(parts).values())
    assert sorted(together) == sorted("".join(texts))


def test_no_part_with_a_share_is_empty_when_there_are_documents():
    for first in range(30):
        parts = split(corpus([f"{first}-{i}" for i in range(20)]), SplitConfig())
        assert all(texts_of(parts).values())


def test_a_share_of_nothing_makes_an_empty_part():
    parts = texts_of(split(corpus([f"{i}" for i in range(50)]), SplitConfig(test_share=0.0)))
    assert parts["test"] == []
    assert parts["train"]


def test_another_seed_puts_other_documents_into_the_parts():
    whole = corpus([f"{i}" for i in range(50)])
    other = SplitConfig(validation_share=0.25, test_share=0.25, seed=1)
    assert texts_of(split(whole, quarter)) != texts_of(split(whole, other))


def test_few_documents_are_cut_near_their_end_at_a_line_break():
    text = "".join(f"line number {i:04}\n" for i in range(1000))
    parts = split(corpus([text]), SplitConfig(validation_share=0.1, test_share=0.1))
    train, validation, test = (texts_of(parts)[name][0] for name in PARTS)
    assert train + validation + test == text
    assert train.endswith("\n")
    assert validation.endswith("\n")
    assert abs(len(train) - 0.8 * len(text)) < 18
    assert abs(len(test) - 0.1 * len(text)) < 18
    assert (
        parts.validation.sequences[0].place
        == f"n.txt:0, characters {len(train)} to {len(text) - len(test)}"
    )
    assert parts.how.startswith("split the end of every document (seed 0): train 13,600 characters")


def test_an_exact_split_cuts_at_the_character():
    text = "abc\n" * 278_848 + "ab"
    config = SplitConfig(validation_share=0.1, test_share=0.0, exact=True)
    parts = texts_of(split(corpus([text]), config))
    assert [len("".join(parts[name])) for name in PARTS] == [1_003_854, 111_540, 0]


def test_many_copies_of_one_document_count_as_one():
    parts = split(corpus(["a\nb\nc\nd\n" * 9] * 40), quarter)
    assert "the end of every document" in parts.how
    assert len(parts.train.sequences) == 40


def test_each_part_keeps_the_sources_and_drops_the_notes():
    train = split(corpus(["abc"]), quarter).train
    assert train.sources[0].path == "n.txt"
    assert (train.notes, train.warnings) == ((), ())


def test_an_identity_is_of_the_text_and_the_seed():
    assert content_id("a") == content_id(" a\n") != content_id("a", seed=1)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"validation_share": -0.1}, r"validation_share must be at least 0 and below 1, got -0\.1"),
        ({"test_share": 1.0}, "test_share must be at least 0 and below 1, got 1.0"),
        ({"validation_share": 0.5, "test_share": 0.5}, r"must leave something .* got 0\.5 \+ 0\.5"),
    ],
)
def test_shares_that_leave_nothing_are_refused(shares, message):
    with pytest.raises(ConfigError, match=message):
        SplitConfig(**shares)
