import inspect

import pytest

from serinette.core import errors

EXIT_CODES = {
    "ConfigError": 2,
    "MissingExtraError": 2,
    "ConstraintError": 2,
    "DataError": 3,
    "NotFoundError": 4,
    "ArtifactError": 5,
    "ResourceError": 6,
    "DivergedError": 7,
    "QualityError": 8,
    "LockedError": 9,
}


@pytest.mark.parametrize(("name", "code"), EXIT_CODES.items())
def test_every_error_has_the_exit_code_that_the_design_gives_it(name, code):
    assert getattr(errors, name).exit_code == code
    assert issubclass(getattr(errors, name), errors.SerinetteError)


def test_the_tree_at_the_top_of_the_file_is_the_tree_in_the_code():
    classes = {
        name
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, errors.SerinetteError)
    }
    assert classes == {"SerinetteError", *EXIT_CODES}
    for name, code in EXIT_CODES.items():
        (line,) = [line for line in errors.__doc__.splitlines() if f" {name} " in line]
        assert f" {code} " in line
