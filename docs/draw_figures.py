"""Draw the figures of the course, each a file of its own that needs nothing else.

python docs/draw_figures.py            draw
python docs/draw_figures.py --check    fail if a figure is not what this draws
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from serinette.core.chart import Axis, Chart, Line
from serinette.counts.ngram import WittenBell
from serinette.evaluation.report.chart_svg import chart_svg
from serinette.evaluation.report.style import style_sheet
from serinette.primer import (
    Network,
    create,
    cross_entropy,
    decode,
    encode,
    generate,
    gradient_norms,
    predict,
    streams,
    train,
)

FACE: Final = ".chart{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}"
FOLDER: Final = Path(__file__).parent / "course" / "figures"
ANIMALS: Final = ("cat", "dog", "crow", "fox")
VERBS: Final = ("sees", "hears", "likes")
N_DISTANCES: Final = 60
LEAST: Final = 1e-9


def lines(n: int, seed: int) -> str:
    """Return the text of chapters 4 to 6."""
    rng = np.random.default_rng(seed)
    pairs = [(rng.choice(ANIMALS), rng.choice(VERBS)) for _ in range(n)]
    return "".join(f"{animal} {verb} {animal}\n" for animal, verb in pairs)


TEXT: Final = lines(400, seed=0)
UNSEEN: Final = lines(100, seed=1)
KNOWN: Final = "".join(sorted(set(TEXT)))


@cache
def trained() -> tuple[Network, tuple[float, ...]]:
    """Return the network of chapters 4 to 6, and its losses in nats."""
    network = create(len(KNOWN), 32, seed=0)
    windows = islice(streams(encode(TEXT, KNOWN), 16, 40), 150)
    return network, tuple(train(network, windows, rate=0.02))


def vanishing() -> Chart:
    """Draw the gradients of three cells."""
    return distances(
        "What is left of a gradient",
        {
            "LSTM, forget bias 4": gradient_norms("lstm", N_DISTANCES, forget_bias=4.0),
            "GRU": gradient_norms("gru", N_DISTANCES),
            "plain network": gradient_norms("rnn", N_DISTANCES),
            "plain network, U × 4": gradient_norms("rnn", N_DISTANCES, gain=4.0),
        },
    )


def forget_bias() -> Chart:
    """Draw the gradients of one cell with several biases."""
    return distances(
        "What the bias of the forget gate changes",
        {
            f"bias {bias:.0f}": gradient_norms("lstm", N_DISTANCES, forget_bias=bias)
            for bias in (4.0, 2.0, 1.0, 0.0)
        },
    )


def distances(title: str, norms: Mapping[str, np.ndarray]) -> Chart:
    """Draw norms by distance, each as a share of its first."""
    shown = tuple(Line(name=name, points=tuple(shares(values))) for name, values in norms.items())
    y = Axis(
        label="gradient, as a share of that of the last step", scale="log", low=LEAST, high=1e3
    )
    return Chart(title=title, x=Axis(label="steps back"), y=y, lines=shown)


def shares(norms: np.ndarray) -> Iterator[tuple[float, float]]:
    """Yield distances and shares of the first norm, as far as there is anything to see."""
    for distance, norm in enumerate(norms):
        if norm < LEAST * norms[0]:
            return
        yield float(distance), float(norm / norms[0])


def learning() -> Chart:
    """Draw the loss of the training of chapter 4."""
    _, losses = trained()
    points = tuple((float(n), loss / math.log(2)) for n, loss in enumerate(losses, start=1))
    a_line = math.log2(len(ANIMALS)) + math.log2(len(VERBS))
    per_character = len(UNSEEN) / 100
    shown = (
        Line(name="LSTM, its own windows", points=points),
        level("words known, the last one guessed", (a_line + 2) / per_character, len(losses)),
        level("least possible", a_line / per_character, len(losses)),
    )
    y = Axis(label="bits a character", scale="log")
    return Chart(title="Learning", x=Axis(label="update", scale="log"), y=y, lines=shown)


def level(name: str, height: float, width: float) -> Line:
    """Return a dotted line across."""
    return Line(name=name, points=((1.0, height), (float(width), height)), role="ideal")


def temperature() -> Chart:
    """Draw quality and variety by temperature."""
    network, _ = trained()
    right = {f"{animal} {verb} {animal}" for animal in ANIMALS for verb in VERBS}
    quality, variety = [], []
    for heat in (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0):
        drawn = generate(network, encode("\n", KNOWN), 3000, temperature=heat, seed=1)
        written = decode(drawn, KNOWN).splitlines()[:-1]
        quality.append((heat, 100 * sum(line in right for line in written) / len(written)))
        variety.append((heat, 100 * len(right.intersection(written)) / len(right)))
    shown = (
        Line(name="lines that are right", points=tuple(quality)),
        Line(name="right lines that turn up", points=tuple(variety), role="other"),
    )
    y = Axis(label="%", low=0, high=100)
    return Chart(title="Quality and variety", x=Axis(label="temperature", low=0), y=y, lines=shown)


def orders() -> Chart:
    """Draw the count model's bits by its order, beside the network's."""
    network, _ = trained()
    symbols = encode(UNSEEN, KNOWN)
    loss, _ = cross_entropy(predict(network, symbols[None, :-1])[0], symbols[None, 1:])
    points = tuple(
        (float(order), float(count_model(order).nats(symbols)[1:].mean()) / math.log(2))
        for order in range(2, 13)
    )
    network_line = ((2.0, loss / math.log(2)), (12.0, loss / math.log(2)))
    shown = (
        Line(name="n-gram", points=points, role="baseline"),
        Line(name="LSTM", points=network_line),
    )
    y = Axis(label="bits a character", low=0)
    return Chart(title="Bits by order", x=Axis(label="order of the n-gram"), y=y, lines=shown)


def count_model(order: int) -> WittenBell:
    """Return a count model of the text."""
    return WittenBell.fit([encode(TEXT, KNOWN)], order, len(KNOWN))


def adversarial() -> Chart:
    """Draw what a Gaussian generator at distance mu feels under the best discriminator."""
    z = np.random.default_rng(0).normal(size=20_000)
    flat, steep = [], []
    for mu in np.linspace(0, 6, 25):
        is_real = 1 / (1 + np.exp(mu * (mu + z) - mu**2 / 2))
        flat.append((float(mu), float((is_real * mu).mean())))
        steep.append((float(mu), float(((1 - is_real) * mu).mean())))
    shown = (
        Line(name="−log D", points=tuple(steep)),
        Line(name="log(1 − D)", points=tuple(flat), role="other"),
    )
    x = Axis(label="distance of the generator from the data", low=0)
    return Chart(title="The generator's slope", x=x, y=Axis(label="slope", low=0), lines=shown)


FIGURES: Final[Mapping[str, Callable[[], Chart]]] = {
    "vanishing": vanishing,
    "forget-bias": forget_bias,
    "learning": learning,
    "temperature": temperature,
    "orders": orders,
    "adversarial": adversarial,
}


def svg(name: str, chart: Chart) -> str:
    """Return a chart as a file: with its own sheet, and a background for any page."""
    drawn = chart_svg(chart, name=name).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    opening, rest = drawn.split(">", 1)
    sheet = [line for line in style_sheet().splitlines() if is_of_charts(line)]
    background = '<rect width="100%" height="100%" fill="var(--page)"/>'
    return f"{opening}><style>{''.join(sheet)}{FACE}</style>{background}{rest}\n"


def is_of_charts(line: str) -> bool:
    """Whether a line of the report's sheet is about charts, or names the colours."""
    beginnings = (":root", "@media (prefers", ".chart", ".series", ".hollow", ".dash", *ROLES)
    return line.startswith(beginnings)


ROLES: Final = (".model-", ".other-", ".floor-", ".baseline-", ".ideal-")


def main() -> int:
    """Draw or check the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    code = 0
    for name, draw in FIGURES.items():
        with threadpool_limits(1):  # small matrices, added up in one order
            path, text = FOLDER / f"{name}.svg", svg(name, draw())
        if not args.check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name}: run python docs/draw_figures.py")
            code = 1
    strangers = {path.stem for path in FOLDER.glob("*.svg")} - set(FIGURES)
    if args.check and strangers:
        print(f"drawn by nothing: {', '.join(sorted(strangers))}")
        code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
