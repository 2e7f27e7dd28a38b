import json

import pytest

from serinette.cli.generate_options import GenerateOptions
from serinette.cli.main import main
from serinette.cli.weights import shares_table, weights_of
from serinette.cli.wishes import facts_of
from serinette.core.errors import ConfigError
from serinette.recipes.shares import SourceShare


def test_weights_stand_in_the_order_of_the_data():
    assert weights_of(["b.txt=2", "c=0.5"], ["a.txt", "b.txt", "c"]) == [1.0, 2.0, 0.5]
    assert weights_of(None, ["a.txt"]) is None


def test_a_path_may_hold_equals_signs():
    assert weights_of(["a=2=3"], ["a=2", "a"]) == [3.0, 1.0]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["a.txt"], "--weight 'a.txt': write PATH=TIMES, like notes.txt=2"),
        (["=2"], "--weight '=2': write PATH=TIMES"),
        (["a.tx=2"], "'a.tx' is not among the data (did you mean 'a.txt'?)"),
        (["a.txt=2", "a.txt=3"], "--weight: 'a.txt' is given twice; leave one out"),
        (["a.txt=two"], "--weight 'a.txt=two': 'two' is no number"),
    ],
)
def test_a_weight_that_cannot_be_meant_is_refused(pairs, message):
    with pytest.raises(ConfigError) as caught:
        weights_of(pairs, ["a.txt", "b.txt"])
    assert message in str(caught.value)


def test_a_table_shows_the_share_of_each_of_the_data():
    shares = [
        SourceShare(name="a.txt", n_characters=1_000, times=3.0, share=0.75),
        SourceShare(name="b", n_characters=1_000, times=1.0, share=0.25),
    ]
    assert "a.txt             1,000      3                  75.0%" in shares_table(shares)
    many = shares_table(shares * 15)
    assert many.endswith("... 10 more")


def test_weights_that_are_out_of_range_are_refused_by_their_option(tmp_path, capsys):
    path = tmp_path / "a.txt"
    path.write_text("some text\n" * 50)
    assert main(["inspect", str(path), "--weight", f"{path}=0"]) == 2
    assert "--weight: weights must be above 0 and at most 1000, got 0" in capsys.readouterr().err


def test_inspect_shows_shares_and_takes_the_settings_of_records(tmp_path, capsys):
    one, two = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for path in (one, two):
        rows = [f'{{"body": "{path.name} row {k} of some"}}' for k in range(40)]
        path.write_text("\n".join(rows))
    data = [str(one), str(two), "--data.text_field", "body"]
    assert main(["inspect", *data, "--weight", f"{two}=3"]) == 0
    assert "share of what is read" in capsys.readouterr().out
    assert main(["inspect", *data, "--weight", f"{two}=3", "--json"]) == 0
    shares = json.loads(capsys.readouterr().out)["shares"]
    assert [(each["name"], each["times"]) for each in shares] == [(str(one), 1), (str(two), 3)]
    read = [each["n_characters"] * each["times"] for each in shares]
    assert [each["share"] for each in shares] == pytest.approx([n / sum(read) for n in read])


def facts(*given, label=None):
    return facts_of(GenerateOptions(model="m", label=label, given=list(given)))


def test_given_facts_and_a_label_are_gathered_by_field():
    assert facts(label="spring") == {"label": "spring"}
    assert facts("author= Austen ", "year=a=b") == {"author": "Austen", "year": "a=b"}


def test_a_fact_without_a_field_or_given_twice_is_refused():
    with pytest.raises(ConfigError, match="--given 'Austen': write FIELD=VALUE"):
        facts("Austen")
    with pytest.raises(ConfigError, match="--given: label is given twice, as 'a' and 'b'"):
        facts("label=b", label="a")
