"""The language model of the primer: loss and training against torch, the alphabet, sampling."""

import subprocess
import sys
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import serinette.primer
from serinette.primer import (
    create,
    cross_entropy,
    decode,
    encode,
    generate,
    predict,
    streams,
    train,
)
from serinette.primer.sampling import distribution, draw
from serinette.primer.training import clip_

VOCAB, HIDDEN, ROWS, STEPS = 11, 7, 3, 5
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class TorchModel(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        as_torch = {"dtype": torch.float64}
        n_layers = len(network.layers)
        self.embedding = torch.nn.Embedding(VOCAB, HIDDEN, **as_torch)
        self.lstm = torch.nn.LSTM(HIDDEN, HIDDEN, n_layers, batch_first=True, **as_torch)
        self.out = torch.nn.Linear(HIDDEN, VOCAB, **as_torch)
        with torch.no_grad():
            for mine, theirs in zip(self.arrays(), network.arrays(), strict=True):
                mine.copy_(torch.from_numpy(theirs))
            for number in range(n_layers):
                bias = getattr(self.lstm, f"bias_hh_l{number}")
                bias.zero_()
                bias.requires_grad_(False)  # one bias a gate, as in the primer

    def arrays(self):
        names = ("weight_ih", "weight_hh", "bias_ih")
        layers = range(self.lstm.num_layers)
        inside = [getattr(self.lstm, f"{name}_l{number}") for number in layers for name in names]
        return [self.embedding.weight, *inside, self.out.weight, self.out.bias]

    def forward(self, symbols, state):
        hidden, state = self.lstm(self.embedding(symbols), state)
        return self.out(hidden), state


def train_torch(model, windows, rate, max_norm):
    arrays, losses, state = model.arrays(), [], None
    optimiser = torch.optim.Adam(arrays, lr=rate)
    for window in windows:
        state = tuple(part.detach() for part in state) if window.follows else None
        logits, state = model(torch.from_numpy(window.symbols), state)
        kept = torch.ones(window.targets.shape, dtype=torch.bool)
        if window.counted is not None:
            kept = torch.from_numpy(window.counted)
        targets = torch.from_numpy(window.targets)[kept]
        loss = torch.nn.functional.cross_entropy(logits[kept], targets)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(arrays, max_norm)
        optimiser.step()
        losses.append(loss.item())
    return losses


def some_windows(n):
    rng = np.random.default_rng(3)
    text = rng.integers(0, VOCAB, size=160)
    for number, window in enumerate(islice(streams(text, ROWS, STEPS), n)):
        counted = rng.random((ROWS, STEPS)) < 0.7
        yield window._replace(counted=counted) if number % 3 == 0 else window


@pytest.mark.slow
def test_losses_and_weights_after_100_updates_are_torchs():
    network = create(VOCAB, HIDDEN, n_layers=2, seed=1)
    model = TorchModel(network)
    windows = list(some_windows(100))
    assert sum(window.follows for window in windows) > 50
    theirs = train_torch(model, windows, rate=0.01, max_norm=0.3)
    ours = train(network, windows, rate=0.01, max_norm=0.3)
    np.testing.assert_allclose(ours, theirs, atol=1e-10, rtol=0)
    for mine, other in zip(network.arrays(), model.arrays(), strict=True):
        np.testing.assert_allclose(mine, other.detach(), atol=1e-9, rtol=0)


ALPHABET = """
import time
import numpy as np
from serinette.primer import Window, create, decode, encode, generate, predict, train

letters = "abcdefghijklmnopqrstuvwxyz"
text = encode(letters * 3, letters)
rows = [np.array([text[k + late : k + late + 26] for k in range(26)]) for late in (0, 1)]
network, window = create(26, 32, seed=0), Window(*rows)
begun = time.process_time()
train(network, [window] * 60, rate=0.02)
print(time.process_time() - begun)
logits, _ = predict(network, window.symbols)
print((logits.argmax(axis=-1) == window.targets).mean())
print(decode(generate(network, encode("z", letters), 26, temperature=0), letters))
"""


@pytest.mark.slow
def test_the_alphabet_is_learnt_in_ten_seconds():
    """In a process of its own: there no shape is checked at run time, as at a user's."""
    done = subprocess.run(
        [sys.executable, "-c", ALPHABET], capture_output=True, text=True, check=True
    )
    seconds, share, written = done.stdout.split()
    assert float(seconds) < 10
    assert float(share) == 1
    assert written == LETTERS


def test_a_new_network_knows_nothing():
    network = create(VOCAB, HIDDEN, seed=2)
    symbols = np.arange(ROWS * STEPS).reshape(ROWS, STEPS) % VOCAB
    loss, _ = cross_entropy(predict(network, symbols)[0], symbols)
    assert loss == pytest.approx(np.log(VOCAB), abs=0.2)


def test_steps_that_do_not_count_have_neither_loss_nor_gradient():
    rng = np.random.default_rng(4)
    logits, targets = rng.normal(size=(ROWS, STEPS, VOCAB)), rng.integers(0, VOCAB, (ROWS, STEPS))
    counted = np.zeros((ROWS, STEPS), dtype=bool)
    counted[:, -1] = True
    loss, d_logits = cross_entropy(logits, targets, counted)
    assert loss == pytest.approx(cross_entropy(logits[:, -1:], targets[:, -1:])[0])
    assert np.all(d_logits[:, :-1] == 0)
    assert np.all(d_logits[:, -1].sum(axis=-1) == pytest.approx(0, abs=1e-15))


def test_clipping_shortens_all_arrays_by_one_factor_and_leaves_short_ones_alone():
    rng = np.random.default_rng(5)
    arrays = [rng.normal(size=(4, 3)), rng.normal(size=5)]
    copies = [array.copy() for array in arrays]
    norm = clip_(arrays, 0.5)
    assert norm == pytest.approx(np.sqrt(sum((copy**2).sum() for copy in copies)))
    assert np.sqrt(sum((array**2).sum() for array in arrays)) == pytest.approx(0.5, rel=1e-5)
    np.testing.assert_allclose(arrays[0] / copies[0], arrays[1][0] / copies[1][0])
    short = [copy.copy() for copy in copies]
    clip_(short, 1e6)
    np.testing.assert_array_equal(short[0], copies[0])


def test_streams_go_on_where_they_ended_and_targets_are_one_step_later():
    windows = list(islice(streams(np.arange(41), 4, 3), 4))
    assert [window.follows for window in windows] == [False, True, True, False]
    np.testing.assert_array_equal(windows[0].symbols[1], [10, 11, 12])
    np.testing.assert_array_equal(windows[1].symbols[1], [13, 14, 15])
    for window in windows:
        np.testing.assert_array_equal(window.targets, window.symbols + 1)


def test_a_text_too_short_for_its_rows_is_refused():
    with pytest.raises(ValueError, match="9 symbols are too few for 4 rows of 3 steps"):
        next(streams(np.arange(9), 4, 3))


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=9), st.floats(0.01, 1))
def test_the_nucleus_is_the_smallest_set_that_holds_its_mass(logits, top_p):
    row = np.array(logits, dtype=float)
    whole, kept = distribution(row), distribution(row, top_p=top_p)
    mass = whole[kept > 0].sum()
    assert mass >= top_p - 1e-12
    assert mass - whole[kept > 0].min() < top_p + 1e-12
    assert kept.sum() == pytest.approx(1)


