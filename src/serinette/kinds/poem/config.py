"""Settings of the kind poem."""

from dataclasses import dataclass
from typing import Literal

from serinette.core.errors import ConfigError
from serinette.kinds.poem.layout import form_name
from serinette.kinds.text.config import TextConfig

Script = Literal["as-is", "traditional", "simplified"]


@dataclass(frozen=True, kw_only=True)
class PoemConfig:
    """How poems are read and what conditions them."""

    forms: tuple[str, ...] = ()
    """Which forms to keep: `五绝`, `七律`; also `五言絕句`, `qilu`. Empty keeps all."""
    script: Script = "as-is"
    """Read all characters as traditional or as simplified ones, or leave them as they are."""
    encoding: str | None = None
    """The encoding of the files: `utf-8`, `gb18030`, `big5`. Not set: found out and said."""
    min_count: int = 1
    """A hanzi seen fewer times than this in the train part is read as missing, at least 1."""
    authors: int = 200
    """How many authors a poem can be conditioned on: the most frequent ones of the train part that
    have at least 10 poems in it; 0 for none."""
    title_characters: int = 6
    """How many characters of its title condition a poem; 0 for none."""

    def __post_init__(self) -> None:
        for name in self.forms:
            form_name(name)
        if self.min_count < 1:
            raise ConfigError(f"min_count must be at least 1, got {self.min_count}")
        if self.authors < 0:
            raise ConfigError(f"authors must be at least 0, got {self.authors}")
        if self.title_characters < 0:
            raise ConfigError(f"title_characters must be at least 0, got {self.title_characters}")
        TextConfig(encoding=self.encoding)  # refuses an encoding that nobody knows
