"""What a column of text cells is, decided from what its cells have shown.

In this order: what the user says; nothing but missing cells; two opposite words (`yes`, `no`); a
date; numbers (whole ones named `..id`: an identifier if all differ, a category if they repeat);
words: an identifier if all differ, a text if they are long and mostly differ, else a category.
Whole numbers of few levels stay integers: they have an order, and few levels get a softmax anyway.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from serinette.core.errors import DataError
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.dates import read_dates, swapped
from serinette.kinds.series.survey import Survey
from serinette.kinds.series.table import ColumnType

Place = Callable[[int], str]
"""Where a row stands in the source: `trips.csv:17`."""
_OPPOSITES: Final = (
    ("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"), ("off", "on"), ("nein", "ja"),
    ("non", "oui"), ("falsch", "wahr"),
)  # fmt: skip
_SURE_ALONE: Final = 2
"""A column of `true` alone is a boolean; one of `t` alone is not."""
_NUMBERS_SHARE: Final = 0.99
_LONG_WORD: Final = 24
_MOSTLY: Final = 0.5
_FEW: Final = 20
_MOST_DIGITS: Final = 6
_SECOND_DIGITS: Final = re.compile(r":[0-9]{2}\.([0-9]+)")
_IS_ID: Final = re.compile(r"(?:^|[_\s.-])(?i:id|key|uuid|guid)$|[a-z]I[Dd]$")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a column is."""

    type: ColumnType
    levels: tuple[str, ...] = ()
    decimals: int | None = None
    format: str | None = None
    left_out: str | None = None
    """Why the model does not learn it."""
    note: str | None = None
    warning: str | None = None


def is_named_id(name: str) -> bool:
    """Whether a column's name says that it numbers things: `id`, `bike_id`, `userId`."""
    return _IS_ID.search(name) is not None


def decide(  # noqa: PLR0911 - one line for each rule of the module's list
    survey: Survey, config: SeriesConfig, place: Place
) -> Finding:
    """Decide what a column is.

    Args:
        survey: What all its cells have shown.
        config: What the user says.
        place: Where a row stands, for messages.

    Raises:
        DataError: If nothing fits, with row and column and what to do.
    """
    told = config.types.get(survey.name)
    if told is not None:
        return _TOLD[told](survey, config, place)
    if survey.n_cells == 0:
        return Finding(type="category", left_out="every cell is missing")
    if survey.name in config.left_out and survey.n_words and survey.n_numbers:
        return Finding(type="text")
    opposites = _opposites(survey)
    if opposites is not None:
        return Finding(type="boolean", levels=opposites)
    if survey.formats and not survey.n_numbers:
        return _date(survey, config)
    if survey.n_words == 0 and not _is_code(survey):
        return _numbers(survey, config, place)
    found = _words(survey, config, place)
    return found if survey.first_undated is None else _undated(survey, found, place)


def _numbers(survey: Survey, config: SeriesConfig, place: Place) -> Finding:
    if survey.first_huge is not None and survey.name not in config.left_out:
        raise _huge(survey, place)
    if not survey.is_integral:
        return Finding(type="real", decimals=survey.decimals)
    if is_named_id(survey.name):
        if not survey.is_repeated and _all_differ(survey) and survey.n_cells > 1:
            return _identifier(survey)
        if survey.counts is not None and survey.n_cells > 1:
            return Finding(
                type="category", levels=_levels(survey),
                note=f"`{survey.name}` holds whole numbers that name things: a category",
            )  # fmt: skip
    # "3.0" everywhere is a real number that happens to be whole.
    return Finding(type="real" if survey.decimals else "integer", decimals=survey.decimals)


def _words(survey: Survey, config: SeriesConfig, place: Place) -> Finding:
    warning = None
    if survey.n_words and survey.n_numbers:
        warning = _mixed(survey, config, place)
    mean_length = survey.n_letters / max(survey.n_words, 1)
    n_cells = survey.n_cells
    if survey.counts is None:
        if mean_length >= _LONG_WORD:
            return _text(survey)
        return _identifier(survey, f"more than {survey.most_levels} different spellings")
    levels = _levels(survey)
    if survey.n_words and mean_length >= _LONG_WORD and n_cells >= _FEW:
        if len(levels) > _MOSTLY * n_cells:
            return _text(survey)
    elif len(levels) == n_cells > 1 and warning is None:
        return _identifier(survey)
    if len(levels) > config.most_levels:
        return _identifier(survey, f"{len(levels)} different spellings")
    return Finding(type="category", levels=levels, warning=warning)


