"""A page that runs a model, in headless Chromium: characters a second, size of the file.

    python benchmarks/browser.py --out benchmarks/results/browser.md

The models are fresh character models on invented text (their weights do not matter for speed, but a
text that ends at once tells nothing; one that does is refused). Two figures a case: what a person
at this machine sees, and what the page's thread would write if it had a core of its own (characters
by the processor time of the thread). On an idle machine they are close. The last
row of each size is `serinette generate` of one sample, in Python.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from chromium import Page, browser
from machine import describe_machine
from report import publish

SIZES = ("xs", "m")
WITHOUT_VECTORS = "WebAssembly.Module = function () { throw Error(); };"


# Asking from outside again and again would take the page's thread time of its own.
WRITE = """new Promise(done => {
  byId("write").click();
  const timer = setInterval(() => {
    if (writer === null) { clearInterval(timer); done(nCharacters); }
  }, 10);
})"""
COMPUTE = """(() => {
  model ??= openModel();
  const own = new Writer(model.network, model.codec, readRequest());
  let n = 0;
  while (own.reason === null) { own.step(); n += own.take().length; }
  return n;
})()"""


def make_model(folder: Path, size: str):
    """Train a model until it hardly ever ends its text."""
    import serinette

    text = folder / "letters.txt"
    text.write_text("The quick brown fox jumps over the lazy dog; 0123456789.\n" * 400, "utf-8")
    return serinette.train(text, runs=folder / "runs", name=size, updates=80, size=size)


def thread_seconds(page: Page) -> float:
    """Return the processor time of the page's thread."""
    found = page.call("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in found if metric["name"] == "ThreadTime")


def in_page(
    page: Page, path: Path, n: int, rounds: int, *, before: str = "", task: str = WRITE
) -> tuple[float, float]:
    """Return characters a second by the clock and by the thread's time, medians."""
    page.open(path)
    page.call("Performance.enable")
    page.run(f"{before} byId('length').value = '{n}'; null")
    paces = []
    for seed in range(-1, rounds):  # the first one opens the model and compiles the script
        page.run(f"byId('seed').value = '{seed}'; null")
        begun, used = time.perf_counter(), thread_seconds(page)
        written = page.run(task)
        seconds = time.perf_counter() - begun, thread_seconds(page) - used
        if written < n // 2:
            raise SystemExit(f"the model ended its text after {written} of {n} characters")
        paces.append([written / each for each in seconds])
    by_clock, by_thread = zip(*paces[1:], strict=True)
    return statistics.median(by_clock), statistics.median(by_thread)


def in_python(model, n: int, rounds: int) -> tuple[float, float]:
    """Return characters a second of `generate`, one row, by the clock and by the process's time."""
    paces = []
    for seed in range(-1, rounds):
        begun, used = time.perf_counter(), time.process_time()
        (sample,) = model.generate(1, seed=seed, max_steps=n)
        seconds = time.perf_counter() - begun, time.process_time() - used
        paces.append([len(sample.text) / each for each in seconds])
    by_clock, by_process = zip(*paces[1:], strict=True)
    return statistics.median(by_clock), statistics.median(by_process)


def rows_of(page: Page, folder: Path, size: str, n: int, rounds: int) -> list[str]:
    """Measure one size."""
    model = make_model(folder, size)
    config = model.artifact.model_config
    name = f"{config.n_layers} x {config.hidden_size}"
    rows = []
    for weights, before, task, how in (
        ("int8", "", WRITE, "page, int8"),
        ("fp32", "", WRITE, "page, fp32"),
        ("int8", WITHOUT_VECTORS, WRITE, "page, int8, without WebAssembly"),
        ("int8", "", COMPUTE, "its network alone, nothing shown"),
    ):
        path = folder / f"{size}-{weights}.html"
        if not path.exists():
            model.export(path, weights=weights)
        length = n // 10 if before else n
        by_clock, by_thread = in_page(page, path, length, rounds, before=before, task=task)
        megabytes = path.stat().st_size / 1e6
        rows.append(f"| {name} | {how} | {by_clock:,.0f} | {by_thread:,.0f} | {megabytes:.2f} |")
        print(rows[-1], flush=True)
    by_clock, by_process = in_python(model, n, rounds)
    return [*rows, f"| {name} | `serinette generate` | {by_clock:,.0f} | {by_process:,.0f} | |"]


def main() -> None:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--characters", type=int, default=4000)
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    args = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch, browser() as page:
        version = page.call("Browser.getVersion")["product"]
        rows = [
            row
            for size in args.sizes
            for row in rows_of(page, Path(scratch), size, args.characters, args.rounds)
        ]
    load = f"{before:.1f} to {os.getloadavg()[0]:.1f}"
    head = [
        "| network | how | characters a second | on a core of its own | page, MB |",
        "|---|---|---|---|---|",
    ]
    lines = [
        f"Machine: {describe_machine()} · {version}. Load while measuring: {load}.",
        "",
        f"Medians of {args.rounds} texts of {args.characters:,} characters, a tenth of it without "
        "WebAssembly. On a core of its own: by the processor time of the thread.",
        "",
    ]
    publish([*lines, *head, *rows], args.out)


if __name__ == "__main__":
    main()
