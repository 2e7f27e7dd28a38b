"""`serinette generate MODEL`: write new text, as it comes."""

import io
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from serinette.cli.generate_options import GenerateOptions
from serinette.cli.help_sections import SectionedCommand
from serinette.cli.mixing import mix_of
from serinette.cli.opening import open_model
from serinette.cli.options import examples, make_app
from serinette.cli.output import say
from serinette.cli.wishes import facts_of, unescape, wishes_of
from serinette.core.errors import ConfigError, DataError
from serinette.core.line_ends import with_line_feeds

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.decoding.config import DecodingConfig
    from serinette.recipes.generate import GenerateRequest, Opened, Piece, Sample

_CERTAIN = 0.995
"""Shares that are shown as 100 %."""


class _Printer(Protocol):
    def take(self, event: "Piece | Sample") -> None: ...


def run(options: GenerateOptions) -> None:
    """Write new text with a trained model.

    One sample is shown as it is written. Several are told apart by a rule on a terminal; in a
    file or a pipe by a line of ---, or by nothing when every sample is a single line. PyTorch is
    not needed.

    Filters work in this order: bias, penalties, rules, temperature, top-k, typical, top-p,
    min-p.

    Rules hold in every sample, or are refused before the first one. Which there are depends on
    what the model has learnt: texts or classical Chinese poems.
    """
    prefixes = _prefixes(options)
    decoding = _decoding(options)
    artifact = open_model(options.model, options.runs, options.precision)
    if artifact.kind == "series":
        from serinette.cli.series import generate_table

        generate_table(artifact, options)
        return
    opened = _adapted(options, artifact)
    artifact = artifact if opened is None else opened.artifact
    request = _request(options, artifact, prefixes, decoding)
    if options.interactive:
        from serinette.cli import poem_desk, text_desk

        desk = text_desk if artifact.kind == "text" else poem_desk
        desk.sit_down(artifact, request, options)
        return
    _draw(options, artifact, request, opened)


app = make_app(
    run,
    GenerateOptions,
    cls=SectionedCommand,
    epilog=examples(
        "serinette generate notes",
        'serinette generate notes --prefix "In the beginning" -n 5 --temperature 0.8 --seed 7',
        'serinette generate notes --prefix "It was" --suffix "the end." --middle 20-60',
        r"serinette generate names -n 100 --stop '\n' > names.txt",
        "serinette generate letters --label spring --top-p 0.95 --max-steps 400",
        "serinette generate posts --given author=Austen --given year=1813",
        "serinette generate notes -n 3 --json | jq .text",
        "serinette generate notes --mix plays=0.3 --temperature 1.2:0.7/100",
        "serinette generate notes --regex '[A-Z][a-z]+ said: .*' --no-copy 40",
        "serinette generate poems --acrostic 春花秋月 -n 4 --best-of 16 --temperature 0.8",
        "serinette generate poems --form 五律 --keywords 山水 -o poem.svg --paper night",
        "serinette generate poems -i",
        "serinette generate notes --adapt letters.txt",
        "serinette generate trips -n 500 --length 48 -o synthetic.parquet --seed 1",
    ),
)


def _adapted(options: GenerateOptions, artifact: "Artifact") -> "Opened | None":
    """Open the model after it has followed the files of `--adapt`; None: there are none."""
    if not options.adapt and options.adapt_rate is None:
        return None
    if options.adapt and options.mix:
        raise ConfigError("--adapt and --mix: a mixture follows no text; give one of them")
    from serinette.cli.evaluate_progress import telling
    from serinette.recipes.adapting import adapt_config, adapted
    from serinette.recipes.count_model import reading_settings
    from serinette.recipes.generate import Opened

    config = adapt_config(options.adapt_rate, is_asked=bool(options.adapt))
    kind, settings = reading_settings(artifact, {})
    corpus = kind.read(tuple(options.adapt or ()), settings)
    for note in (*corpus.notes, *corpus.warnings):
        say(note)
    with telling() as tell:
        found = adapted(artifact, corpus, config, listener=tell)
    say(
        f"followed {sum(len(one.content) for one in corpus.sequences):,} characters: "
        f"{found.bits_per_character:.3f} bits a character on the way"
    )
    return Opened(found.artifact, make_stepper=found.stepper)


def _request(
    options: GenerateOptions,
    artifact: "Artifact",
    prefixes: tuple[str, ...],
    decoding: "DecodingConfig",
) -> "GenerateRequest":
    from serinette.cli.sheets import check_output

    wishes = wishes_of(options, artifact.kind)
    n = options.n or 1
    check_output(options, artifact.kind, wishes, n * len(prefixes))
    if (options.best_of or 1) > 1 and options.beam is not None:
        raise ConfigError(
            f"--best-of {options.best_of} and --beam {options.beam}: give one of them"
        )
    if options.middle is not None and options.suffix is None:
        raise ConfigError(f"--middle {options.middle} needs --suffix TEXT")
    from serinette.recipes.generate import GenerateRequest
    from serinette.recipes.infilling import DEFAULT_CANDIDATES

    is_search = options.beam is not None or (options.resample or 1) > 1
    n_candidates = 1 if options.suffix is None or is_search else DEFAULT_CANDIDATES

    return GenerateRequest(
        n=n,
        prefixes=prefixes,
        seed=chosen_seed(options.seed),
        first_row=options.first_row,
        labels=facts_of(options),
        wishes=wishes,
        best_of=n_candidates if options.best_of is None else options.best_of,
        resample=options.resample,
        beam=options.beam,
        decoding=decoding,
        batch_size=options.batch_size,
    )


