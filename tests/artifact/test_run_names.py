import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.artifact.run_names import check_name, run_name
from serinette.core.errors import ConfigError


@pytest.mark.parametrize(
    "name", ["notes", "a", "my notes-2.1", "春花", "Ü", "_x", "7", "console", "a" * 64, "春" * 64]
)
def test_a_name_may_be_of_any_alphabet(name):
    check_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it may hold letters"),
        (".hidden", "begins with a letter"),
        ("-n", "begins with a letter"),
        ("a/b", "it may hold letters"),
        ("a\\b", "it may hold letters"),
        ("a\x00b", "it may hold letters"),
        ("a\nb", "it may hold letters"),
        ("notes\n", "it may hold letters"),
        ("C:notes", "it may hold letters"),
        ("a..b", r"holds '\.\.' or ends in a dot"),
        ("a.", "ends in a dot"),
        ("a ", "ends in a dot or a blank"),
        ("CON", "Windows keeps this name"),
        ("nul.txt", "Windows keeps this name"),
        ("Lpt1", "Windows keeps this name"),
        ("a" * 65, "longer than 64 characters or 200 bytes"),
        ("\U00020000" * 51, "longer than 64 characters or 200 bytes"),
    ],
)
def test_a_name_that_is_unsafe_anywhere_is_refused(name, reason):
    with pytest.raises(ConfigError, match=f"cannot be the name of a run: .*{reason}.*--name"):
        check_name(name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("notes.txt", "notes"),
        ("/home/me/my notes.v2.txt", "my notes.v2"),
        ("notes", "notes"),
        ("春.txt", "春"),
        (".bashrc", "bashrc"),
        ("what?.txt", "what-"),
        ("con.txt", "run"),
        ("???", "run"),
        ("/", "run"),
        ("a" * 80 + ".txt", "a" * 64),
        ("\U00020000" * 64 + ".txt", "\U00020000" * 50),
    ],
)
def test_a_run_is_called_after_its_data(path, name):
    assert run_name(path) == name


def test_a_folder_gives_its_whole_name(tmp_path):
    (tmp_path / "poems.v2").mkdir()
    assert run_name(tmp_path / "poems.v2") == "poems.v2"
    assert run_name(f"{tmp_path}/poems.v2/../poems.v2/") == "poems.v2"


@given(st.text(st.characters(exclude_characters="\x00")))
def test_whatever_the_data_are_called_the_run_has_a_good_name(path):
    check_name(run_name(path))
