"""Where finished samples go when they are written whole: a JSON list, a sheet of poems."""

from typing import TYPE_CHECKING, Any

from serinette.cli.generate_options import GenerateOptions
from serinette.cli.output import SCHEMA_VERSION
from serinette.core import plain_json
from serinette.core.errors import ConfigError
from serinette.recipes.generate import Piece, Sample

if TYPE_CHECKING:
    from serinette.recipes.sheets import SheetConfig

MOST_POEMS = 8
"""Poems that fit on one sheet."""


class Gathered:
    """A printer that keeps the samples for later."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    def take(self, event: Piece | Sample) -> None:
        """Keep a finished sample."""
        if isinstance(event, Sample):
            self.samples.append(event)

    def as_json(self) -> str:
        """Return all samples as one JSON object."""
        samples = [sample.to_json() for sample in self.samples]
        return plain_json.dump({"schema_version": SCHEMA_VERSION, "samples": samples}).decode()

    def as_sheet(self, options: GenerateOptions, wishes: Any) -> str:
        """Return the samples, which are poems, as SVG."""
        from serinette.recipes.sheets import on_sheet, sheet_of

        config = sheet_config(options, wishes)
        return sheet_of([on_sheet(sample.full_text, config) for sample in self.samples], config)


def sheet_config(options: GenerateOptions, wishes: Any) -> "SheetConfig":
    """Return how poems that keep some wishes are set."""
    from serinette.recipes.sheets import SheetConfig

    return SheetConfig(
        title=wishes.title,
        acrostic=wishes.acrostic,
        acrostic_at=wishes.acrostic_at,
        seal=options.seal,
        paper=options.paper or "xuan",
        page=options.page or "A4",
    )


def check_output(options: GenerateOptions, kind_name: str, wishes: Any, n_samples: int) -> None:
    """Refuse a sheet that cannot be, before anything is drawn.

    Raises:
        ConfigError: If the model writes no poems, too many are asked for, or paper or page is
            not known.
        DataError: If title or seal is too long.
    """
    is_sheet = options.output is not None and options.output.suffix == ".svg"
    if is_sheet and kind_name != "poem":
        raise ConfigError(
            f"-o {options.output}: only poems go on a sheet, and this model is of kind "
            f"{kind_name}; write to a .txt or .json"
        )
    if is_sheet and options.json:
        raise ConfigError(f"-o {options.output} is a sheet; leave out --json")
    if is_sheet and n_samples > MOST_POEMS:
        raise ConfigError(
            f"-o {options.output}: {n_samples} poems, but {MOST_POEMS} fit on a sheet; "
            "ask for fewer with -n"
        )
    looks = [f"--{name}" for name in ("paper", "page", "seal") if getattr(options, name)]
    if looks and not (is_sheet or options.interactive):
        raise ConfigError(f"{looks[0]} is for a sheet; add -o FILE.svg")
    if is_sheet:
        _try_out(sheet_config(options, wishes))


def _try_out(config: "SheetConfig") -> None:
    """Make a sheet of nearly nothing, which fails as the real one would."""
    from serinette.recipes.sheets import on_sheet, sheet_of

    sheet_of([on_sheet("一。", config)], config)