def _draw(
    options: GenerateOptions,
    artifact: "Artifact",
    request: "GenerateRequest",
    opened: "Opened | None",
) -> None:
    """Draw and print; afterwards say what a reader should know."""
    from serinette.recipes.generate import Opened, Sample, generate
    from serinette.recipes.infilling import DEFAULT_MIDDLE, infill

    mix = mix_of(artifact, options.mix, options.mix_by, options.runs)
    opened = opened if mix is None else Opened(artifact, mix)
    n_unknown = 0
    kept: list[tuple[int, float]] = []
    all_prefixes = [prefix for prefix in request.prefixes for _ in range(request.n)]
    with _printing(options, all_prefixes, request.wishes) as printer:
        if options.suffix is None:
            events = generate(artifact, request, opened=opened)
        else:
            middle = options.middle or DEFAULT_MIDDLE
            events = infill(artifact, request, middle=middle, opened=opened)
        joins = []
        for event in events:
            printer.take(event)
            if isinstance(event, Sample):
                n_unknown = max(n_unknown, event.n_unknown)
                joins += [] if event.join_nats is None else [event.join_nats]
                if event.mask_mass is not None:
                    kept.append((event.n_steps, event.mask_mass))
    if n_unknown:
        say(f"warning: {n_unknown} characters of a prefix never occurred in training")
    if joins:
        say(f"the end costs {_figures(joins)} nats after what leads to it")
    if kept and request.wishes is not None:
        say(f"rules left {_share(kept)} of the model's probability a step (geometric mean)")


def _figures(nats: Sequence[float]) -> str:
    least, most = f"{min(nats):.1f}", f"{max(nats):.1f}"
    return least if least == most else f"{least} to {most}"


def _share(kept: Sequence[tuple[int, float]]) -> str:
    """Return the geometric mean over all steps of all samples, in per cent."""
    n_steps = sum(n for n, _ in kept)
    nats = sum(n * math.log(max(mass, 1e-300)) for n, mass in kept)
    mass = math.exp(nats / max(n_steps, 1))
    return "100 %" if mass >= _CERTAIN else f"{100 * mass:.2g} %"


@contextmanager
def _printing(
    options: GenerateOptions, prefixes: Sequence[str], wishes: Any
) -> "Iterator[_Printer]":
    """Give a printer; a file appears only when all of it is written."""
    from serinette.cli.sample_printer import printing
    from serinette.cli.sheets import Gathered
    from serinette.core.durable import write_file

    if options.output is None:
        with printing(sys.stdout, prefixes, as_json=options.json) as printer:
            yield printer
        return
    suffix = options.output.suffix
    if suffix == ".svg" or (suffix == ".json" and not options.json):
        gathered = Gathered()
        yield gathered
        is_sheet = suffix == ".svg"
        text = gathered.as_sheet(options, wishes) if is_sheet else gathered.as_json()
    else:
        stream = io.StringIO()
        with printing(stream, prefixes, as_json=options.json) as printer:
            yield printer
        text = stream.getvalue()
    write_file(options.output, text.encode("utf-8", "backslashreplace"))
    say(f"samples written to {options.output}: {len(prefixes)}")


def _prefixes(options: GenerateOptions) -> tuple[str, ...]:
    from serinette.kinds.text.encodings import check_text

    prefixes = list(options.prefix or ())
    if options.prefix_file is not None:
        prefixes.append(_read_prefix(options.prefix_file))
    for prefix in prefixes:
        check_text(prefix, "--prefix")
    return tuple(prefixes) or ("",)


def _read_prefix(path: Path) -> str:
    """Read a file whole; one line break at its end is the editor's, not the author's.

    Raises:
        DataError: If it cannot be read, or is not UTF-8.
    """
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return with_line_feeds(content.decode("utf-8-sig")).removesuffix("\n")
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); check --prefix-file"
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _decoding(options: GenerateOptions) -> "DecodingConfig":
    from serinette.core.config import Layer, resolve
    from serinette.decoding.config import DecodingConfig

    given: dict[str, Any] = {name: getattr(options, name) for name in _DECODING_FLAGS}
    given["greedy"] = options.greedy or None
    given["stop"] = [unescape(text) for text in options.stop or ()] or None
    given["logit_bias"] = _biases(options.logit_bias or ()) or None
    values = {f"decoding.{name}": value for name, value in given.items() if value is not None}
    written = {key: "--" + key.partition(".")[2].replace("_", "-") for key in values}
    layer = Layer(origin="command line", values=values, written=written)
    config: DecodingConfig = resolve({"decoding": DecodingConfig}, [layer]).groups["decoding"]
    return config


_DECODING_FLAGS = (
    "temperature",
    "temperature_in_words",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
    "penalty_window",
    "max_steps",
)


def _biases(pairs: Sequence[str]) -> dict[str, str]:
    """Read `x=-5`; the symbol may be an equals sign itself.

    Raises:
        ConfigError: If there is no equals sign.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        symbol, equals, bias = pair.rpartition("=")
        if not equals or not symbol:
            raise ConfigError(f"--logit-bias: '{pair}' is not SYMBOL=BIAS; write it like e=-5")
        found[unescape(symbol)] = bias
    return found


def chosen_seed(given: int | None) -> int:
    """Return the seed that was given, or one that is drawn and told."""
    if given is not None:
        return given
    seed = int.from_bytes(os.urandom(3), "big")
    say(f"seed {seed}; the same again: --seed {seed}")
    return seed
