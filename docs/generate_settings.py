"""Write docs/reference/settings.md from the settings themselves.

python docs/generate_settings.py            write
python docs/generate_settings.py --check    fail if the page is not up to date
"""

import sys
from dataclasses import fields
from pathlib import Path

from serinette.core.config import field_help
from serinette.core.settings_text import toml_value
from serinette.decoding.config import DecodingConfig
from serinette.recipes.requests import GROUPS

PAGE = Path(__file__).parent / "reference" / "settings.md"
HEAD = """# Settings

Each can be given as an option (`--model.hidden_size 384`), in the environment
(`SERINETTE_MODEL__HIDDEN_SIZE=384`) or in a TOML file (`--config train.toml`); a later one of these
wins over an earlier one: default, plan, file, environment, option. `serinette train --dry-run`
shows every setting with its origin. What the plan chooses depends on the budget, the corpus and the
machine; the default stands here.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for section, group in {**GROUPS, "decoding": DecodingConfig}.items():
        rows = ["| setting | default | meaning |", "|---|---|---|"]
        help_texts = field_help(group)
        defaults = group()
        for entry in fields(group):
            value = getattr(defaults, entry.name)
            shown = "" if value is None else f"`{toml_value(value)}`"
            text = " ".join(help_texts[entry.name].split()).replace("|", "\\|")
            rows.append(f"| `{section}.{entry.name}` | {shown} | {text} |")
        note = " (options of `generate`)" if section == "decoding" else ""
        parts.append(f"## `[{section}]`{note}\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def main() -> int:
    """Write or check the page; returns the exit code."""
    text = page()
    if "--check" in sys.argv:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
