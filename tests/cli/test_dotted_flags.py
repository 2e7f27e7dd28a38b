import pytest

from serinette.cli.dotted_flags import split_dotted
from serinette.core.errors import ConfigError


def test_settings_are_taken_out_wherever_they_stand():
    rest, settings = split_dotted(
        ["a.txt", "--model.hidden-size", "512", "--seed", "3", "--training.l2=-1", "b.txt"]
    )
    assert rest == ["a.txt", "--seed", "3", "b.txt"]
    assert settings == {"model.hidden_size": "512", "training.l2": "-1"}


def test_the_last_of_a_name_wins_and_values_keep_their_equals_signs():
    assert split_dotted(["--data.x", "1", "--data.x=y=z"]) == ([], {"data.x": "y=z"})


def test_nothing_behind_two_dashes_is_a_setting():
    assert split_dotted(["--", "--model.x", "1"]) == (["--", "--model.x", "1"], {})


def test_files_with_dots_are_no_settings():
    assert split_dotted(["notes.txt", "-n.x"]) == (["notes.txt", "-n.x"], {})


@pytest.mark.parametrize("argv", [["--model.tied"], ["--model.tied", "--seed"]])
def test_a_setting_without_a_value_is_refused(argv):
    with pytest.raises(
        ConfigError, match=r"^--model.tied needs a value; write --model.tied=VALUE$"
    ):
        split_dotted(argv)
