"""What `train` prints before it trains: a dry run, or every setting with its meaning."""

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from serinette.cli.output import print_json, show
from serinette.cli.weights import shares_table
from serinette.core.config import field_help, format_duration, plain, to_toml
from serinette.core.settings_text import toml_value

if TYPE_CHECKING:
    from serinette.recipes.requests import DryRun


def list_settings(kind: str | None) -> None:
    """Print every setting of a kind, as a file for `--config`."""
    from serinette.kinds.table import DEFAULT_KIND
    from serinette.recipes.requests import groups_of

    for section, config_type in groups_of(kind or DEFAULT_KIND).items():
        show(f"[{section}]")
        meanings = field_help(config_type)
        for name, value in plain(config_type()).items():
            for line in textwrap.wrap(meanings.get(name, ""), 96):
                show(f"# {line}")
            show(f"# {name} is not set" if value is None else f"{name} = {toml_value(value)}")
        show("")


def print_dry_run(dry_run: "DryRun", *, as_json: bool) -> None:
    """Print what a training would do."""
    if as_json:
        fields: dict[str, Any] = {
            "parameters": dry_run.parameters,
            "memory_bytes": dry_run.memory_bytes,
            "seconds": dry_run.seconds,
            "decoded_batches": [list(rows) for rows in dry_run.decoded_batches],
            "summary": list(dry_run.summary),
            "shares": [asdict(share) for share in dry_run.shares],
            "settings": dry_run.resolved.to_json(),
            "origins": dict(dry_run.resolved.origins),
        }
        print_json(fields)
        return
    for line in dry_run.summary:
        show(line)
    show(
        f"\n{dry_run.parameters:,} parameters, about {dry_run.memory_bytes / 2**20:,.0f} MB of "
        f"memory, about {format_duration(dry_run.seconds)} of training"
    )
    if dry_run.shares:
        show(f"\n{shares_table(dry_run.shares)}")
    for number, rows in enumerate(dry_run.decoded_batches, start=1):
        show(f"\nbatch {number}, decoded, {len(rows)} of its rows:")
        for row in rows:
            show(f"  {row!r}")
    show(f"\n{to_toml(dry_run.resolved)}")
