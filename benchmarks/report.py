"""Show the table of a benchmark, and keep it."""

from pathlib import Path


def publish(lines: list[str], out: Path | None) -> None:
    """Print the lines, and write them where `out` says."""
    table = "\n".join([*lines, ""])
    print(table)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(table, encoding="utf-8")
