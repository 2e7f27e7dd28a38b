"""The report: one HTML file that needs nothing else, neither network nor script."""

from collections.abc import Iterator, Sequence
from itertools import count, groupby

from serinette.core.chart import Chart
from serinette.evaluation.report.chart_svg import NARROW, WIDE, chart_svg
from serinette.evaluation.report.content import Beside, Evaluation, Section, Verdict
from serinette.evaluation.report.markup import plain_words, words
from serinette.evaluation.report.ranges import signs
from serinette.evaluation.report.specimens import specimens
from serinette.evaluation.report.style import style_sheet
from serinette.evaluation.report.table import tables

_HEAD = (
    '<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src '
    "'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">"
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
)
_LAMPS = {
    "green": ("fine", '<circle cx="7" cy="7" r="6"/>'),
    "yellow": ("look closer", '<path d="M7 1 13.5 12.5H.5z"/>'),
    "red": ("problem", '<path d="M4.2.8h5.6l3.4 3.4v5.6l-3.4 3.4H4.2L.8 9.8V4.2z"/>'),
    "none": ("not judged", '<circle cx="7" cy="7" r="5" fill="none" stroke-dasharray="2.5 2"/>'),
}
_QUICK = "Few samples were taken, so the intervals are wide; a full evaluation may judge otherwise."


def page(evaluation: Evaluation) -> str:
    """Return the report as one HTML document, to be written as UTF-8.

    It refers to nothing outside itself and forbids the browser to load anything.
    """
    blocks = [block for block in _blocks(evaluation) if block[2]]
    body = "".join(
        f'<section id="{key}" aria-labelledby="{key}-title"><h2 id="{key}-title">{words(title)}'
        f"</h2>{content}</section>"
        for key, title, content in blocks
    )
    subject = plain_words(evaluation.subject)
    return (
        f'<!DOCTYPE html><html lang="en"><head>{_HEAD}<title>Evaluation of {subject}</title>'
        f"<style>{style_sheet()}</style></head><body><main>{_header(evaluation, blocks)}{body}"
        "</main></body></html>\n"
    )


_Block = tuple[str, str, str]
"""Id, title, content."""


def _blocks(evaluation: Evaluation) -> Iterator[_Block]:
    numbers = count(1)
    yield "verdicts", "Verdicts", _lights(evaluation.verdicts)
    yield "samples", "Samples", specimens(evaluation.specimens)
    yield "trade-off", "Quality against diversity", _figures(evaluation.charts, numbers)
    measured = [section for section in evaluation.sections if section.metrics][:1]
    for k, section in enumerate(evaluation.sections, 1):
        reading = signs(evaluation.beside) if section in measured else ""
        yield f"section-{k}", section.title, _section(section, reading, numbers, evaluation.beside)
    yield "measured", "How it was measured", _facts(evaluation)
    yield "limits", "What these figures cannot tell", _notes(evaluation.notes)


def _header(evaluation: Evaluation, blocks: Sequence[_Block]) -> str:
    kind = "Quick evaluation" if evaluation.is_quick else "Evaluation"
    quick = f'<p class="small">{_QUICK}</p>' if evaluation.is_quick else ""
    links = "".join(f'<li><a href="#{key}">{words(title)}</a></li>' for key, title, _ in blocks)
    return (
        f'<header><p class="kicker">{kind}</p><h1>{words(evaluation.subject)}</h1>'
        f'<p class="headline">{_unbroken(evaluation.headline)}</p>{quick}'
        f'<nav aria-label="Contents"><ul>{links}</ul></nav></header>'
    )


def _lights(verdicts: Sequence[Verdict]) -> str:
    """Return the traffic lights: those of one name together, equal sentences once."""
    items = []
    for name in dict.fromkeys(verdict.name for verdict in verdicts):
        same = [verdict for verdict in verdicts if verdict.name == name]
        found = dict.fromkeys((verdict.light, verdict.sentence) for verdict in same)
        told = "".join(_light([v for v in same if (v.light, v.sentence) == one]) for one in found)
        rules = dict.fromkeys(verdict.rule for verdict in same if verdict.rule)
        rule = "".join(f'<span class="rule">{words(text)}</span>' for text in rules)
        items.append(f"<li><strong>{words(name)}</strong><div>{told}{rule}</div></li>")
    return f'<ul class="lights">{"".join(items)}</ul>' if items else ""


def _light(same: Sequence[Verdict]) -> str:
    """Return a light that is never colour alone: a shape, a word, the settings, a sentence."""
    first = same[0]
    word, shape = _LAMPS[first.light]
    settings = ", ".join(dict.fromkeys(verdict.setting for verdict in same if verdict.setting))
    at = f'<span class="settings">{words(settings)}</span>' if settings else ""
    return (
        f'<p><span class="lamp is-{first.light}"><svg aria-hidden="true" viewBox="0 0 14 14" '
        f'width="14" height="14">{shape}</svg>{word}</span><span>{at}{_unbroken(first.sentence)}'
        "</span></p>"
    )


def _section(section: Section, reading: str, numbers: Iterator[int], beside: Beside) -> str:
    intro = f"<p>{words(section.intro)}</p>" if section.intro else ""
    figures = _figures(section.charts, numbers)
    table = tables(section.title, section.metrics, beside)
    return f"{intro}{reading}{table}{figures}{_notes(section.notes)}"


def _figures(charts: Sequence[Chart], numbers: Iterator[int]) -> str:
    return "".join(_figure(chart, next(numbers)) for chart in charts)


def _figure(chart: Chart, number: int) -> str:
    """Return a chart in two widths, of which the screen's width shows one."""
    drawn = "".join(
        f'<div class="for-{name}">{chart_svg(chart, width=width, name=f"chart-{number}-{name}")}'
        "</div>"
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    )
    note = f" {words(chart.note)}" if chart.note else ""
    return (
        f"<figure>{drawn}<figcaption><strong>{words(chart.title)}</strong>{note}</figcaption>"
        "</figure>"
    )


def _facts(evaluation: Evaluation) -> str:
    facts = {**evaluation.facts}
    seeds = _seeds(evaluation)
    if seeds:
        facts["random seeds of the figures"] = seeds
    items = "".join(
        f"<dt>{words(k)}</dt><dd><code>{words(v)}</code></dd>" for k, v in facts.items()
    )
    return f"<dl>{items}</dl>" if items else ""


def _seeds(evaluation: Evaluation) -> str:
    """Say which figures had which seed."""
    seeded = sorted((m.seed, m.key or m.name) for m in evaluation.metrics if m.seed is not None)
    told = []
    for seed, pairs in groupby(seeded, key=lambda pair: pair[0]):
        names = dict.fromkeys(name for _, name in pairs)
        told.append(f"{seed}: {', '.join(names)}")
    return "; ".join(told)


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{words(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _unbroken(text: str) -> str:
    """Return words for HTML, no line ending between a number and its percent sign."""
    return words(text.replace(" %", "\u00a0%"))
