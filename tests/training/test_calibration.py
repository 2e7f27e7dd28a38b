import numpy as np
import pytest
import torch

from serinette.batching.corpus import join
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel
from serinette.training.calibration import fitted_sharpness, sharpen_
from serinette.training.validation import held_out_loss

from .conftest import FP32, SCHEMA, V


def noisy(n):
    """A period of five in which every third symbol is drawn at random."""
    generator = np.random.Generator(np.random.Philox(0))
    symbols = np.arange(n) % 5 + 2
    symbols[::3] = generator.integers(2, V, size=len(symbols[::3]))
    return join([symbols.astype(np.int32)[:, None]], [np.zeros(0, dtype=np.int32)], end=0)


@pytest.mark.parametrize("tied", [False, True])
def test_a_model_made_over_confident_is_brought_back(make_trainer, tied):
    sizes = {"embedding_size": 8, "hidden_size": 16, "n_layers": 1, "tied": tied}
    trainer = make_trainer(sizes=sizes, updates=60, learning_rate=0.01)
    while not trainer.is_done:
        trainer.update()
    model, corpus = trainer.model, noisy(600)
    sharpen_(model, fitted_sharpness(model, corpus))
    best = held_out_loss(model, corpus, FP32).mean()
    sharpen_(model, 1.3)
    assert held_out_loss(model, corpus, FP32).mean() > best
    factor = fitted_sharpness(model, corpus)
    assert factor == pytest.approx(1 / 1.3, rel=0.02)
    sharpen_(model, factor)
    assert held_out_loss(model, corpus, FP32).mean() == pytest.approx(best, rel=1e-4)


def test_without_held_out_text_nothing_is_changed():
    model = SequenceModel(ModelConfig(embedding_size=4, hidden_size=5), SCHEMA)
    assert fitted_sharpness(model, join([], [], end=0)) == 1.0


def test_sharpening_scales_the_logits():
    model = SequenceModel(ModelConfig(embedding_size=4, hidden_size=5), SCHEMA)
    x = torch.randint(2, 9, (2, 6), generator=torch.Generator().manual_seed(0))
    context = torch.zeros(2, 0, dtype=torch.int64)
    with torch.no_grad():
        before = model.readout.project(model(x, context, model.start(2))[0])
        sharpen_(model, 0.7)
        after = model.readout.project(model(x, context, model.start(2))[0])
    torch.testing.assert_close(after, before * 0.7)