def _mixed(survey: Survey, config: SeriesConfig, place: Place) -> str:
    assert survey.first_word is not None  # noqa: S101
    row, word = survey.first_word
    share = survey.n_numbers / survey.n_cells
    if share > _NUMBERS_SHARE:
        raise DataError(
            f"{place(row)}, column `{survey.name}`: {word!r} among numbers; mend it, or say "
            f"what it means: --data.missing '[\"\", {_quoted(word)}]' or "
            f"--data.types '{{{_quoted(survey.name)}: \"category\"}}'"
        )
    return (
        f"`{survey.name}` mixes numbers with words, the first {word!r} ({place(row)}): read as a "
        f"category; if it means missing, say --data.missing '[\"\", {_quoted(word)}]'"
    )


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _huge(survey: Survey, place: Place) -> DataError:
    assert survey.first_huge is not None  # noqa: S101
    row, cell = survey.first_huge
    return DataError(
        f"{place(row)}, column `{survey.name}`: {cell} is no number to learn from; mend the cell "
        "or leave it empty, at most 1e300 is read"
    )


def _date(survey: Survey, config: SeriesConfig) -> Finding:
    assert survey.formats  # noqa: S101
    chosen = survey.formats[0]
    warning = note = None
    other = swapped(chosen)
    if other in survey.formats:
        day_first = chosen if chosen.startswith("%d") else other
        month_first = other if chosen.startswith("%d") else chosen
        assert day_first is not None  # noqa: S101
        assert month_first is not None  # noqa: S101
        is_day_first = True if config.day_first is None else config.day_first
        chosen = day_first if is_day_first else month_first
        if config.day_first is None:
            warning = (
                f"`{survey.name}`: no day is above 12, so day and month may be confused; read as "
                f"{chosen} (--data.day_first false reads {month_first})"
            )
    elif config.day_first not in (None, chosen.startswith("%d")) and other is not None:
        warning = (
            f"`{survey.name}`: a number above 12 stands where data.day_first puts the month; "
            f"read as {chosen}"
        )
    if "%z" in chosen:
        note = f"`{survey.name}`: times with a zone, turned into UTC"
    if "[" in chosen:
        note = (
            f"`{survey.name}`: some cells have a time of day and some have none; those are read as "
            "midnight, which is written as 00:00"
        )
    decimals = _second_digits(survey) if "%f" in chosen else None
    return Finding(type="datetime", format=chosen, decimals=decimals, note=note, warning=warning)


def _undated(survey: Survey, found: Finding, place: Place) -> Finding:
    """Say that a column of dates is none because of some cell."""
    assert survey.first_undated is not None  # noqa: S101
    row, word = survey.first_undated
    warning = (
        f"`{survey.name}` begins with dates, but {word!r} ({place(row)}) is none, or is written "
        f"in another way: read as {found.type}; mend it, or say "
        f"--data.missing '[\"\", {_quoted(word)}]'"
    )
    return replace(found, warning=warning)


def _second_digits(survey: Survey) -> int:
    """Return the most digits of a second's fraction that are written, as far as words were kept."""
    if survey.counts is None:
        return _MOST_DIGITS
    found = (_SECOND_DIGITS.search(word) for word in _levels(survey))
    return min(max((len(match[1]) for match in found if match), default=0), _MOST_DIGITS)


def _opposites(survey: Survey) -> tuple[str, str] | None:
    if survey.counts is None or survey.n_numbers:
        return None
    spellings = _levels(survey)
    folded = {spelling.casefold() for spelling in spellings}
    if len(folded) < len(spellings):
        return None
    for number, pair in enumerate(_OPPOSITES):
        is_enough = len(folded) == len(pair) or number < _SURE_ALONE
        if folded and folded <= set(pair) and is_enough:
            by_word = {spelling.casefold(): spelling for spelling in spellings}
            like = spellings[0]
            return (
                by_word.get(pair[0], _cased(pair[0], like)),
                by_word.get(pair[1], _cased(pair[1], like)),
            )
    return None


def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[0].isupper() else word


