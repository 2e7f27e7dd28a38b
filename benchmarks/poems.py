"""Poems for the README: the commands, and what they wrote, chosen by nobody.

python benchmarks/poems.py --runs runs --model poems --out benchmarks/results/poems.md
"""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

COMMANDS = (
    "--form 七绝 --acrostic 春花秋月 --author 李白 -n 2 --seed 1 --best-of 32 --temperature 0.8",
    "--form 五律 --title 秋夜 --seed 7 --best-of 32 --temperature 0.8",
    "--form 七言联 --seed 3 --best-of 64 --temperature 0.8",
    "--form 七绝 --acrostic 春花秋月 -n 2 --seed 1",
)
"""The last one shows what the model writes without choosing among candidates."""


def main() -> None:
    """Run the commands and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="poems")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    blocks = []
    for command in COMMANDS:
        words = [sys.executable, "-m", "serinette", "generate", args.model, *shlex.split(command)]
        done = subprocess.run(
            [*words, "--runs", str(args.runs)], capture_output=True, text=True, check=True
        )
        blocks.append(
            f"$ serinette generate {args.model} {command}\n{done.stdout}{done.stderr}".rstrip()
        )
    page = "```text\n" + "\n\n".join(blocks) + "\n```\n"
    if args.out is not None:
        args.out.write_text(page, encoding="utf-8")
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
