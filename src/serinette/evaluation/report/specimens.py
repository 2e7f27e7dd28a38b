"""Samples to look at; what they have word for word from the training text is underlined."""

from collections import Counter
from collections.abc import Sequence

from serinette.evaluation.report.content import Copied, Specimen
from serinette.evaluation.report.markup import words

_LONGEST = 6_000
"""Characters of a sample that are shown: the page must stay light."""


def specimens(chosen: Sequence[Specimen]) -> str:
    """Return all samples, each under the way in which it was drawn."""
    if not chosen:
        return ""
    total = Counter(one.setting for one in chosen)
    seen: Counter[str] = Counter()
    parts = []
    for number, one in enumerate(chosen, 1):
        seen[one.setting] += 1
        rank = f", {seen[one.setting]} of {total[one.setting]}" if total[one.setting] > 1 else ""
        parts.append(_specimen(one, number, f"{one.setting or 'Sample'}{rank}"))
    is_copied = any(one.copied for one in chosen)
    intro = "What the model writes, under the setting that it was drawn with."
    if is_copied:
        intro += " What is underlined stands word for word in the training text."
    return f'<p>{intro}</p><div class="specimens">{"".join(parts)}</div>'


def _specimen(one: Specimen, number: int, title: str) -> str:
    shown = one.text[:_LONGEST]
    copied = [c for c in one.copied if c.start < len(shown)]
    n_hidden = len(one.text) - len(shown)
    more = f'<p class="small">{n_hidden:,} more characters are not shown.</p>' if n_hidden else ""
    seed = "" if one.seed is None else f' <span class="small">seed {one.seed}</span>'
    text = _underlined(shown, copied, number)
    return (
        f'<article class="specimen"><h3>{words(title)}{seed}</h3>'
        f'<div class="sample" lang="" dir="auto">{text}</div>{more}{_sources(copied, number)}'
        "</article>"
    )


def _underlined(text: str, copied: Sequence[Copied], number: int) -> str:
    parts, end = [], 0
    for k, stretch in enumerate(copied, 1):
        key = f"copied-{number}-{k}"
        parts.append(words(text[end : stretch.start]))
        parts.append(f"<mark>{words(text[stretch.start : stretch.stop])}</mark>")
        parts.append(f'<sup><a href="#{key}" aria-label="source {k}">{k}</a></sup>')
        end = stretch.stop
    return "".join([*parts, words(text[end:])])


def _sources(copied: Sequence[Copied], number: int) -> str:
    """Return the footnotes: where each stretch stands in the training text."""
    items = "".join(
        f'<li id="copied-{number}-{k}">{words(_told(stretch))}</li>'
        for k, stretch in enumerate(copied, 1)
    )
    return f'<ol class="sources">{items}</ol>' if items else ""


def _told(stretch: Copied) -> str:
    places = [stretch.source]
    if stretch.line is not None:
        places.append(f"line {stretch.line:,}")
    if stretch.offset is not None:
        places.append(f"from character {stretch.offset:,}")
    return f"{', '.join(places)}: {stretch.stop - stretch.start:,} characters"
