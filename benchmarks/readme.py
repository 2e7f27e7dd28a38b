"""Copy the results of the benchmarks into the READMEs, between their markers.

python benchmarks/readme.py            copy
python benchmarks/readme.py --check    fail if a README differs from the results
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
READMES = ("README.md", "README.zh-CN.md")
_MARKED = re.compile(r"(<!-- (?:table|output):([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """Return a README with every marked place filled from the results that exist."""

    def fill(match: re.Match[str]) -> str:
        path = RESULTS / f"{match[2]}.md"
        content = path.read_text(encoding="utf-8").strip() + "\n" if path.exists() else ""
        return match[1] + content + match[3]

    return _MARKED.sub(fill, text)


def main() -> int:
    """Fill or check the READMEs; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    code = 0
    for name in READMES:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        if args.check:
            code |= int(filled(text) != text)
        else:
            path.write_text(filled(text), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