def test_temperature_zero_takes_the_likeliest_and_a_high_one_levels():
    row = np.array([0.3, 2.0, -1.0])
    np.testing.assert_array_equal(distribution(row, temperature=0.0), [0, 1, 0])
    np.testing.assert_allclose(distribution(row, temperature=1e9), 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(distribution(row), np.exp(row) / np.exp(row).sum())


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6).filter(any), st.floats(0, 1 - 1e-9))
def test_what_has_no_probability_is_never_drawn(weights, u):
    probs = np.array(weights) / sum(weights)
    assert probs[draw(probs, u)] > 0


def test_the_same_seed_gives_the_same_symbols():
    network, beginning = create(VOCAB, HIDDEN, seed=6), np.array([1, 2])
    first = generate(network, beginning, 20, seed=3)
    np.testing.assert_array_equal(first, generate(network, beginning, 20, seed=3))
    assert (first != generate(network, beginning, 20, seed=4)).any()


def test_what_is_fed_back_is_what_was_drawn():
    network, beginning = create(VOCAB, HIDDEN, n_layers=2, seed=6), np.array([1, 2])
    for array in network.arrays():
        array[...] = 5 * array  # so that the memory decides what is likeliest
    drawn = generate(network, beginning, 12, temperature=0.0)
    assert len(set(pairwise(drawn))) > len(set(drawn))
    logits, _ = predict(network, np.concatenate([beginning, drawn])[None])
    np.testing.assert_array_equal(logits[0, 1:-1].argmax(axis=-1), drawn)


def test_text_becomes_numbers_and_text_again():
    assert decode(encode("hello", "ehlo"), "ehlo") == "hello"
    with pytest.raises(ValueError, match="substring not found"):
        encode("help", "ehlo")


def test_the_primer_can_be_read_in_one_sitting():
    """At most 600 lines, and nothing but NumPy and the names of its types."""
    files = sorted(Path(serinette.primer.__file__).parent.glob("*.py"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    assert sum(text.count("\n") for text in texts) <= 600
    imported = {
        line.split()[1].split(".")[0]
        for text in texts
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported == {"collections", "typing", "numpy", "jaxtyping", "serinette"}
