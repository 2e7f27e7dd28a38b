"""Write docs/reference/settings.md from the settings themselves.

python docs/generate_settings.py            write
python docs/generate_settings.py --check    fail if the page is not up to date
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from serinette.constraints.config import RulesConfig
from serinette.core.config import field_help
from serinette.core.settings_text import toml_value
from serinette.decoding.config import DecodingConfig
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.wishes import PoemWishes
from serinette.recipes.requests import GROUPS, groups_of

PAGE = Path(__file__).parent / "reference" / "settings.md"
HEAD = """# Settings

Each can be given as an option (`--model.hidden_size 384`), in the environment
(`SERINETTE_MODEL__HIDDEN_SIZE=384`) or in a TOML file (`--config train.toml`); a later one of these
wins over an earlier one: default, plan, file, environment, option. `serinette train --dry-run`
shows every setting with its origin. What the plan chooses depends on the budget, the corpus and the
machine; the default stands here.
"""


SECTIONS: Mapping[str, type] = {
    "`[data]`": GROUPS["data"],
    "`[data]` of `--kind poem`": PoemConfig,
    **{f"`[{section}]`": group for section, group in GROUPS.items() if section != "data"},
    **{
        f"`[{section}]` of `--kind series`": group
        for section, group in groups_of("series").items()
        if section not in ("split", "training")
    },
    "`[decoding]` (options of `generate`)": DecodingConfig,
}
OPTIONS: Mapping[str, type] = {
    "Options of `generate` for texts": RulesConfig,
    "Options of `generate` for poems": PoemWishes,
}

_OTHERWISE = {"length": "text_length", "ending": "suffix"}
"""Wishes whose option has another name."""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for heading, group in SECTIONS.items():
        section = heading.split("]")[0].removeprefix("`[")
        parts.append(table(heading, group, (section + ".{}").format))
    parts += [table(heading, group, option) for heading, group in OPTIONS.items()]
    return "\n".join(parts)


def table(heading: str, group: type, named: Callable[[str], str]) -> str:
    """Return a heading and the settings of a group, `named` as a user writes them."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    help_texts, defaults = field_help(group), group()
    for entry in fields(group):
        value = getattr(defaults, entry.name)
        shown = "" if value is None or value == {} else f"`{toml_value(value)}`"
        text = " ".join(help_texts[entry.name].split()).replace("|", "\\|")
        rows.append(f"| `{named(entry.name)}` | {shown} | {text} |")
    return f"## {heading}\n\n" + "\n".join(rows) + "\n"


def option(name: str) -> str:
    """Return the option of a wish."""
    return "--" + _OTHERWISE.get(name, name).replace("_", "-")


def main() -> int:
    """Write or check the page; returns the exit code."""
    text = page()
    if "--check" in sys.argv:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
