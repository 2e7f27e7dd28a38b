"""How an evaluation was made, for whoever wants to repeat it."""

from collections.abc import Mapping
from pathlib import PurePath

import numpy as np
import onnxruntime

import serinette
from serinette.kinds.corpus import SourceFile
from serinette.recipes.evaluate.bench import Bench
from serinette.recipes.evaluate.case import Case

_DIGITS = 16
_MOST_FILES = 8


def facts_of(case: Case, bench: Bench) -> dict[str, str]:
    """Return what was measured, on what and with what."""
    prepared, held_out = case.prepared, case.held_out
    test = "test part" if held_out is prepared.parts.test else "validation part"
    return {
        "model": f"sha256 {case.subjects[0].identity[:_DIGITS]}…",
        "data": files_of(prepared.corpus.sources),
        "split": prepared.parts.how,
        "held-out text": f"the {test}, {held_out.n_characters:,} characters",
        **measured_with(bench),
    }


def measured_with(bench: Bench) -> Mapping[str, str]:
    """Return sizes, seeds and versions."""
    request, stretches = bench.request, bench.stretches
    n_held_out = len(bench.real.held_out.texts)
    return {
        "pieces": f"{bench.yardstick.piece_name}: {n_held_out:,} held out, "
        f"{stretches.n_pieces:,} of every other set",
        "floor": "other real text, as many pieces as samples, in the place of the samples",
        "independent language model": "interpolated Witten-Bell 3-gram over tokens",
        "embeddings": f"{bench.yardstick.embedding}; {len(bench.real.twin.features):,} a side",
        "settings": ", ".join(setting.name for setting in request.settings),
        "seed": str(request.seed),
        "intervals": "95 %, bootstrap over documents or stretches of neighbouring passages",
        "versions": f"serinette {serinette.__version__}, numpy {np.__version__}, "
        f"onnxruntime {onnxruntime.__version__}",
    }


def files_of(sources: tuple[SourceFile, ...]) -> str:
    """Name files by their hashes, without their folders."""
    named = [
        f"{PurePath(source.path).name} (sha256 {source.sha256[:_DIGITS]}…)"
        for source in sources[:_MOST_FILES]
    ]
    more = len(sources) - _MOST_FILES
    return ", ".join(named) + (f" and {more:,} more" if more > 0 else "")
