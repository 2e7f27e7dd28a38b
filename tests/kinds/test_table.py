import pytest
from poem_models import write_poems

from serinette.core.errors import ArtifactError, ConfigError
from serinette.kinds.table import KINDS, find_kind, kind_of


def test_poems_are_known_by_their_layout_and_all_else_is_text(tmp_path):
    poems = write_poems(tmp_path / "poems.json")
    text, other = tmp_path / "notes.txt", tmp_path / "other.json"
    text.write_text("notes", encoding="utf-8")
    other.write_text('[{"title": "no verse"}]', encoding="utf-8")
    assert kind_of([poems]) == kind_of([poems, poems]) == "poem"
    assert kind_of([text]) == kind_of([other]) == "text"
    assert kind_of([poems, text]) == "text"
    assert kind_of([poems, tmp_path]) == "text"
    assert kind_of([tmp_path / "absent.json"]) == "text"
    assert kind_of(["床前明月光"]) == "text"
    assert kind_of([]) == "text"


def test_what_is_asked_for_wins(tmp_path):
    assert kind_of([write_poems(tmp_path / "poems.json")], "text") == "text"
    assert kind_of(["床前明月光"], "poem") == "poem"
    with pytest.raises(ConfigError, match="kind 'verse' is not known; use one of text, poem"):
        kind_of([], "verse")


def test_every_kind_stands_under_its_own_name():
    assert all(find_kind(name).name == name for name in KINDS)
    with pytest.raises(ArtifactError, match=r"kind 'verse' is not known .* upgrade serinette"):
        find_kind("verse")
