import numpy as np
import pytest
from tiny_models import FixedStepper, config, schema, weights

from serinette.artifact.step_graph import build_step_graph
from serinette.core.distributions import categorical_log_probs
from serinette.decoding.config import DecodingConfig
from serinette.decoding.engine import Drawer, Limits, Row, Watching, draw_sequences
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import read, sequence_nats
from serinette.decoding.sampler import Sampler

NO_CONTEXT = np.zeros(0, dtype=np.int64)
SETTINGS = {
    "plain": {"temperature": 0.8},
    "greedy": {"greedy": True},
    "filters": {"top_k": 6, "top_p": 0.9, "min_p": 0.01, "typical_p": 0.95},
    "penalties": {"repetition_penalty": 1.2, "frequency_penalty": 0.1, "penalty_window": 5},
}


@pytest.fixture(scope="module")
def lstm():
    graph = build_step_graph(config(), schema(), weights(config(), schema()))
    return OnnxStepper(graph, schema())


def draw(  # noqa: PLR0913
    stepper, numbers, settings, *, batch_size=64, max_steps=40, watch=None, begin=(0,)
):
    rows = [Row(number=n, read=np.array(begin), context=NO_CONTEXT) for n in numbers]
    sampler = Sampler(DecodingConfig(**settings), stepper.schema)
    limits = Limits(max_steps=max_steps, batch_size=batch_size)
    watching = Watching(watch=watch or (lambda *_: None))
    blocks = draw_sequences(Drawer(stepper, sampler, 7), rows, limits, watching)
    return {drawn.number: drawn for finished in blocks for drawn in finished}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_row_never_depends_on_its_batch_or_on_how_many_are_drawn(lstm, settings):
    many = draw(lstm, range(23), settings)
    for batch_size in (1, 3, 16):
        few = draw(lstm, range(5, 14), settings, batch_size=batch_size)
        for number, drawn in few.items():
            same = many[number]
            assert np.array_equal(drawn.symbols, same.symbols)
            assert np.array_equal(drawn.log_probs, same.log_probs)
            assert np.array_equal(drawn.sampling_log_probs, same.sampling_log_probs)
            assert drawn.finish_reason == same.finish_reason
    if "greedy" not in settings:
        assert len({drawn.symbols.tobytes() for drawn in many.values()}) > 15


def test_uniform_logits_draw_every_symbol_but_missing():
    """Guards the row streams and the mask: 4,000 draws of 10 symbols.

    A symbol that is left out by chance: 10 * 0.9**4000, about 1e-182.
    """
    drawn = draw(FixedStepper(), range(400), {}, max_steps=10_000)
    symbols = np.concatenate([one.symbols for one in drawn.values()])
    shares = np.bincount(symbols, minlength=11) / len(symbols)
    assert shares[1] == 0
    assert np.abs(shares[[0, *range(2, 11)]] - 0.1).max() < 0.03


def test_the_end_closes_a_row_and_stays_in_its_log_probability():
    drawn = draw(FixedStepper(), range(9), {})
    for one in drawn.values():
        assert one.finish_reason == "end"
        assert one.symbols[-1] == 0
        assert 0 not in one.symbols[:-1]
        np.testing.assert_allclose(one.log_probs, -np.log(11))
        np.testing.assert_allclose(one.sampling_log_probs, -np.log(10))


def test_a_row_that_does_not_end_stops_at_the_limit():
    never_ends = FixedStepper(logits=[-1e9] + [0] * 10)
    for max_steps in (1, 63, 64, 65, 130):
        (one,) = draw(never_ends, [3], {}, max_steps=max_steps).values()
        assert one.finish_reason == "length"
        assert len(one.symbols) == len(one.log_probs) == max_steps


def test_the_watcher_sees_every_symbol_once_and_may_stop_a_row():
    seen = {n: [] for n in range(6)}

    def watch(number, symbols):
        for n, symbol in enumerate(symbols.tolist(), start=1):
            seen[number].append(symbol)
            if symbol == 5:
                return n
        return None

    stopped = draw(FixedStepper(), range(6), {}, watch=watch)
    free = draw(FixedStepper(), range(6), {})
    for number, one in stopped.items():
        whole = free[number].symbols.tolist()
        expected = whole[: whole.index(5) + 1] if 5 in whole else whole
        assert one.symbols.tolist() == expected
        assert (one.finish_reason == "stop") == (5 in whole)
        assert seen[number] == [symbol for symbol in expected if symbol != 0]


@pytest.mark.parametrize("begin", [(0,), (0, 4, 5, 6)])
def test_log_probability_while_drawing_is_the_score_of_the_result(lstm, begin):
    for one in draw(lstm, range(12), {}, begin=begin).values():
        (nats,) = sequence_nats(
            lstm, [np.concatenate([np.array(begin), one.symbols])], NO_CONTEXT[None]
        )
        np.testing.assert_allclose(one.log_probs, -nats[len(begin) - 1 :], rtol=1e-6)


def test_rows_of_different_beginnings_share_a_batch(lstm):
    begins = [(0,), (0, 3), (0, 3), (0, 7, 8)]
    rows = [
        Row(number=n, read=np.array(begin), context=NO_CONTEXT) for n, begin in enumerate(begins)
    ]
    sampler = Sampler(DecodingConfig(presence_penalty=0.5), lstm.schema)
    limits = Limits(max_steps=20, batch_size=3)
    watching = Watching(watch=lambda *_: None)
    for finished in draw_sequences(Drawer(lstm, sampler, 7), rows, limits, watching):
        for one in finished:
            alone = draw(
                lstm,
                [one.number],
                {"presence_penalty": 0.5},
                max_steps=20,
                begin=begins[one.number],
            )[one.number]
            assert np.array_equal(one.symbols, alone.symbols)


def test_the_prefix_counts_for_the_penalties():
    logits = np.zeros(11)
    logits[[2, 3]] = 40.0
    settings = {"presence_penalty": 20.0, "greedy": True}
    fresh = draw(FixedStepper(logits=logits), [0], settings, max_steps=1)
    after = draw(FixedStepper(logits=logits), [0], settings, max_steps=1, begin=(0, 2))
    assert (fresh[0].symbols[0], after[0].symbols[0]) == (2, 3)


def test_a_long_reading_is_cut_into_chunks_without_a_trace(lstm):
    symbols = np.random.default_rng(0).integers(0, 11, 1300)
    logits, _ = read(lstm, symbols, NO_CONTEXT)
    hidden, _ = lstm.advance(symbols[None, :, None], lstm.start(NO_CONTEXT[None]))
    assert np.array_equal(logits, hidden[:, -1])


def test_sequences_of_any_length_are_scored_as_if_alone(lstm):
    generator = np.random.default_rng(1)
    sequences = [generator.integers(0, 11, n) for n in (1, 2, 700, 3, 1, 44, 513)] * 3
    contexts = np.zeros((len(sequences), 0), dtype=np.int64)
    together = list(sequence_nats(lstm, sequences, contexts))
    for sequence, nats in zip(sequences, together, strict=True):
        assert len(nats) == len(sequence) - 1
        (alone,) = sequence_nats(lstm, [sequence], contexts[:1])
        assert np.array_equal(nats, alone)
    hidden, _ = lstm.advance(sequences[3][None, :, None], lstm.start(contexts[:1]))
    expected = -categorical_log_probs(hidden[0])[[0, 1], sequences[3][1:]]
    np.testing.assert_allclose(together[3], expected)
