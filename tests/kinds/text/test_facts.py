import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ArtifactError, ConfigError
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.table import KINDS
from serinette.kinds.text.config import TextConfig
from serinette.kinds.text.facts import UNKNOWN, Facts

NAMES = st.sampled_from(["label", "author", "year"])
CONTEXTS = st.lists(st.dictionaries(NAMES, st.sampled_from("abcd")), min_size=1)
POSTS = [{"author": "Austen", "year": "1813"}, {"author": "Bront\u00eb"}, {"author": "Austen"}]


def fitted(contexts, **settings):
    rows = [RawSequence(content="some text", context=c, place="x") for c in contexts]
    return KINDS["text"].fit(Corpus(sequences=tuple(rows)), TextConfig(**settings))


@given(contexts=CONTEXTS)
def test_every_fact_of_the_train_part_has_a_symbol_of_its_own(contexts):
    facts = Facts.fit(contexts, 100)
    names = [field.name for field in facts.fields]
    assert set(names) == {name for context in contexts for name in context}
    assert "label" not in names or names[0] == "label"
    for context in contexts:
        symbols = dict(zip(names, facts.encode(context).tolist(), strict=True))
        assert {n for n, symbol in symbols.items() if symbol == UNKNOWN} == set(names) - {*context}
        for name, value in context.items():
            assert facts.values[name][symbols[name] - 1] == value
            assert symbols[name] < next(f.size for f in facts.fields if f.name == name)


@given(contexts=CONTEXTS)
def test_facts_come_back_from_plain_values(contexts):
    facts = Facts.fit(contexts, 100)
    again = Facts.from_json(json.loads(json.dumps(facts.to_json())))
    assert again.values == facts.values
    assert list(again.values) == list(facts.values)


def test_a_model_with_a_label_alone_is_written_as_it_ever_was():
    assert fitted([{"label": "b"}, {"label": "a"}]).to_json()["labels"] == ["a", "b"]
    assert "facts" not in fitted([{"label": "b"}]).to_json()
    assert "facts" not in fitted([{}]).to_json()


def test_rare_values_of_a_context_field_are_unknown_and_labels_never():
    rows = [{"label": v, "author": v} for v in "aabbbc"]
    facts = fitted(rows, context_values=2).facts
    assert facts.values == {"label": ("a", "b", "c"), "author": ("a", "b")}
    assert facts.encode({"label": "c", "author": "c"}).tolist() == [3, UNKNOWN]


def test_a_label_stands_for_the_only_field_there_is():
    facts = fitted([{"author": "Austen"}]).facts
    assert facts.named({"label": "Austen"}) == {"author": "Austen"}
    assert facts.named({"author": "Austen"}) == {"author": "Austen"}


@pytest.mark.parametrize(
    ("contexts", "given_facts", "message"),
    [
        (POSTS, {"author": "Austin"}, "unknown author 'Austin' (did you mean 'Austen'?)"),
        (POSTS, {"autor": "Austen"}, "unknown context 'autor' (did you mean 'author'?)"),
        (POSTS, {"label": "Austen"}, "this model knows several facts (author, year); say which"),
        ([{}], {"year": "1"}, "year '1': this model was trained without facts about its documents"),
        ([{}], {"label": "x"}, "label 'x': this model was trained without labels"),
        ([{"n": str(k)} for k in range(30)], {"n": "z"}, "20, 21, 22, 23, 24, 25, 26, ...)"),
    ],
)
def test_a_fact_that_is_not_known_is_refused_with_the_nearest(contexts, given_facts, message):
    with pytest.raises(ConfigError) as caught:
        fitted(contexts).check_context(given_facts)
    assert message in str(caught.value)


@pytest.mark.parametrize("facts", [{"author": "x"}, {"author": [1]}, {"author": ["x", "x"]}, 3])
def test_damaged_facts_are_refused(facts):
    plain = {**fitted(POSTS).to_json(), "facts": facts}
    with pytest.raises(ArtifactError, match="the text codec cannot be read"):
        KINDS["text"].codec_from_json(plain)
