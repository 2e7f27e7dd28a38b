"""The pages of the site, before any site builder sees them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from serinette import primer
from serinette.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "source"
    folder.mkdir()
    (folder / "left-over.md").write_text("# Of another time\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "docs/build_site.py", str(folder)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def test_every_page_of_the_documentation_is_there_and_nothing_else(site):
    found = {path.relative_to(site) for path in site.rglob("*.md")}
    written = {path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md")}
    generated = {Path("docs/reference/commands.md"), Path("docs/reference/python.md")}
    assert written | generated <= found
    assert Path("left-over.md") not in found


def test_what_pages_link_to_comes_along(site):
    for page in site.rglob("*.md"):
        text = re.sub(r"^(```+).*?^\1\n", "", page.read_text("utf-8"), flags=re.DOTALL | re.M)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            assert target.startswith("http") or (page.parent / target).exists(), (page, target)


def test_every_command_has_its_help(site):
    text = (site / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"\n## serinette {name}\n" in text
    assert "\n## serinette runs rm\n" in text
    assert text.count("Usage: serinette") >= len(COMMANDS)


def test_every_public_name_has_its_docstring(site):
    text = (site / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    for name in ("train", "load", "Model", *primer.__all__):
        heading = text.index(f"\n### {name}\n")
        call, _, rest = text[heading:].split("````")[1].removeprefix("text\n").partition("\n\n")
        assert call.startswith(name)
        assert len(rest) > 20, name
    assert "\n#### Model.generate\n" in text


def test_every_page_has_a_title_and_a_place_in_the_contents(site):
    front = (site / "index.md").read_text(encoding="utf-8")
    listed = [
        path
        for entry in re.findall(r"^([^`:\n]+)$", front, re.MULTILINE)
        for path in site.glob(re.sub(r".*<(.*)>", r"\1", entry) + ".md")
        if path != site / "index.md"
    ]
    pages = set(site.rglob("*.md")) - {site / "index.md"}
    assert set(listed) == pages
    for page in pages:
        assert re.search(r"^# \S", page.read_text(encoding="utf-8"), re.MULTILINE), page


def test_what_the_site_is_built_with_is_pinned():
    lines = (ROOT / "docs" / "site" / "requirements.lock").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[\w.]+", line) for line in lines)
    assert any(line.startswith("Sphinx==") for line in lines)


def test_a_folder_must_be_named():
    done = subprocess.run(
        [sys.executable, "docs/build_site.py"], cwd=ROOT, check=False, capture_output=True
    )
    assert done.returncode == 2
