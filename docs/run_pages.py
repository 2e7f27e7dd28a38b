"""Run the Python of documentation pages, and write what it prints under each block.

python docs/run_pages.py docs/course/*.md            run and write
python docs/run_pages.py --check docs/course/*.md    fail if a page shows anything else

The blocks of one page share their names, as in one session; a block of text right after a block of
Python is its output. Any other fenced block is refused: nothing in such a page stands unproved.
"""

import argparse
import contextlib
import difflib
import io
import os
import re
import sys
from pathlib import Path

_BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)
_FENCE = re.compile(r"^(```.*)$", re.MULTILINE)


def run(text: str, name: str) -> str:
    """Return a page with the output of every block under it."""
    names: dict[str, object] = {"__name__": "page"}

    def replayed(match: re.Match[str]) -> str:
        printed = io.StringIO()
        line = text.count("\n", 0, match.start()) + 2
        code = compile("\n" * (line - 1) + match[1], name, "exec")  # so that errors name the line
        with contextlib.redirect_stdout(printed):
            exec(code, names)  # noqa: S102
        shown = f"\n```text\n{printed.getvalue()}```\n" if printed.getvalue() else ""
        return f"```python\n{match[1]}```\n{shown}"

    filled = _BLOCK.sub(replayed, text)
    rest = _FENCE.findall(_BLOCK.sub("", text))
    if rest:
        raise SystemExit(f"{name}: {rest[0]!r} is neither Python nor the output under it")
    return filled


def main() -> int:
    """Run the pages; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("pages", nargs="+", type=Path)
    args = parser.parse_args()
    # Matrices of the pages are small: one thread is faster, and adds in one order.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    code = 0
    for page in args.pages:
        text = page.read_text(encoding="utf-8")
        filled = run(text, str(page))
        if not args.check:
            page.write_text(filled, encoding="utf-8")
        elif filled != text:
            code = 1
            lines = (text.splitlines(), filled.splitlines())
            print("\n".join(difflib.unified_diff(*lines, str(page), "as run", lineterm="")))
    return code


if __name__ == "__main__":
    sys.exit(main())
