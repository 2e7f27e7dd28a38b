import pytest

from serinette.kinds.text.notation import (
    is_json,
    is_latex,
    is_python,
    markdown_parts,
    notation_of,
    python_parts,
)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        (r"$\alpha + {\rm Fin}$", True),
        (r"\{ a \}", True),
        (r"$\left( x \right)$", True),
        (r"\begin{a}\begin{b}x\end{b}\end{a}", True),
        (r"a \\ b", True),
        ("$x", False),
        ("{x", False),
        ("}{", False),
        (r"\left( x", False),
        (r"\right) \left(", False),
        (r"\begin{a}\end{b}", False),
        (r"\begin{a}\left( \end{a}\right)", False),
    ],
)
def test_latex_is_sound_if_what_opens_is_closed_in_its_turn(text, sound):
    assert is_latex(text) is sound


@pytest.mark.parametrize(
    ("text", "sound"),
    [("x = 1", True), ("def f():\n  return 1\n", True), ("def f(:", False), ("x\0", False),
     ("'\\d'", True), ("(" * 5_000, False)],
)  # fmt: skip
def test_python_is_parsed_and_never_run(text, sound):
    assert is_python(text) is sound
    assert is_python("raise SystemExit(1)")


@pytest.mark.parametrize(
    ("text", "sound"), [('{"a": [1]}', True), ("{a}", False), ("[" * 9_999, False)]
)
def test_json_is_one_value(text, sound):
    assert is_json(text) is sound


def test_statements_are_parsed_one_by_one_and_the_last_is_left_out():
    text = (
        "import a\n\ndef f(x):\n    if x:\n        return (\n)\n\n# a word\nclass C(:\n  pass\n"
        "try:\n  a\nexcept E:\n  b\nx = ("
    )
    assert python_parts(text) == [True, True, False, True]
    assert python_parts("x = 1") == []


def test_headings_descend_by_one_and_stand_over_something():
    text = "# A\n\n## B\n\n### C\n\ntext\n\n## D\n\n#### E\n\ntext\n\n## F\n\n## G\n\ntext\n\n# H\n"
    #        first    B: over C  C: text     D: E skips  E: skipped    F: empty  G       last
    assert markdown_parts(text) == [True, True, False, False, False, True]


def test_the_notation_is_what_nearly_all_pieces_are_sound_in():
    assert notation_of([r"$\alpha$"] * 19 + ["$"]) == "LaTeX"
    assert notation_of(['{"a": 1}'] * 10) == "JSON"
    assert notation_of(["import os\n"] * 10) == "Python"
    assert notation_of(["It costs $ 5 more."] * 10) is None
    assert notation_of(["plain words"] * 10) is None
    assert notation_of([]) is None
