"""Measures a model while it trains: validation loss, and a sample now and then."""

from serinette.artifact.step_graph import build_step_graph
from serinette.decoding.config import DecodingConfig
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.nets.model import SequenceModel, weights_of
from serinette.recipes.generate import GenerateRequest, Sample, generate_with
from serinette.recipes.prepare import Prepared
from serinette.training.events import BETWEEN_SAMPLES
from serinette.training.gradients import Precision
from serinette.training.loop import Probed
from serinette.training.plan import MEASURED_STEPS
from serinette.training.validation import held_out_loss

SAMPLE_STEPS = 240
"""Length of a live sample."""
_N_ROWS, _WINDOW = 64, 128
_OLD_STEPS = MEASURED_STEPS // 4
"""Of the text of a model that is fine-tuned: it tells what is forgotten, and chooses nothing."""


class Prober:
    """Knows the held-out part and how to draw from a model that is still training.

    Args:
        prepared: Data and codec.
        precision: Arithmetic of the measurement.
        seed: Of the sample.
        old: What the model was fine-tuned from has learnt; None: nothing, or it is not known.
    """

    def __init__(
        self, prepared: Prepared, precision: Precision, *, seed: int, old: Prepared | None = None
    ) -> None:
        self._prepared = prepared
        self._precision = precision
        self._seed = seed
        self._held_out = {"validation_nats": (prepared, MEASURED_STEPS)}
        if old is not None:
            self._held_out["old_validation_nats"] = (old, _OLD_STEPS)

    def probe(self, model: SequenceModel, is_sampling: bool) -> Probed:
        """Measure `model`; draw a sample when asked."""
        metrics = {
            name: self._nats(model, prepared, most)
            for name, (prepared, most) in self._held_out.items()
            if prepared.validation.n_steps > 0
        }
        sample = BETWEEN_SAMPLES.join(self.samples(model, 1)) if is_sampling else None
        return Probed(metrics=metrics, sample=sample)

    def _nats(self, model: SequenceModel, prepared: Prepared, most: int) -> float:
        """Return nats a character of a validation part, of about `most` steps of it."""
        part, encoded = prepared.parts.validation, prepared.validation
        loss = held_out_loss(
            model,
            encoded,
            self._precision,
            n_rows=_N_ROWS,
            window=_WINDOW,
            max_windows=most // (_N_ROWS * _WINDOW),
        )
        return loss.mean() * prepared.steps_per_character(part, encoded)

    def samples(self, model: SequenceModel, n: int) -> tuple[str, ...]:
        """Draw at temperature 0.8, `n` samples of each showpiece, at most `SAMPLE_STEPS` steps."""
        graph = build_step_graph(model.config, model.schema, weights_of(model))
        stepper = OnnxStepper(graph, model.schema)
        decoding = DecodingConfig(temperature=0.8, max_steps=SAMPLE_STEPS)
        samples = []
        for number, wishes in enumerate(self._prepared.codec.showpieces()):
            request = GenerateRequest(
                n=n, seed=self._seed, first_row=number * n, wishes=wishes, decoding=decoding
            )
            drawn = generate_with(self._prepared.codec, [stepper], request)
            samples += [s.text for s in drawn if isinstance(s, Sample)]
        return tuple(samples)
