import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig
from serinette.nets.dropout import withheld
from serinette.nets.model import SequenceModel

FORM = SymbolField(name="form", size=4)
AUTHOR = SymbolField(name="author", size=6, missing=0)
TITLE = tuple(SymbolField(name=f"title{k}", size=9, missing=0, table="title") for k in range(3))
FIELDS = (FORM, AUTHOR, *TITLE)


def contexts(n_rows):
    return torch.tensor([[1, 2, 3, 4, 5]]).repeat(n_rows, 1)


@given(st.floats(0, 0.99), st.integers(0, 9))
def test_a_fact_is_withheld_whole_or_not_at_all(chance, seed):
    given_ = contexts(50)
    found = withheld(given_, FIELDS, chance, torch.Generator().manual_seed(seed))
    assert torch.equal(given_, contexts(50))  # not in place
    assert (found[:, 0] == 1).all()  # a form cannot be missing
    assert {tuple(row) for row in found[:, 1:2].tolist()} <= {(2,), (0,)}
    assert {tuple(row) for row in found[:, 2:].tolist()} <= {(3, 4, 5), (0, 0, 0)}


def test_facts_are_withheld_as_often_as_asked_and_each_by_itself():
    found = withheld(contexts(4_000), FIELDS, 0.4, torch.Generator().manual_seed(1))
    is_gone = found[:, 1:3] == 0  # author and title
    shares = is_gone.float().mean(0)
    assert ((shares - 0.4).abs() < 0.04).all()
    assert abs(float(is_gone.all(1).float().mean()) - 0.16) < 0.03


def test_nothing_is_withheld_outside_training_or_by_chance_zero():
    given_ = contexts(3)
    assert withheld(given_, FIELDS, 0.9, None) is given_
    assert withheld(given_, FIELDS, 0.0, torch.Generator()) is given_


def test_a_network_that_is_told_nothing_answers_as_if_all_were_missing():
    schema = Schema(
        fields=(SymbolField(name="character", size=7, missing=1),), context=FIELDS, end=0
    )
    config = ModelConfig(embedding_size=4, hidden_size=5, n_layers=1, context_dropout=0.999_999)
    model = SequenceModel(config, schema)
    symbols = torch.tensor([[0, 3, 4]])
    nothing = torch.tensor([[1, 0, 0, 0, 0]])
    noise = torch.Generator().manual_seed(0)
    dropped, _ = model(symbols, contexts(1), model.start(1), noise)
    missing, _ = model(symbols, nothing, model.start(1))
    told, _ = model(symbols, contexts(1), model.start(1))
    assert torch.equal(dropped, missing)
    assert not torch.equal(told, missing)
