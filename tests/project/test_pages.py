"""Generated pages are up to date, and links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_FENCED = re.compile(r"^(```+).*?^\1\n", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)


@pytest.mark.parametrize(
    "command", [["docs/generate_settings.py", "--check"], ["benchmarks/readme.py", "--check"]]
)
def test_a_generated_page_is_up_to_date(command):
    done = subprocess.run([sys.executable, *command], cwd=ROOT, check=False)
    assert done.returncode == 0, f"run python {command[0]}"


def prose(page):
    """The text of a page without its fenced blocks, where a bracket is no link."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """The names that a link can give to the headings of a page, as GitHub makes them."""
    found = set()
    for heading in _HEADING.findall(prose(page)):
        bare = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", bare).replace(" ", "-")
        found.add(name if name not in found else f"{name}-1")
    return found


def broken_links(page):
    for target, anchor in _LINK.findall(prose(page)):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        there = (page.parent / target) if target else page
        if not there.exists():
            yield target
        elif anchor and there.suffix == ".md" and anchor not in anchors(there):
            yield f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_leads_somewhere(page):
    assert list(broken_links(page)) == []


def test_a_link_to_nothing_is_found(tmp_path):
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# Other\n\n## What it *is*, and why\n", encoding="utf-8")
    page.write_text(
        "# Page\n[a](other.md) [b](other.md#what-it-is-and-why) [c](#page) [d](none.md)"
        " [e](other.md#none) [f](#none)\n```python\nx[0](none)\n```\n",
        encoding="utf-8",
    )
    assert list(broken_links(page)) == ["none.md", "other.md#none", "#none"]


def test_both_readmes_have_the_same_headings_and_commands():
    english, chinese = ((ROOT / n).read_text("utf-8") for n in ("README.md", "README.zh-CN.md"))
    assert english.count("\n## ") == chinese.count("\n## ")
    assert english.count("\n### ") == chinese.count("\n### ")
    blocks = [re.findall(r"```python\n.*?```", text, re.DOTALL) for text in (english, chinese)]
    assert blocks[0] == blocks[1]
