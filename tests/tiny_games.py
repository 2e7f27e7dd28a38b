"""Small games on invented rows: shared by the tests of adversarial training."""

import numpy as np
import torch

from serinette.batching.corpus import join
from serinette.batching.documents import DocumentBatches
from serinette.batching.streams import TrainingStreams
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig
from serinette.nets.critic_config import CriticConfig
from serinette.nets.model import SequenceModel
from serinette.training.config import TrainingConfig
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.rivals import make_rival
from serinette.training.game.trainer import GameSupply, GameTrainer
from serinette.training.gradients import Precision

V, END = 7, 0
FP32 = Precision(torch.device("cpu"), is_bf16=False)
SIZES = {"embedding_size": 5, "hidden_size": 9, "n_layers": 2}
CRITIC = {"channels": 6, "hidden_size": 8, "dense_size": 7}


def schema(n_symbols=V, n_labels=0, end=END, missing=1):
    context = (SymbolField(name="label", size=n_labels, missing=0),) if n_labels else ()
    field = SymbolField(name="character", size=n_symbols, missing=missing)
    return Schema(fields=(field,), context=context, end=end)


def model_of(n_symbols=V, n_labels=0, end=END, seed=0, missing=1, **sizes):
    config = ModelConfig(**{**SIZES, **sizes})
    return SequenceModel(config, schema(n_symbols, n_labels, end, missing), seed=seed)


def corpus_of(rows, n_labels=0):
    """Rows of symbols, each with a label of its own turn where there are labels."""
    sequences = [np.array(row, dtype=np.int32).reshape(-1, 1) for row in rows]
    labels = [[k % (n_labels - 1) + 1] if n_labels else [] for k in range(len(rows))]
    return join(sequences, [np.array(label, dtype=np.int32) for label in labels], end=END)


def uneven(n=23, seed=4, n_labels=0):
    """Rows of many lengths: no number of rows divides them."""
    generator = np.random.default_rng(seed)
    rows = [generator.integers(2, V, generator.integers(1, 9)) for _ in range(n)]
    return corpus_of(rows, n_labels)


def chain(transition, n=400, seed=1, stop=0.15):
    """Rows of a Markov chain over the symbols from 2 on, each ended with probability `stop`."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        row = [int(generator.integers(0, len(transition)))]
        while generator.random() >= stop and len(row) < 15:
            row.append(int(generator.choice(len(transition), p=transition[row[-1]])))
        rows.append(np.array(row) + 2)
    return corpus_of(rows)


def make_game(corpus, *, is_whole=True, n_threads=1, critic=None, start=None, n_rows=6, **changes):
    """Return a game in which the generator has learnt nothing before.

    Args:
        corpus: Real rows.
        is_whole: Whether they are read whole.
        n_threads: Threads that may run at once.
        critic: Settings of the critic.
        start: The model that stands for the likelihood stage's.
        n_rows: Rows of an update.
        changes: Settings of the game; `training` holds those of the training.
    """
    training = TrainingConfig(
        **{"n_rows": n_rows, "window": 8, "precision": "fp32", **changes.pop("training", {})}
    )
    defaults = {"updates": 12, "critic_start": 2, "n_samples": 20}
    game = AdversarialConfig(**{**defaults, **changes})
    width = corpus.context.shape[1]
    start = start or model_of(n_labels=4 if width else 0, seed=3)
    longest = int(np.diff(corpus.starts).max()) if is_whole else training.window
    if is_whole:
        batches = DocumentBatches(corpus, training.n_rows, longest, 5, is_sorted=False)
    else:
        batches = TrainingStreams(corpus, training.n_rows, training.window, 5)
    rival = make_rival(
        game,
        CriticConfig(**{**CRITIC, **(critic or {})}),
        start,
        is_carried=not is_whole,
        seed=training.seed,
    )
    generator = SequenceModel(start.config, start.schema)
    generator.load_state_dict(start.state_dict())
    supply = GameSupply(
        batches=batches, longest=longest, end=END, reads_on=not is_whole, first_update=7
    )
    return GameTrainer(generator, rival, supply, (game, training), FP32, n_threads=n_threads)


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])
