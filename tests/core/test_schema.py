import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ArtifactError
from serinette.core.schema import Schema, SymbolField, ValueField

ROLES = st.sampled_from(["predicted", "driven"])
SYMBOLS = st.fixed_dictionaries(
    {
        "name": st.text(max_size=5),
        "size": st.integers(1, 10**6),
        "role": ROLES,
        "missing": st.none() | st.integers(0, 9),
    }
)
VALUES = st.fixed_dictionaries(
    {
        "name": st.text(max_size=5),
        "parts": st.integers(1, 9),
        "role": ROLES,
        "missing": st.booleans(),
    }
)


@given(
    st.lists(SYMBOLS | VALUES, max_size=4),
    st.lists(SYMBOLS, max_size=3),
    st.none() | st.integers(0, 9),
)
def test_a_schema_survives_json(fields, context, end):
    schema = Schema(
        fields=tuple(SymbolField(**f) if "size" in f else ValueField(**f) for f in fields),
        context=tuple(SymbolField(**f) for f in context),
        end=end,
    )
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_json_names_the_type_of_every_field():
    schema = Schema(
        fields=(SymbolField(name="pitch", size=11), ValueField(name="dx", parts=3)),
        context=(SymbolField(name="label", size=4),),
        end=0,
    )
    plain = schema.to_json()
    assert [field["type"] for field in plain["fields"]] == ["symbol", "value"]
    assert plain["context"][0]["type"] == "symbol"
    assert plain["end"] == 0


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"fields": [], "context": []},
        {"fields": [{"type": "picture", "name": "x"}], "context": [], "end": None},
        {"fields": [{"name": "x", "size": 3}], "context": [], "end": None},
        {"fields": [{"type": "symbol", "name": "x"}], "context": [], "end": None},
        {
            "fields": [{"type": "symbol", "name": "x", "size": 3, "colour": 1}],
            "context": [],
            "end": 0,
        },
        {"fields": 7, "context": [], "end": None},
        {"fields": [7], "context": [], "end": None},
        {"fields": [], "context": [True], "end": None},
        {"fields": [], "context": [], "end": [0]},
        {"fields": [], "context": [{"name": "x", "size": 3, "table": []}], "end": 0},
        {"fields": [], "context": [{"name": "x", "size": 0.5}], "end": 0},
        {"fields": [], "context": [{"name": "x", "size": 10**400}], "end": 0},
    ],
)
def test_a_schema_of_another_form_is_refused(plain):
    with pytest.raises(ArtifactError, match=r"the schema cannot be read: .*; get the model again"):
        Schema.from_json(plain)
