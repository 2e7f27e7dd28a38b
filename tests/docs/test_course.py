"""The pages of the course say what their code prints, and show what their code draws."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COURSE = ROOT / "docs" / "course"
PAGES = sorted(COURSE.glob("*.md"))
RUN = [sys.executable, str(ROOT / "docs" / "run_pages.py")]


def run(*command, cwd=ROOT):
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_its_code_prints(page):
    done = run(*RUN, "--check", str(page))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
def test_the_figures_are_what_the_code_draws():
    done = run(sys.executable, "docs/draw_figures.py", "--check")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_there_are_eight_chapters_of_a_sitting_each_and_all_figures_are_shown():
    numbers = [int(page.name.split("-")[0]) for page in PAGES]
    assert numbers == list(range(1, 9))
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert all(80 <= text.count("\n") <= 200 for text in texts)
    shown = {name for text in texts for name in re.findall(r"\]\(figures/([\w-]+\.svg)\)", text)}
    assert shown == {path.name for path in (COURSE / "figures").glob("*.svg")}


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_example_of_the_readme_runs(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    (block,) = [
        block
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        if "serinette.primer" in block
    ]
    done = run(sys.executable, "-c", block)
    assert (done.returncode, done.stdout) == (0, "abcdefghijklmnopqrstuvwxyz\n"), done.stderr


PAGE = """# A page

```python
seven = 7
```

```python
print(seven)
```

```text
7
```
"""


def test_a_page_with_another_output_is_found_out_and_put_right(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace("text\n7", "text\n8"), encoding="utf-8")
    done = run(*RUN, "--check", str(page))
    assert done.returncode == 1
    assert "-8\n+7" in done.stdout
    assert run(*RUN, str(page)).returncode == 0
    assert page.read_text(encoding="utf-8") == PAGE
    assert run(*RUN, "--check", str(page)).returncode == 0


@pytest.mark.parametrize("block", ["```bash\nls\n```\n", "text\n\n```text\nnobody said so\n```\n"])
def test_a_block_that_nothing_proves_is_refused(tmp_path, block):
    page = tmp_path / "page.md"
    page.write_text(PAGE + "\n" + block, encoding="utf-8")
    done = run(*RUN, "--check", str(page))
    assert done.returncode == 1
    assert "is neither Python nor the output under it" in done.stderr


def test_an_error_names_the_line_of_the_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace("print(seven)", "print(eight)"), encoding="utf-8")
    done = run(*RUN, "--check", str(page))
    assert 'page.md", line 8' in done.stderr
