import pytest

from serinette.cli.main import COMMANDS, main

PAGES = [
    "serinette",
    *(f"serinette {name}" for name in COMMANDS),
    *(f"serinette runs {name}" for name in ("list", "show", "compare", "rm")),
    *(f"serinette data {name}" for name in ("list", "get")),
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [80, 100])
def test_help_pages_are_as_written_down(page, width, capsys, monkeypatch, golden):
    monkeypatch.setenv("COLUMNS", str(width))
    assert main([*page.split()[1:], "--help"]) == 0
    text = capsys.readouterr().out
    assert "Examples:" in text
    golden(f"help/{width}/{page.replace(' ', '-')}.txt", text)


def test_no_arguments_show_the_help(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: serinette [OPTIONS] COMMAND")


def test_every_command_takes_json():
    import importlib

    import typer

    for name in COMMANDS:
        command = typer.main.get_command(importlib.import_module(f"serinette.cli.{name}").app)
        for leaf in getattr(command, "commands", {name: command}).values():
            assert any("--json" in parameter.opts for parameter in leaf.params), leaf.name


def test_every_option_has_a_sentence():
    import importlib

    import typer

    for name in COMMANDS:
        command = typer.main.get_command(importlib.import_module(f"serinette.cli.{name}").app)
        for leaf in getattr(command, "commands", {name: command}).values():
            for parameter in leaf.params:
                text = parameter.help or ""
                assert text[:1].isupper(), (name, parameter.name)
                assert text.rstrip("]").rstrip().partition("  [")[0].endswith("."), parameter.name
