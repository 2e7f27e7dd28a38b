"""A blind test for people: held-out pieces and generated ones, mixed."""

from collections.abc import Sequence
from pathlib import Path

from serinette.artifact.folder import Artifact
from serinette.evaluation.turing import Sheet
from serinette.evaluation.turing_sheet import make_sheet
from serinette.kinds.yardstick import Stretch
from serinette.recipes.evaluate.case import open_case
from serinette.recipes.evaluate.drawing import draw, stretch_of, writer_of
from serinette.recipes.evaluate.material import cut_all, shuffled
from serinette.recipes.evaluate.request import Setting

_CHOICE = 4
"""Samples drawn for each that is needed: the sheet pairs pieces of like length."""
_PIECES = 2
"""Pieces of a stretch that are shown: 60 words of a long text, a short one whole."""


def sheet_of(
    artifact: Artifact,
    setting: Setting,
    *,
    n_pairs: int,
    seed: int,
    data: Sequence[Path] | Sequence[str] = (),
) -> Sheet:
    """Make a sheet of `n_pairs` real and as many generated pieces.

    Args:
        artifact: The model.
        setting: How it draws.
        n_pairs: Pieces of each sort.
        seed: Same seed, same sheet.
        data: Where the training data are now, or the texts; empty: where they were.

    Raises:
        NotFoundError: If the training data are gone.
        DataError: If they have changed, or there is too little held-out text.
    """
    case = open_case([artifact], data)
    subject, yardstick = case.subjects[0], case.yardstick
    real = cut_all([s.content for s in case.held_out.sequences], yardstick)
    training = case.prepared.parts.train.sequences
    writer = writer_of(subject.codec, subject.steppers, yardstick, training, subject.guide)
    n_pieces = _CHOICE * n_pairs * yardstick.pieces_per_stretch
    drawn = draw(writer, setting, n_pieces=n_pieces, seed=seed, on_progress=lambda share: None)
    generated = [s for text in drawn.texts for s in stretch_of(text, yardstick)]
    codec = subject.codec
    return make_sheet(
        # Only what the model could have written: spaces and rare signs would give people away.
        [codec.decode(codec.encode(_excerpt(stretch))) for stretch in shuffled(real, seed)],
        [_excerpt(stretch) for stretch in generated],
        n_pairs=n_pairs,
        is_whole=yardstick.is_whole,
        seed=seed,
    )


def _excerpt(stretch: Stretch) -> str:
    """Return the first pieces of a stretch: enough to judge by, little enough to read."""
    return stretch.content[: stretch.spans[:_PIECES][-1][1]]
