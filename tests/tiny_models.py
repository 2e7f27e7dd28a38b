"""Small networks by formula, a fake stepper and a fake codec: shared by the tests of decoding."""

from dataclasses import dataclass

import numpy as np

from serinette.core.schema import Schema, SymbolField
from serinette.kinds.commission import Commission
from serinette.kinds.text.facts import Facts
from serinette.nets.config import ModelConfig, expected_shapes

LETTERS = "abcdefgh\n"


def schema(n_symbols=11, n_labels=0):
    context = (SymbolField(name="label", size=n_labels, missing=0),) if n_labels else ()
    field = SymbolField(name="character", size=n_symbols, missing=1)
    return Schema(fields=(field,), context=context, end=0)


def weights(config, a_schema, seed=0):
    """Random weights, large enough that states and predictions differ visibly."""
    generator = np.random.default_rng(seed)
    return {
        name: generator.uniform(-0.7, 0.7, shape).astype(np.float32)
        for name, shape in expected_shapes(config, a_schema).items()
    }


def config(**changes):
    return ModelConfig(**{"embedding_size": 5, "hidden_size": 7, "n_layers": 2} | changes)


@dataclass(frozen=True)
class FixedState:
    """Remembers nothing but how many rows there are."""

    n_rows: int

    def select(self, rows):
        return FixedState(len(rows))

    def join(self, other):
        return FixedState(self.n_rows + other.n_rows)


class FixedStepper:
    """Always predicts the same logits, uniform unless told otherwise."""

    def __init__(self, a_schema=None, logits=None):
        self.schema = a_schema or schema()
        n_symbols = self.schema.fields[0].size
        self._logits = np.zeros(n_symbols) if logits is None else np.asarray(logits, dtype=float)

    def start(self, context, noise=None):
        return FixedState(len(context))

    def advance(self, steps, state):
        assert len(steps) == state.n_rows
        return steps, state

    def field(self, k, hidden, drawn):
        logits = np.broadcast_to(self._logits, (*hidden.shape[:2], len(self._logits)))
        return logits.astype(np.float32)


class LetterStreamer:
    def push(self, symbol):
        return LetterCodec.text([symbol])

    def flush(self):
        return ""


class LetterCodec:
    """One symbol a letter: 0 end, 1 missing, then `LETTERS`. What is wished for is a constraint."""

    border = measured = None

    def __init__(self, labels=()):
        self.labels = tuple(labels)
        self.schema = schema(len(LETTERS) + 2, len(labels) + 1 if labels else 0)

    @staticmethod
    def text(symbols):
        return "".join("\ufffd" if s == 1 else LETTERS[s - 2] for s in symbols if s != 0)

    def encode(self, content):
        symbols = [LETTERS.find(letter) + 2 if letter in LETTERS else 1 for letter in content]
        return np.array(symbols, dtype=np.int32).reshape(-1, 1)

    def decode(self, steps):
        return self.text(steps[:, 0].tolist())

    def encode_context(self, context):
        if not self.labels:
            return np.zeros(0, dtype=np.int32)
        known = context.get("label") in self.labels
        return np.array([self.labels.index(context["label"]) + 1 if known else 0], dtype=np.int32)

    def measured_context(self, context):
        return context

    def knows(self, name, value):
        return name == "label" and value in self.labels

    def check_context(self, context):
        Facts({"label": self.labels}).named(context)

    def commission(self, wishes, prefix, labels, call):
        self.check_context(labels)
        read = self.encode(prefix)[:, 0].astype(np.int64)
        return Commission(read=read, prefix=prefix, context=labels, constraint=wishes)

    def showpieces(self):
        return (None,)

    def n_characters(self, content):
        return len(content)

    def n_bytes(self, content):
        return len(content.encode())

    def n_missing(self, steps):
        return int((steps == 1).sum())

    def step_lengths(self, content):
        return np.ones(len(content), dtype=np.int32)

    def streamer(self):
        return LetterStreamer()

    def rules(self):
        return None

    def to_json(self):
        return {"type": "letters"}
