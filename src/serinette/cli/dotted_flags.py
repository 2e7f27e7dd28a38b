"""`--section.key VALUE` options of `train`: every setting of every component has one.

They are taken out of the arguments by hand before typer reads the rest, so that their names live
in one place: the config dataclasses.
"""

import re
from collections.abc import Sequence
from typing import Any

from serinette.cli.plain_command import PlainCommand
from serinette.core.errors import ConfigError

FLAG = "--setting"
"""Hidden option that carries the settings."""

_DOTTED = re.compile(r"--([A-Za-z_]\w*\.[^=\s]+)(?:=(.*))?", re.DOTALL)


class SettingsCommand(PlainCommand):
    """A command that takes `--section.key VALUE` beside its own options.

    It hands them on as values `section.key=VALUE` of its hidden option `--setting`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Gather the dotted options, then read all."""
        rest, settings = split_dotted(args)
        gathered = [word for key, value in settings.items() for word in (FLAG, f"{key}={value}")]
        return super().parse_args(ctx, [*gathered, *rest])


def as_settings(words: Sequence[str]) -> dict[str, str]:
    """Return what `SettingsCommand` gathered, by `section.key`."""
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def split_dotted(args: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the other arguments, and the settings by `section.key`; the last of a name wins.

    Raises:
        ConfigError: If a setting has no value.
    """
    rest: list[str] = []
    settings: dict[str, str] = {}
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        match = _DOTTED.fullmatch(word)
        if word == "--":
            return [*rest, word, *waiting], settings
        if match is None:
            rest.append(word)
            continue
        key, value = match[1].replace("-", "_"), match[2]
        if value is None:
            if not waiting or waiting[0].startswith("--"):
                raise ConfigError(f"--{match[1]} needs a value; write --{match[1]}=VALUE")
            value = waiting.pop(0)
        settings[key] = value
    return rest, settings
