"""The options of `serinette generate`, in the order and under the headings of its help page."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from serinette.cli.mixing import MixByOption, MixOption
from serinette.cli.options import ModelName, PrecisionOption, RunsFolder

_drawing = partial(typer.Option, rich_help_panel="Drawing")
_rule = partial(typer.Option, rich_help_panel="Rules of texts and poems")
_text = partial(typer.Option, rich_help_panel="Rules of texts")
_poem = partial(typer.Option, rich_help_panel="Poems")
_series = partial(typer.Option, rich_help_panel="Tables of time series")
_sheet = partial(typer.Option, rich_help_panel="Sheets (-o FILE.svg, poems)")


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
    suffix: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="End with this text; what stands before it is written so as to lead there.",
        ),
    ] = None
    middle: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Characters between prefix and suffix: 40, or 20-60.  [default: 20-100]",
        ),
    ] = None
    n: Annotated[
        int | None,
        typer.Option(
            "-n", "--number", min=1, metavar="N", help="Samples for each prefix.  [default: 1]"
        ),
    ] = None
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
    best_of: Annotated[
        int | None,
        typer.Option(
            "--best-of",
            "--candidates",
            min=1,
            metavar="N",
            help="Draw N candidates a sample, keep the likeliest.  [default: 1; with --suffix 32]",
        ),
    ] = None
    resample: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Draw N candidates a sample and let the model's critic draw one of them, likelier "
            "the more real it looks; 1: none. If not set, as many as training has found best (of "
            "texts: adversarial training).",
        ),
    ] = None
    beam: Annotated[
        int | None,
        typer.Option(min=2, metavar="W", help="Look for each sample with a beam of W candidates."),
    ] = None
    mix: MixOption = None
    mix_by: MixByOption = None
    adapt: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Let the weights follow a text first, in seconds, to write more like it. May be "
            "given more than once.",
        ),
    ] = None
    adapt_rate: Annotated[
        float | None,
        typer.Option(metavar="X", help="With --adapt: how far weights go at a step."),
    ] = None
    label: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="Write as documents of this label were written."),
    ] = None
    given: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUE",
            help="A fact about the samples: a context field of the training texts, or a column of "
            "a table that never changes within a sequence. Repeatable.",
        ),
    ] = None
    batch_size: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Samples made side by side; it never changes the text."
        ),
    ] = 64
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write to a file instead: .json a list of samples, .svg a sheet of poems, any "
            "other the text (UTF-8). With -i of texts: the session to begin or to go on with.",
        ),
    ] = None
    interactive: Annotated[
        bool,
        typer.Option(
            "-i",
            "--interactive",
            help="A desk: write in turns with a model of texts; choose, redraw, revise poems.",
        ),
    ] = False
    precision: PrecisionOption = "auto"
    runs: RunsFolder = Path("runs")
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a sample, one a line.")
    ] = False

    temperature: Annotated[
        str | None,
        _drawing(
            metavar="T",
            help="Below 1 safer, above 1 wilder; 0 is greedy. 1.2:0.6 goes from one to the other "
            "over the length, 1.2:0.6/200 over 200 steps, 1.2:0.6/30@line anew in each line.  "
            "[default: 1]",
        ),
    ] = None
    temperature_in_words: Annotated[
        str | None,
        _drawing(
            metavar="T",
            help="Temperature after a letter: 0.5 makes fewer words up. As everywhere if not set.",
        ),
    ] = None
    top_k: Annotated[
        int | None, _drawing(metavar="K", help="Keep the K likeliest symbols, at least 1.")
    ] = None
    top_p: Annotated[
        float | None,
        _drawing(
            metavar="P", help="Keep the fewest symbols whose probability reaches P, in (0, 1]."
        ),
    ] = None
    min_p: Annotated[
        float | None,
        _drawing(
            metavar="P", help="Drop symbols less likely than P times the likeliest, in [0, 1]."
        ),
    ] = None
    typical_p: Annotated[
        float | None,
        _drawing(metavar="P", help="Keep the most typical symbols up to probability P, in (0, 1]."),
    ] = None
    repetition_penalty: Annotated[
        float | None,
        _drawing(
            metavar="X", help="Divide the score of what was written before; above 1 repeats less."
        ),
    ] = None
    presence_penalty: Annotated[
        float | None,
        _drawing(metavar="X", help="Take X nats from whatever was written before."),
    ] = None
    frequency_penalty: Annotated[
        float | None,
        _drawing(metavar="X", help="Take X nats for each time it was written before."),
    ] = None
    penalty_window: Annotated[
        int | None,
        _drawing(metavar="N", help="Let penalties look back N steps only. All if not set."),
    ] = None
    logit_bias: Annotated[
        list[str] | None,
        _drawing(metavar="X=BIAS", help="Add nats to a symbol, as in e=-5. Repeatable."),
    ] = None
    stop: Annotated[
        list[str] | None,
        _drawing(
            metavar="TEXT",
            help=r"End before this text; \n is a line break, \t a tab. Repeatable.",
        ),
    ] = None
    max_steps: Annotated[
        int | None,
        _drawing(
            "--max-steps",
            "--length",
            metavar="N",
            help="End after N steps (characters, of a character model; rows, of a table).  "
            "[default: 1000; of a table as long as in the data]",
        ),
    ] = None
    greedy: Annotated[bool, _drawing("--greedy", help="Always take the likeliest symbol.")] = False

    acrostic: Annotated[
        str | None, _rule(metavar="TEXT", help="Acrostic (藏头): line i shows character i.")
    ] = None
    acrostic_at: Annotated[
        str | None,
        _rule(metavar="first|last|N", help="Where in its line: first, last (藏尾), or place N."),
    ] = None
    lines: Annotated[
        str | None,
        _rule(metavar="N", help="Lines: 4, 2-5, 2-; of a 五古 or 七古 an even number, 4 to 32."),
    ] = None
    require: Annotated[
        list[str] | None, _rule(metavar="TEXT", help="This stands somewhere in it. Repeatable.")
    ] = None
    ban: Annotated[
        list[str] | None, _rule(metavar="TEXT", help="This stands nowhere in it. Repeatable.")
    ] = None
    fixed: Annotated[
        list[str] | None,
        _rule(
            metavar="PLACE=TEXT",
            help="Lock what stands there: 2.3=月 (line 2, place 3) of a poem, 20=text (from "
            "character 20 on) of a text. Repeatable.",
        ),
    ] = None

    regex: Annotated[
        str | None, _text(metavar="RE", help="The whole text matches this regular expression.")
    ] = None
    line_length: Annotated[
        str | None, _text(metavar="N", help="Characters of every line: 7, 5-7 or 5-.")
    ] = None
    text_length: Annotated[
        str | None, _text(metavar="N", help="Characters of the text: 100, 50-100 or 50-.")
    ] = None
    characters: Annotated[
        str | None, _text(metavar="SET", help=r"Its only characters, as in 'a-zA-Z ,.\n'.")
    ] = None
    balanced: Annotated[
        Literal["plain", "python"] | None,
        _text(
            metavar="plain|python",
            help="Brackets nest and quotes close; python knows its strings and comments.",
        ),
    ] = None
    depth: Annotated[
        int | None,
        _text(metavar="N", help="Most brackets open at once, with --balanced.  [default: 6]"),
    ] = None
    no_repeat: Annotated[
        int | None, _text(metavar="N", help="No stretch of N characters comes twice.")
    ] = None
    no_copy: Annotated[
        int | None,
        _text(metavar="N", help="Nothing longer than N characters is copied from the training."),
    ] = None
    avoid: Annotated[
        list[str] | None,
        _text(metavar="TEXT=NATS", help="Make a text less likely, as in very=3. Repeatable."),
    ] = None

    form: Annotated[
        str | None,
        _poem(
            metavar="FORM",
            help="One of 五绝 七绝 五律 七律, 五古 七古, 五言联 七言联 (couplets), 自由 (none).  "
            "[default: 七绝, or as --first-line is]",
        ),
    ] = None
    title: Annotated[
        str | None, _poem(metavar="TEXT", help="Title or keywords that it is about.")
    ] = None
    keywords: Annotated[str | None, _poem(metavar="TEXT", help="Another name of --title.")] = None
    author: Annotated[
        str | None, _poem(metavar="NAME", help="In the manner of an author of the training data.")
    ] = None
    first_line: Annotated[
        str | None, _poem(metavar="TEXT", help="The first line, which it goes on from.")
    ] = None
    rhyme: Annotated[
        str | None,
        _poem(
            metavar="GROUP",
            help="A rhyme group (一先), a character of it, none, or auto.  [default: auto]",
        ),
    ] = None
    rhyme_book: Annotated[
        Literal["pingshui", "xinyun"] | None,
        _poem(
            metavar="pingshui|xinyun",
            help="Rhyme by 平水韵, or by 中华新韵, as is spoken today.  [default: pingshui]",
        ),
    ] = None
    tones: Annotated[
        Literal["rescue", "strict", "none"] | None,
        _poem(
            metavar="rescue|strict|none",
            help="Tone templates with 拗救, without, or none.  [default: rescue]",
        ),
    ] = None
    strict_polyphonic: Annotated[
        bool, _poem("--strict-polyphonic", help="Every reading of a character must fit its place.")
    ] = False
    no_repeat_characters: Annotated[
        bool, _poem("--no-repeat-characters", help="No character stands twice in a poem.")
    ] = False
    repeat_penalty: Annotated[
        float | None,
        _poem(metavar="X", help="Nats for each time it stands there already.  [default: 1]"),
    ] = None
    allow_repeated_rhymes: Annotated[
        bool, _poem("--allow-repeated-rhymes", help="A character may rhyme with itself.")
    ] = False
    script: Annotated[
        Literal["as-is", "traditional", "simplified"] | None,
        _poem(metavar="as-is|traditional|simplified", help="In which characters it is shown."),
    ] = None

    start: Annotated[
        str | None,
        _series(metavar="TIME", help="Time of the first row: 2024-05-01T06:00, or a number."),
    ] = None
    every: Annotated[
        str | None,
        _series(
            metavar="TIME", help="Time between rows, where it is regular: 1h, 15m, or seconds."
        ),
    ] = None
    history: Annotated[
        Path | None,
        _series(
            metavar="FILE",
            help="A table to go on with: -n continuations of each of its sequences, --length rows "
            "of them.",
        ),
    ] = None
    scenario: Annotated[
        Path | None,
        _series(metavar="FILE", help="A CSV of columns that are given; empty cells are drawn."),
    ] = None

    paper: Annotated[
        str | None, _sheet(metavar="xuan|plain|night", help="Its look.  [default: xuan]")
    ] = None
    page: Annotated[
        str | None, _sheet(metavar="SIZE", help="A4, A5, square, phone and more.  [default: A4]")
    ] = None
    seal: Annotated[
        str | None, _sheet(metavar="TEXT", help="One to four characters for a red seal.")
    ] = None
