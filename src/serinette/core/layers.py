"""Where settings come from: a TOML file, the environment, the flags of a command.

A layer is a flat table `section.key -> value`. Reading it checks nothing: `core.config` does.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serinette.core.errors import ConfigError

ENVIRONMENT_PREFIX = "SERINETTE_"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Settings from one place."""

    origin: str
    """Where they came from: `train.toml`, `plan`, `environment`."""
    values: Mapping[str, Any]
    """`section.key` -> text, which is read by the setting's type, or a typed value."""
    written: Mapping[str, str] = field(default_factory=dict)
    """`section.key` -> how the user wrote it, where that says more: `--model.hidden_size`."""

    def place(self, key: str) -> str:
        """Return the words that start a message about this setting."""
        section, _, name = key.rpartition(".")
        return self.written.get(key) or (f"{self.origin} [{section}]" if name else self.origin)


def read_toml(path: Path) -> Layer:
    """Read a file of sections; tables inside a section are values.

    Raises:
        ConfigError: If it cannot be read or is not TOML (the line is named).
    """
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check --config") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    values: dict[str, Any] = {}
    for section, content in document.items():
        if isinstance(content, dict):
            values |= {f"{section}.{key}": value for key, value in content.items()}
        else:
            values[section] = content
    return Layer(origin=path.name, values=values)


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Take `SERINETTE_SECTION__KEY=value` from the environment; other names are not settings."""
    written = {
        name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".", 1): name
        for name in sorted(environ)
        if name.startswith(ENVIRONMENT_PREFIX) and "__" in name
    }
    values = {key: environ[name] for key, name in written.items()}
    return Layer(origin="environment", values=values, written=written)


def flag_layer(flags: Mapping[str, str]) -> Layer:
    """Take `--section.key VALUE` options, given without their dashes."""
    written = {key: f"--{key}" for key in flags}
    return Layer(origin="command line", values=dict(flags), written=written)
