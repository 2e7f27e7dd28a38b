"""`serinette generate MODEL`: write new text, as it comes."""

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serinette.cli.options import ModelName, RunsFolder, examples, make_app
from serinette.cli.output import say
from serinette.core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from serinette.cli.sample_printer import JsonLines, Pages
    from serinette.decoding.config import DecodingConfig

_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}


@dataclass(frozen=True, kw_only=True)
class GenerateOptions:
    """Arguments of `serinette generate`."""

    model: ModelName
    prefix: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Text to go on from. Give it more than once for more."),
    ] = None
    prefix_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Go on from the whole of a UTF-8 file; - is standard input."
        ),
    ] = None
    n: Annotated[
        int, typer.Option("-n", "--number", min=1, metavar="N", help="Samples for each prefix.")
    ] = 1
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="Same seed, same samples. Drawn and told if not set."),
    ] = None
    first_row: Annotated[
        int,
        typer.Option(
            min=0, metavar="ROW", help="Number of the first sample: 40 goes on where 40 ended."
        ),
    ] = 0
    temperature: Annotated[
        float | None,
        typer.Option(metavar="T", help="Below 1 safer, above 1 wilder; 0 is greedy.  [default: 1]"),
    ] = None
    top_k: Annotated[
        int | None,
        typer.Option(metavar="K", help="Keep the K likeliest symbols, at least 1."),
    ] = None
    top_p: Annotated[
        float | None,
        typer.Option(
            metavar="P", help="Keep the fewest symbols whose probability reaches P, in (0, 1]."
        ),
    ] = None
    min_p: Annotated[
        float | None,
        typer.Option(
            metavar="P",
            help="Drop symbols less likely than P times the likeliest, in [0, 1].",
        ),
    ] = None
    typical_p: Annotated[
        float | None,
        typer.Option(
            metavar="P", help="Keep the most typical symbols up to probability P, in (0, 1]."
        ),
    ] = None
    repetition_penalty: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="Divide the score of what was written before; above 1 repeats less."
        ),
    ] = None
    presence_penalty: Annotated[
        float | None,
        typer.Option(metavar="X", help="Take X nats from whatever was written before."),
    ] = None
    frequency_penalty: Annotated[
        float | None,
        typer.Option(metavar="X", help="Take X nats for each time it was written before."),
    ] = None
    penalty_window: Annotated[
        int | None,
        typer.Option(metavar="N", help="Let penalties look back N steps only. All if not set."),
    ] = None
    logit_bias: Annotated[
        list[str] | None,
        typer.Option(metavar="X=BIAS", help="Add nats to a symbol, as in e=-5. Repeatable."),
    ] = None
    stop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help=r"End before this text; \n is a line break, \t a tab. Repeatable.",
        ),
    ] = None
    max_steps: Annotated[
        int | None,
        typer.Option(
            "--max-steps",
            "--length",
            metavar="N",
            help="End after N steps (characters, of a character model).  [default: 1000]",
        ),
    ] = None
    greedy: Annotated[bool, typer.Option("--greedy", help="Always take the likeliest symbol.")] = (
        False
    )
    label: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="Write as documents of this label were written."),
    ] = None
    batch_size: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Samples made side by side; it never changes the text."
        ),
    ] = 64
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write to a file instead (UTF-8)."),
    ] = None
    runs: RunsFolder = Path("runs")
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a sample, one a line.")
    ] = False


def run(options: GenerateOptions) -> None:
    """Write new text with a trained model.

    One sample is shown as it is written. Several are told apart by a rule on a terminal; in a
    file or a pipe by a line of ---, or by nothing when every sample is a single line. PyTorch is
    not needed.

    Filters work in this order: bias, penalties, temperature, top-k, typical, top-p, min-p.
    """
    from serinette.artifact.folder import load
    from serinette.artifact.runs import find_model

    prefixes = _prefixes(options)
    decoding = _decoding(options)
    artifact = load(find_model(options.model, options.runs))
    for warning in artifact.warnings:
        say(f"warning: {warning}")
    from serinette.recipes.generate import GenerateRequest, generate

    request = GenerateRequest(
        n=options.n,
        prefixes=prefixes,
        seed=_seed(options.seed),
        first_row=options.first_row,
        labels={} if options.label is None else {"label": options.label},
        decoding=decoding,
        batch_size=options.batch_size,
    )
    n_unknown = 0
    all_prefixes = [prefix for prefix in prefixes for _ in range(options.n)]
    with _printing(options, all_prefixes) as printer:
        for event in generate(artifact, request):
            printer.take(event)
            n_unknown = max(n_unknown, getattr(event, "n_unknown", 0))
    if n_unknown:
        say(f"warning: {n_unknown} characters of a prefix never occurred in training")


app = make_app(
    run,
    GenerateOptions,
    epilog=examples(
        "serinette generate notes",
        'serinette generate notes --prefix "In the beginning" -n 5 --temperature 0.8 --seed 7',
        r"serinette generate names -n 100 --stop '\n' > names.txt",
        "serinette generate poems --label spring --top-p 0.95 --max-steps 400",
        "serinette generate notes -n 3 --json | jq .text",
    ),
)


@contextmanager
def _printing(options: GenerateOptions, prefixes: Sequence[str]) -> "Iterator[JsonLines | Pages]":
    """Give a printer; a file appears only when all of it is written."""
    from serinette.cli.sample_printer import printing

    if options.output is None:
        with printing(sys.stdout, prefixes, as_json=options.json) as printer:
            yield printer
        return
    from serinette.core.durable import write_file

    text = io.StringIO()
    with printing(text, prefixes, as_json=options.json) as printer:
        yield printer
    write_file(options.output, text.getvalue().encode("utf-8", "backslashreplace"))
    say(f"samples written to {options.output}: {len(prefixes)}")


def _prefixes(options: GenerateOptions) -> tuple[str, ...]:
    from serinette.kinds.text.reader import check_text

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
        return content.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
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
    given["stop"] = [_unescape(text) for text in options.stop or ()] or None
    given["logit_bias"] = _biases(options.logit_bias or ()) or None
    values = {f"decoding.{name}": value for name, value in given.items() if value is not None}
    written = {key: "--" + key.partition(".")[2].replace("_", "-") for key in values}
    layer = Layer(origin="command line", values=values, written=written)
    config: DecodingConfig = resolve({"decoding": DecodingConfig}, [layer]).groups["decoding"]
    return config


_DECODING_FLAGS = (
    "temperature",
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


def _unescape(text: str) -> str:
    r"""Read \n, \t and \\ as a shell's user means them."""
    parts: list[str] = []
    rest = text
    while rest:
        taken = 2 if rest[:2] in _ESCAPES else 1
        parts.append(_ESCAPES.get(rest[:taken], rest[:taken]))
        rest = rest[taken:]
    return "".join(parts)


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
        found[_unescape(symbol)] = bias
    return found


def _seed(given: int | None) -> int:
    if given is not None:
        return given
    seed = int.from_bytes(os.urandom(3), "big")
    say(f"seed {seed}; the same again: --seed {seed}")
    return seed
