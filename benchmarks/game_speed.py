"""What an update of a game costs beside one of the likelihood stage, at the same sizes.

    python benchmarks/game_speed.py --out benchmarks/results/game-speed.md

Both kinds of updates take turns on made-up captions (words by Zipf's law, lengths around 12), one
thread, so that a busy machine slows both; the figure is the median of the ratios of neighbours,
with the quartiles. An update of a game is one of the rival, the drawing, and one of the generator.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from machine import describe_machine
from report import publish

from serinette.batching.corpus import EncodedCorpus, join
from serinette.batching.documents import DocumentBatches
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig
from serinette.nets.critic_config import CriticConfig
from serinette.nets.model import SequenceModel
from serinette.training.config import TrainingConfig
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.rivals import make_rival
from serinette.training.game.trainer import GameSupply, GameTrainer
from serinette.training.gradients import Precision
from serinette.training.machine import prepare_process
from serinette.training.supply import symbol_supply
from serinette.training.trainer import Trainer

N_SYMBOLS, LONGEST, END = 4_700, 37, 0
GAMES = {
    "reinforce, LSTM critic": ("reinforce", "lstm", 4.0),
    "weighted, CNN critic": ("weighted", "cnn", 4.0),
    "gumbel, CNN critic": ("gumbel", "cnn", 4.0),
    "rollouts (4), CNN critic": ("rollouts", "cnn", 4.0),
    "mediator": ("mediator", "cnn", 2.5),
}
"""Of every game its estimator, its critic, and the most that it may cost."""


def main() -> None:
    """Time, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    prepare_process()
    lines = [
        f"Machine: {describe_machine()}. {args.rows} rows, {N_SYMBOLS:,} words, embedding 128, "
        f"tied, 1 x {args.hidden} cells, one thread; {args.pairs} pairs of updates.",
        "",
        "| game | times a likelihood update (quartiles) | at most | |",
        "|---|---|---|---|",
    ]
    for name, (estimator, critic, most) in GAMES.items():
        ratios = ratios_of(estimator, critic, args)
        low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
        verdict = "PASS" if middle <= most else "FAIL"
        lines.append(f"| {name} | {middle:.2f} ({low:.2f} to {high:.2f}) | {most} | {verdict} |")
    publish(lines, args.out)


def ratios_of(estimator: str, critic: str, args: argparse.Namespace) -> list[float]:
    """Return seconds of an update of the game over those of its likelihood neighbour."""
    corpus = made_up(seed=0)
    schema = Schema(fields=(SymbolField(name="word", size=N_SYMBOLS),), end=END)
    sizes = ModelConfig(embedding_size=128, hidden_size=args.hidden, n_layers=1, tied=True)
    training = TrainingConfig(
        n_rows=args.rows, n_workers=1, window=LONGEST, batching="documents", precision="fp32"
    )
    precision = Precision(torch.device("cpu"), is_bf16=False)
    model = SequenceModel(sizes, schema, seed=1)
    trainer = Trainer(
        model, symbol_supply(model, corpus, training), training, precision, n_threads=1
    )
    trainer._batches = DocumentBatches(corpus, args.rows, LONGEST, 1, is_sorted=False)
    for _ in range(30):  # rows should end where real ones do
        trainer.update()
    game = AdversarialConfig(estimator=estimator, updates=10_000, critic_start=0, anchor=0.0)
    start = SequenceModel(sizes, schema)
    start.load_state_dict(model.state_dict())
    player = SequenceModel(sizes, schema)
    player.load_state_dict(model.state_dict())
    rival = make_rival(game, CriticConfig(network=critic), start, is_carried=False, seed=2)
    batches = DocumentBatches(corpus, args.rows, LONGEST, 2, is_sorted=False)
    gamer = GameTrainer(
        player,
        rival,
        GameSupply(batches, LONGEST, END),
        (game, replace(training, updates=10_000)),
        precision,
        n_threads=1,
    )
    gamer.update()
    found = []
    for _ in range(args.pairs):
        likelihood = statistics.mean((seconds(trainer.update), seconds(trainer.update)))
        found.append(seconds(gamer.update) / likelihood)
    gamer.close()
    trainer.close()
    return found


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def made_up(seed: int) -> EncodedCorpus:
    """Return 5,000 rows of words by Zipf's law, of 5 to 36 words, 11 in the middle."""
    random = np.random.default_rng(seed)
    chances = 1 / np.arange(1, N_SYMBOLS)
    lengths = np.clip(random.poisson(6, 5_000) + random.geometric(0.2, 5_000), 5, LONGEST - 1)
    rows = [
        random.choice(np.arange(1, N_SYMBOLS), size=(n, 1), p=chances / chances.sum())
        for n in lengths
    ]
    return join(rows, [np.zeros(0, dtype=np.int32)] * len(rows), end=END)


if __name__ == "__main__":
    main()
