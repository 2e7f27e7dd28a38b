"""Which options of `serinette evaluate` go together."""

from typing import TYPE_CHECKING

from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.cli.evaluate import EvaluateOptions


def check_together(options: "EvaluateOptions") -> None:
    """Refuse what does not fit together, all problems at once.

    Raises:
        ConfigError: Naming all of it.
    """
    has_samples, out = options.samples is not None, options.out
    rules = (
        (
            options.answers and options.key is None,
            "--answers needs --key, the file that was written with the sheet",
        ),
        (
            has_samples and options.reference is None,
            "--samples needs --reference, real text to compare with",
        ),
        (
            has_samples and options.model is not None,
            f"give MODEL ({options.model}) or --samples, not both",
        ),
        (
            has_samples and (options.against or options.turing or options.data),
            "--against, --turing and --data need a MODEL, not --samples",
        ),
        (
            not has_samples and (options.reference or options.training),
            "--reference and --training go with --samples",
        ),
        (
            are_tables(options) and options.training is None,
            "--samples of a table needs --training, what the generator learnt from",
        ),
        (
            (options.entity or options.time) and not are_tables(options),
            "--entity and --time go with --samples and --reference that are tables",
        ),
        (
            options.key is not None and not options.answers,
            "--key goes with --answers",
        ),
        (
            options.turing and out is not None and out.suffix != ".html",
            f"-o {out}: the name of a --turing sheet must end in .html",
        ),
        (
            not (has_samples or options.answers or options.model),
            "name a MODEL, or --samples FILE and --reference FILE",
        ),
        (
            out is not None and out.suffix not in (".html", ".json"),
            f"-o {out}: the name must end in .html or .json",
        ),
    )
    problems = [sentence for is_broken, sentence in rules if is_broken]
    if problems:
        raise ConfigError("; ".join(problems))


def are_tables(options: "EvaluateOptions") -> bool:
    """Say whether samples are given, and are tables by their names."""
    if options.samples is None:
        return False
    from serinette.kinds.table import is_table

    named = (options.samples, options.reference, options.training)
    return all(is_table(path) for path in named if path)
