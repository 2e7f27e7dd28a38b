"""Figures in tables: a row for each figure, a column for each way in which samples were drawn."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from serinette.core.metric import Interval, Metric
from serinette.evaluation.report.content import Beside
from serinette.evaluation.report.markup import plain_words, words
from serinette.evaluation.report.numerals import decimals, numeral, span
from serinette.evaluation.report.ranges import range_svg

_DIRECTION = {
    "lower": "\u2193 lower is better",
    "higher": "\u2191 higher is better",
    "real": "\u2248 best as in {real}",
    "neither": "neither direction is better",
}
_MANY = 3
"""A table of more settings is too wide for paper, and for a screen of less than 1,000 pixels."""
_UNSET = "This model"
"""The head of the one column of what was measured without samples."""
_ABSENT = '<span class="aside">\u2013</span>'
_Row = list[Metric | None]


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What figures are held against."""

    title: str
    number: Callable[[Metric], float | None]
    interval: Callable[[Metric], Interval | None]


def tables(title: str, metrics: Sequence[Metric], beside: Beside) -> str:
    """Return the figures of a section: without samples first, then those of samples.

    Args:
        title: What the tables are of, for screen readers.
        metrics: In any order; the first of a key decides where its row stands.
        beside: What floor and baseline are called.
    """
    parts = (
        [m for m in metrics if not m.setting],
        [m for m in metrics if m.setting],
    )
    return "".join(_table(title, part, beside) for part in parts if part)


def _columns(beside: Beside) -> tuple[_Column, ...]:
    real, baseline = (name[:1].upper() + name[1:] for name in (beside.real, beside.baseline))
    return (
        _Column(title=real, number=lambda m: m.floor, interval=lambda m: m.floor_interval),
        _Column(title=baseline, number=lambda m: m.baseline, interval=lambda _: None),
    )


def _table(title: str, metrics: Sequence[Metric], beside: Beside) -> str:
    settings = list(dict.fromkeys(metric.setting for metric in metrics))
    columns = [
        column for column in _columns(beside) if any(column.number(m) is not None for m in metrics)
    ]
    heads = [
        _head("Figure", "left"),
        *(_head(setting or _UNSET) for setting in settings),
        _head("At a glance", "picture"),
        *(_head(column.title) for column in columns),
    ]
    body = "".join(_row(row, settings, columns, beside) for row in _rows(metrics, settings))
    many = " many" if len(settings) > _MANY else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{plain_words(title)}">'
        f'<table class="figures{many}" role="table">'
        f'<thead role="rowgroup"><tr role="row">{"".join(heads)}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )


def _rows(metrics: Sequence[Metric], settings: Sequence[str]) -> Iterator[_Row]:
    """Yield the figures of one key, one for every setting."""
    for name in dict.fromkeys(_name(metric) for metric in metrics):
        at = {metric.setting: metric for metric in metrics if _name(metric) == name}
        yield [at.get(setting) for setting in settings]


def _name(metric: Metric) -> str:
    return metric.key or metric.name


def _row(row: _Row, settings: Sequence[str], columns: Sequence[_Column], beside: Beside) -> str:
    measured = [metric for metric in row if metric]
    tells_n = len({metric.n for metric in measured}) > 1
    pairs = zip(row, settings, strict=True)
    cells = [
        _named(measured, "" if tells_n else _count(measured[0]), beside),
        *(_cell(setting or _UNSET, _value(metric, tells_n), "value") for metric, setting in pairs),
        f'<td role="cell" class="picture">{range_svg(measured)}</td>',
        *(_cell(column.title, _shared(measured, column)) for column in columns),
    ]
    return f'<tr role="row">{"".join(cells)}</tr>'


def _head(text: str, style: str = "") -> str:
    chosen = f' class="{style}"' if style else ""
    return f'<th role="columnheader" scope="col"{chosen}>{words(text)}</th>'


def _cell(label: str, content: str, style: str = "") -> str:
    classes = " ".join(part for part in (style, "" if content else "absent") if part)
    chosen = f' class="{classes}"' if classes else ""
    shown = content or _ABSENT
    return f'<td role="cell" data-label="{plain_words(label)}"{chosen}>{shown}</td>'


def _named(measured: Sequence[Metric], n: str, beside: Beside) -> str:
    """Return the head of a row: name, unit, direction, n, key for quality gates, notes."""
    first = measured[0]
    unit = first.unit if first.unit != "%" else ""
    direction = _DIRECTION[first.better].format(real=beside.real)
    asides = [words(part) for part in (unit, direction, n) if part]
    if first.key:
        asides.append(f"<code>{words(first.key)}</code>")
    aside = " \u00b7 ".join(asides)
    notes = dict.fromkeys(metric.note for metric in measured if metric.note)
    told = "".join(f'<span class="note">{words(note)}</span>' for note in notes)
    return (
        f'<th role="rowheader" scope="row">{words(first.name)}'
        f'<span class="aside">{aside}</span>{told}</th>'
    )


def _count(metric: Metric) -> str:
    return f"n\u00a0=\u00a0{metric.n:,}"


def _value(metric: Metric | None, tells_n: bool) -> str:
    if metric is None:
        return ""
    n = f'<span class="aside">{_count(metric)}</span>' if tells_n else ""
    n_decimals = decimals(metric.value, metric.interval)
    return _number(metric.value, metric.interval, n_decimals, metric.unit) + n


def _number(value: float, interval: Interval | None, n_decimals: int, unit: str) -> str:
    """Return a number over its interval."""
    below = "" if interval is None else f'<span class="aside">{span(interval, n_decimals)}</span>'
    return f"{numeral(value, n_decimals, unit)}{below}"


def _shared(measured: Sequence[Metric], column: _Column) -> str:
    """Return what a column holds: once if all settings share it, else that of each setting."""
    # Without an interval of its own it is as exact as the most exact figure of its row.
    beside = max(decimals(metric.value, metric.interval) for metric in measured)
    told = {}
    for metric in measured:
        number, interval = column.number(metric), column.interval(metric)
        if number is not None:
            n_decimals = beside if interval is None else decimals(number, interval)
            told[metric.setting] = _number(number, interval, n_decimals, metric.unit)
    if len(set(told.values())) <= 1:
        return next(iter(told.values()), "")
    return "".join(
        f'<span class="one"><span class="aside">{words(setting)}</span> {text}</span>'
        for setting, text in told.items()
    )
