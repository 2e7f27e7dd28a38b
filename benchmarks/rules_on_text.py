"""Rules on other text: brackets of Python code, and a regular expression for names.

    python benchmarks/rules_on_text.py --budget 3m --out benchmarks/results/rules-on-text.md

Two small models are trained in a temporary folder: one on the standard library of the interpreter
that runs this, read where it lies; one on names that are put together here of random syllables,
because no list of names comes with Python. Code is judged by `tokenize` and `ast`, names by `re`.
Samples of code are cut off at 400 characters, which no rule can help unless it looks ahead.
"""

import argparse
import ast
import io
import math
import random
import re
import sysconfig
import tempfile
import time
import tokenize
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from machine import describe_machine
from opened import Opened, heading, network_of, percent, row
from report import publish

from serinette.constraints.config import RulesConfig
from serinette.decoding.config import DecodingConfig
from serinette.recipes.api import train
from serinette.recipes.generate import GenerateRequest, Sample

MOST_CHARACTERS: Final = 1_500_000
CODE_STEPS: Final = 400
NAME_STEPS: Final = 40
NAME: Final = "[A-Z][a-z]{3,8}"
N_NAMES: Final = 5_000
TEMPERATURE: Final = 0.8
SEED: Final = 0
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_QUOTES: Final = ("'", '"')
_ONSETS: Final = (*"bcdfghjklmnprstvw", "br", "ch", "dr", "st", "th", "")
_VOWELS: Final = (*"aeiou", "ai", "ea", "io")
_CODAS: Final = ("", "", "", "l", "n", "r", "s", "th", "x")
Check = Callable[[str], bool]


class Case(NamedTuple):
    """A question to a model."""

    corpus: str
    rules: RulesConfig
    max_steps: int
    n: int
    checks: dict[str, Check]


def main() -> None:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="3m", help="time for each training")
    parser.add_argument("--n-code", type=int, default=200)
    parser.add_argument("--n-names", type=int, default=1_000)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    corpora = {"code": standard_library(), "names": invented_names()}
    code_checks: dict[str, Check] = {"brackets and quotes close": closes, "`ast.parse`": parses}
    cases = [
        Case("code", RulesConfig(balanced="python"), CODE_STEPS, args.n_code, code_checks),
        Case("names", RulesConfig(regex=NAME), NAME_STEPS, args.n_names, {NAME: is_name}),
    ]
    told, rows = [], []
    with tempfile.TemporaryDirectory() as runs:
        for name, texts in corpora.items():
            folder = train(texts, budget=args.budget, runs=runs, name=name).artifact.folder
            model = Opened(folder)
            told.append(description(name, texts, model))
            for case in cases:
                if case.corpus == name:
                    rows += measured(model, case)
    lines = [
        f"Machine: {describe_machine()}.",
        "",
        f"Trained for {args.budget} each; samples at temperature {TEMPERATURE}, seed {SEED}.",
        "",
        *told,
        "",
        *heading("model", "rules", "n", "kept", "%", "mask mass", "ms a sample", "steps a sample"),
        *rows,
    ]
    publish(lines, args.out)


def standard_library() -> list[str]:
    """Return sources of the interpreter's own library, up to 1.5 million characters."""
    texts: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_text(encoding="utf-8", errors="ignore")
        if text.isascii() and sum(map(len, texts)) + len(text) <= MOST_CHARACTERS:
            texts.append(text)
    return texts


def invented_names() -> list[str]:
    """Return names of one to four syllables, some of them double, all different."""
    rng = random.Random(SEED)  # noqa: S311
    names: dict[str, None] = {}
    while len(names) < N_NAMES:
        parts = [invented_name(rng) for _ in range(1 + (rng.random() < 0.15))]
        names["-".join(parts)] = None
    return list(names)


def invented_name(rng: random.Random) -> str:
    """Return syllables, the first letter large."""
    syllables = [
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
        for _ in range(rng.choices((1, 2, 3, 4), weights=(1, 5, 4, 1))[0])
    ]
    return "".join(syllables).capitalize()


def description(name: str, texts: Sequence[str], model: Opened) -> str:
    """Say what a model learnt from."""
    what = {"code": "files of the standard library", "names": "invented names"}[name]
    n_characters = sum(map(len, texts))
    return (
        f"- {name}: {len(texts):,} {what}, {n_characters:,} characters; "
        f"{network_of(model.artifact.model)}"
    )


def measured(model: Opened, case: Case) -> list[str]:
    """Return lines for samples without and with the rules."""
    decoding = DecodingConfig(temperature=TEMPERATURE, max_steps=case.max_steps)
    rows = []
    for rules in (RulesConfig(), case.rules):
        request = GenerateRequest(n=case.n, seed=SEED, decoding=decoding, wishes=rules)
        begun = time.perf_counter()
        samples = model.draw(request)
        milliseconds = 1000 * (time.perf_counter() - begun) / len(samples)
        said = "none" if rules.is_empty else f"`{told_as(rules)}`"
        n_steps = sum(sample.n_steps for sample in samples) / len(samples)
        for check, keeps in case.checks.items():
            n_kept = sum(keeps(sample.text) for sample in samples)
            figures = (mass_of(samples), f"{milliseconds:.2f}", f"{n_steps:.0f}")
            share = percent(n_kept, len(samples))
            rows.append(row(case.corpus, said, f"{len(samples):,}", check, share, *figures))
    return rows


def told_as(rules: RulesConfig) -> str:
    """Write rules as on the command line."""
    if rules.regex is not None:
        return f"--regex '{rules.regex}'"
    return f"--balanced {rules.balanced}"


def mass_of(samples: Sequence[Sample]) -> str:
    """Return the share of the model's probability that the rules leave at a step."""
    found = [sample.mask_mass for sample in samples if sample.mask_mass is not None]
    if not found:
        return ""
    return f"{math.exp(sum(math.log(max(mass, 1e-300)) for mass in found) / len(found)):.3f}"


def closes(text: str) -> bool:
    """Say whether brackets nest and quotes close, by Python's own tokens.

    Lines are moved to the left margin first: wrong indentation is another matter, and ends the
    tokens.
    """
    flush = "".join(line.lstrip(" \t\f") for line in text.splitlines(keepends=True))
    opened: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(flush).readline):
            if token.type == tokenize.ERRORTOKEN and token.string.strip().startswith(_QUOTES):
                return False
            if token.type != tokenize.OP:
                continue
            if token.string in _PAIRS.values():
                opened.append(token.string)
            elif token.string in _PAIRS and (not opened or opened.pop() != _PAIRS[token.string]):
                return False
    except (tokenize.TokenError, SyntaxError):
        return False
    return not opened


def parses(text: str) -> bool:
    """Say whether a text is a Python program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def is_name(text: str) -> bool:
    """Say whether a text matches the regular expression."""
    return re.fullmatch(NAME, text) is not None


if __name__ == "__main__":
    main()
