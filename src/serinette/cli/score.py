"""`serinette score MODEL FILE...`: how well a model predicts a text, beside a count model."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from serinette.cli.mixing import MixByOption, MixOption, mix_of
from serinette.cli.opening import open_model
from serinette.cli.options import (
    EncodingOption,
    JsonFlag,
    ModelName,
    PrecisionOption,
    RunsFolder,
    examples,
    make_app,
)
from serinette.cli.output import dim, has_colour, print_json, say, show
from serinette.cli.surprisal import coloured, legend
from serinette.cli.tables import table
from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.evaluation.score import Score, SequenceScore
    from serinette.kinds.corpus import Corpus
    from serinette.recipes.count_model import CountModel
    from serinette.recipes.mixing import Mix

_TITLE_WIDTH = 40


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """Arguments of `serinette score`."""

    model: ModelName
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Texts to score, or folders.", show_default=False),
    ]
    colour: Annotated[
        bool | None,
        typer.Option(
            "--colour/--no-colour",
            help="Show the text, each character on the colour of its surprisal. "
            "On a terminal if not set.",
        ),
    ] = None
    top: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Show the first N characters in colour."),
    ] = 2000
    shows_all: Annotated[bool, typer.Option("--all", help="Show every character in colour.")] = (
        False
    )
    per_document: Annotated[
        bool, typer.Option("--per-document", help="Add one line a document.")
    ] = False
    documents: Annotated[
        str | None,
        typer.Option(
            metavar="file|blank-line|line", help="Where a document ends. As in training if not set."
        ),
    ] = None
    encoding: EncodingOption = None
    baseline: Annotated[
        bool,
        typer.Option(
            "--baseline/--no-baseline",
            help="Compare with the count model of the same training data, where it is still there.",
        ),
    ] = True
    mix: MixOption = None
    mix_by: MixByOption = None
    adapt: Annotated[
        bool,
        typer.Option(
            "--adapt",
            help="Let the weights follow the text (dynamic evaluation): each piece is predicted "
            "first, then learnt from. Shown beside the model as it is.",
        ),
    ] = False
    adapt_rate: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="With --adapt: how far weights go at a step.",
        ),
    ] = None
    precision: PrecisionOption = "auto"
    runs: RunsFolder = Path("runs")
    json: JsonFlag = False


def run(options: ScoreOptions) -> None:
    """Measure how well a model predicts a text.

    Every character is predicted from all before it, in one pass, and counts once; so does the end
    of each document. Fewer bits a character are better. The interval is a 95 % bootstrap over
    documents or blocks. The count model beside it is an interpolated Witten-Bell n-gram of the
    same training data. PyTorch is not needed.
    """
    artifact = open_model(options.model, options.runs, options.precision)
    if artifact.kind == "series":
        _score_table(artifact, options)
        return
    corpus = _read(options, artifact)
    from serinette.recipes.score import score

    mix = mix_of(artifact, options.mix, options.mix_by, options.runs)
    counted = _count_model(options, artifact)
    stepper = None if mix is None else mix.stepper(artifact)
    plain = score(artifact, corpus, baseline=counted.model, stepper=stepper)
    following = _following(options, artifact, corpus, counted)
    found = following or plain
    if options.json:
        _print_json(options, _Scores(plain, following), counted, mix)
        return
    wants_colour = has_colour(sys.stdout) if options.colour is None else options.colour
    if wants_colour:
        _show_colours(found, None if options.shows_all else options.top)
    if options.per_document:
        show(_document_table(found) + "\n")
    show(_summary_table(plain, following, counted))
    if counted.note:
        say(counted.note)


app = make_app(
    run,
    ScoreOptions,
    epilog=examples(
        "serinette score notes other.txt",
        "serinette score notes draft-1.txt draft-2.txt --per-document --no-colour",
        "serinette score notes other.txt --mix plays=fit",
        "serinette score notes other.txt --json | jq .score.bits_per_character",
        "serinette score notes novel.txt --adapt",
    ),
)


def _score_table(artifact: "Artifact", options: ScoreOptions) -> None:
    from serinette.cli.series import score_table

    if options.mix:
        raise ConfigError("--mix is for text models; this one is of kind series")
    if options.adapt or options.adapt_rate is not None:
        raise ConfigError("--adapt is for text and poem models; this one is of kind series")
    score_table(artifact, options.files, as_json=options.json)


def _read(options: ScoreOptions, artifact: "Artifact") -> "Corpus":
    from serinette.recipes.count_model import reading_settings

    kind, config = reading_settings(
        artifact, {"documents": options.documents, "encoding": options.encoding}
    )
    corpus = kind.read(tuple(options.files), config)
    for note in corpus.notes:
        say(note)
    for warning in corpus.warnings:
        say(f"warning: {warning}")
    return corpus


def _count_model(options: ScoreOptions, artifact: "Artifact") -> "CountModel":
    from serinette.recipes.count_model import CountModel, count_model_of

    return count_model_of(artifact) if options.baseline else CountModel()


def _following(
    options: ScoreOptions, artifact: "Artifact", corpus: "Corpus", counted: "CountModel"
) -> "Score | None":
    """Score with weights that follow the text, where that is asked for."""
    if not options.adapt and options.adapt_rate is None:
        return None
    if options.mix:
        raise ConfigError("--adapt and --mix: a mixture follows no text; give one of them")
    from serinette.cli.evaluate_progress import telling
    from serinette.recipes.adapting import adapt_config, score_adapting

    config = adapt_config(options.adapt_rate, is_asked=options.adapt)
    with telling() as tell:
        return score_adapting(artifact, corpus, config, baseline=counted.model, listener=tell)


class _Scores(NamedTuple):
    """What a text costs."""

    plain: "Score"
    following: "Score | None"
    """With weights that follow it."""


def _print_json(
    options: ScoreOptions, scores: _Scores, counted: "CountModel", mix: "Mix | None"
) -> None:
    from serinette.recipes.mixing import told

    plain, following = scores
    fields: dict[str, Any] = {
        "score": {**plain.to_json(), "baseline_order": counted.order},
        "adapted": None if following is None else following.to_json(),
        "note": counted.note or None,
    }
    if mix is not None:
        fields["mix"] = told(mix)
    if options.per_document:
        found = following or plain
        fields["documents"] = [_document(one) for one in found.per_sequence]
    print_json(fields)


def _document(one: "SequenceScore") -> Mapping[str, Any]:
    n_characters = len(one.text) + 1
    return {
        "place": one.place,
        "nats": one.nats,
        "n_characters": n_characters,
        "n_bytes": one.n_bytes + 1,
        "n_unknown": one.n_unknown,
        "bits_per_character": one.nats / math.log(2) / n_characters,
    }


def _show_colours(found: "Score", most: int | None) -> None:
    sys.stdout.write(legend() + "\n\n")
    total = sum(len(one.text) for one in found.per_sequence)
    left = total if most is None else most
    for one in found.per_sequence:
        if left <= 0:
            break
        words = coloured(one.text[:left], one.surprisal[:left].tolist())
        sys.stdout.write(words.rstrip("\n") + "\n")
        left -= len(one.text)
    if most is not None and total > most:
        rest = f"... {total - most:,} more characters; --top N or --all shows more"
        sys.stdout.write(dim(rest, sys.stdout) + "\n")
    sys.stdout.write("\n")


def _summary_table(plain: "Score", following: "Score | None", counted: "CountModel") -> str:
    """Put the model's figures beside the count model's."""
    baseline = plain.baseline_nats
    scores = [plain] if following is None else [plain, following]
    titles = ["", "model", *(["following the text"] if following else [])]
    rows = [
        [*titles, "" if baseline is None else f"count model, order {counted.order}"],
        [
            "bits per character",
            *(f"{one.bits_per_character:.3f}" for one in scores),
            "" if baseline is None else f"{baseline / math.log(2) / plain.n_characters:.3f}",
        ],
        ["  95 % interval", *(_spread(one) for one in scores), ""],
        [
            "bits per byte",
            *(f"{one.bits_per_byte:.3f}" for one in scores),
            "" if baseline is None else f"{baseline / math.log(2) / plain.n_bytes:.3f}",
        ],
        [
            "perplexity of a character",
            *(f"{one.perplexity:.3f}" for one in scores),
            "" if baseline is None else f"{math.exp(baseline / plain.n_characters):.3f}",
        ],
    ]
    nothing = [""] * len(scores)
    rows += [
        ["characters", f"{plain.n_characters:,}", *nothing],
        ["documents", f"{plain.n_sequences:,}", *nothing],
    ]
    if plain.n_unknown:
        rows.append(["unknown characters", f"{plain.n_unknown:,}", *nothing])
    return table(rows)


def _spread(found: "Score") -> str:
    if found.interval is None:
        return "too short to say"
    return f"{found.interval[0]:.3f} to {found.interval[1]:.3f}"


def _document_table(found: "Score") -> str:
    rows = [("document", "characters", "bits/char")]
    for one in found.per_sequence:
        facts = _document(one)
        figure = f"{facts['bits_per_character']:.3f}"
        rows.append((one.place[-_TITLE_WIDTH:], f"{facts['n_characters']:,}", figure))
    return table(rows)