def _is_code(survey: Survey) -> bool:
    """Whether numbers are names: with zeros in front, or longer than a float64 holds."""
    is_long = survey.is_integral and not survey.is_exact and survey.first_huge is None
    return survey.has_lost_zeros or is_long


def _levels(survey: Survey) -> tuple[str, ...]:
    assert survey.counts is not None  # noqa: S101
    kept = ((s, n) for s, n in survey.counts.items() if not survey.numerals.is_missing(s))
    return tuple(spelling for spelling, _ in sorted(kept, key=lambda pair: (-pair[1], pair[0])))


def _all_differ(survey: Survey) -> bool:
    return survey.counts is None or len(_levels(survey)) == survey.n_cells


def _identifier(survey: Survey, reason: str = "every cell differs") -> Finding:
    levels = () if survey.counts is None else _levels(survey)
    return Finding(type="identifier", levels=levels, left_out=f"an identifier: {reason}")


def _text(survey: Survey) -> Finding:
    levels = () if survey.counts is None else _levels(survey)
    return Finding(type="text", levels=levels, left_out="free text")


def _told_number(survey: Survey, config: SeriesConfig, place: Place) -> Finding:
    told: ColumnType = "real" if config.types[survey.name] == "real" else "integer"
    wrong = survey.first_word or (survey.first_fraction if told == "integer" else None)
    if wrong is not None:
        row, cell = wrong
        raise DataError(
            f"{place(row)}, column `{survey.name}`: {cell!r} is not {told}, as data.types says; "
            "mend it, add it to --data.missing, or give another type"
        )
    if survey.first_huge is not None:
        raise _huge(survey, place)
    return Finding(type=told, decimals=survey.decimals)


def _told_category(survey: Survey, config: SeriesConfig, place: Place) -> Finding:
    if survey.counts is None:
        raise DataError(
            f"{place(0)}, column `{survey.name}`: more than {survey.most_levels} different "
            "spellings for a category; raise --data.most_levels or leave it out"
        )
    return Finding(type="category", levels=_levels(survey))


def _told_boolean(survey: Survey, config: SeriesConfig, place: Place) -> Finding:
    levels = _opposites(survey)
    if levels is None and survey.counts is not None:
        found = sorted(_levels(survey))
        levels = (found[0], found[1]) if len(found) == 2 else None  # noqa: PLR2004
    if levels is None:
        raise DataError(
            f"{place(0)}, column `{survey.name}`: a boolean has two spellings; give another type"
        )
    return Finding(type="boolean", levels=levels)


def _told_date(survey: Survey, config: SeriesConfig, place: Place) -> Finding:
    if survey.formats and not survey.n_numbers:
        return _date(survey, config)
    if survey.n_numbers and not survey.n_words and survey.is_integral:
        return _told_number_date(survey, place)
    row, cell = survey.first_word or survey.first_fraction or (0, "")
    raise DataError(
        f"{place(row)}, column `{survey.name}`: {cell!r} is no date that can be read; write dates "
        "as 2024-12-31 or 2024-12-31 23:59:59"
    )


def _told_number_date(survey: Survey, place: Place) -> Finding:
    format_ = _epoch(survey)
    words = () if survey.counts is None or format_ != "%Y%m%d" else _levels(survey)
    for word in words:
        if read_dates([word.strip()], format_) is None:
            raise DataError(
                f"{place(0)} and below, column `{survey.name}`: {word!r} is no day of the "
                "calendar; mend it, or leave the cell empty"
            )
    return Finding(type="datetime", format=format_)


def _epoch(survey: Survey) -> str:
    """Return `%s` and a zero for each power of ten between the numbers and seconds; or `%Y%m%d`."""
    if survey.low >= 17000101 and survey.high <= 23001231:  # noqa: PLR2004
        return "%Y%m%d"
    largest = max(abs(survey.low), abs(survey.high))
    return "%s" + next((z for z, top in (("", 1e11), ("000", 1e14)) if largest < top), "000000")


def _told_identifier(survey: Survey, config: SeriesConfig, place: Place) -> Finding:
    return _identifier(survey, "you said so")


def _told_text(survey: Survey, config: SeriesConfig, place: Place) -> Finding:
    return _text(survey)


_TOLD: Final = {
    "real": _told_number,
    "integer": _told_number,
    "category": _told_category,
    "boolean": _told_boolean,
    "datetime": _told_date,
    "identifier": _told_identifier,
    "text": _told_text,
}
