"""A command whose help page groups its options under headings, so that many stay readable.

An option says where it belongs by typer's `rich_help_panel`; headings come in the order in which
they first occur, after the options that name none.
"""

from typing import Any

from serinette.cli.plain_command import PlainCommand


class SectionedCommand(PlainCommand):
    """A command with plain help in sections."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, the options that belong nowhere, then each section."""
        rows: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                rows["Arguments"].append((parameter.metavar or record[0], record[1]))
            else:
                title = getattr(parameter, "rich_help_panel", None) or "Options"
                rows.setdefault(title, []).append((record[0], record[1]))
        for title, records in rows.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
