"""Files of one record a line that survive being cut off anywhere: history.jsonl."""

from pathlib import Path
from typing import Any

from serinette.core import disk, plain_json
from serinette.core.errors import ArtifactError, NotFoundError


def append_line(path: Path, text: str, *, sync: bool = True) -> None:
    """Add one line; a line that an earlier crash tore is cut away first.

    Args:
        path: The file; it is created if it is not there.
        text: The line without its newline; it must not hold one.
        sync: Whether to wait until it is on the platter.

    Raises:
        ResourceError: If the disk refuses; the lines before are as they were.
    """
    if "\n" in text:
        raise ValueError("a line is one line")
    disk.append(path, text.encode("utf-8") + b"\n", sync=sync)


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Read every whole record; a last line that was cut off is ignored, a missing file is empty.

    Raises:
        ArtifactError: If a line before the last is not a JSON object.
    """
    try:
        lines = disk.read_bytes(path).split(b"\n")
    except NotFoundError:
        return []
    numbered = [(number, line) for number, line in enumerate(lines[:-1], 1) if line.strip()]
    records = []
    for number, line in numbered:
        try:
            records.append(_record(line, f"{path} line {number}"))
        except ArtifactError:
            if number != numbered[-1][0]:
                raise
    return records


def _record(line: bytes, place: str) -> dict[str, Any]:
    record = plain_json.load(line, place)
    if not isinstance(record, dict):
        raise ArtifactError(f"{place} is not a JSON object; remove the line")
    return record
