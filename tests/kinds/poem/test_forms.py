import pytest

from serinette.core.errors import ConfigError
from serinette.kinds.poem.forms import FORMS, form_named


def test_every_form_is_found_by_its_name():
    assert all(form_named(name) == form and form.name == name for name, form in FORMS.items())


def test_regulated_forms_rhyme_in_their_even_lines():
    assert FORMS["五绝"].rhyme_lines == (2, 4)
    assert FORMS["七律"].rhyme_lines == (2, 4, 6, 8)
    assert FORMS["七言联"].rhyme_lines == ()
    assert FORMS["自由"].rhyme_lines == ()


def test_only_regulated_forms_and_couplets_have_tones():
    assert {name for name, form in FORMS.items() if form.has_tones} == {
        *("五绝", "七绝", "五律", "七律", "五言联", "七言联")
    }


def test_a_poem_takes_a_symbol_for_each_character_and_mark_and_one_for_the_end():
    assert FORMS["五绝"].n_symbols == 4 * 5 + 4 + 1
    assert FORMS["七律"].n_symbols == 8 * 7 + 8 + 1


def test_an_old_style_poem_has_as_many_lines_as_asked():
    form = form_named("五古", 12)
    assert (form.n_lines, form.line_length, form.name) == (12, 5, "五古")
    assert form_named("七古").n_lines == 8
    assert form_named("七古", 8) is FORMS["七古"]


@pytest.mark.parametrize(
    ("name", "n_lines", "message"),
    [
        ("五言", None, "form: unknown form '五言'; use one of 五绝 七绝"),
        ("五绝", 6, "form: 五绝 has 4 lines, not 6; use 五古 or 七古 to choose the lines"),
        ("自由", 6, "form: 自由 has no fixed lines, not 6"),
        ("五古", 5, "form: 五古 with 5 lines; use an even number from 4 to 32"),
        ("五古", 2, "form: 五古 with 2 lines; use an even number from 4 to 32"),
        ("七古", 34, "form: 七古 with 34 lines; use an even number from 4 to 32"),
    ],
)
def test_what_is_no_form_is_refused_with_a_remedy(name, n_lines, message):
    with pytest.raises(ConfigError, match=message):
        form_named(name, n_lines)
