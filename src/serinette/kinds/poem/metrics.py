"""What can be asked of poems alone: form, tones, rhyme, 对仗, repeated and copied words.

Real poems that were held out are asked the same by the same code, and their answer stands beside as
the floor: poets keep no rule always. Of a character that has several readings any may fit, and a
character that the book does not know always fits. To ask all readings to fit would leave 7 % of the
Tang 七绝 standing.

Reference: Wang Li (王力, 诗词格律) for the rules.

Shape letters: `N` and `M` pieces.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, Final

import numpy as np
from jaxtyping import Int

from serinette.core.metric import Metric
from serinette.kinds.poem.forms import FORMS
from serinette.kinds.poem.layout import Form, form_of, lines_of
from serinette.kinds.poem.parallel import ParallelSense, couplets_of
from serinette.kinds.poem.phonology import Phonology
from serinette.kinds.poem.script import is_simplified
from serinette.kinds.poem.tones import keeps_alternation, rhymes_together
from serinette.kinds.tally import Tally

_COPIED_LENGTHS: Final = (5, 7)
"""Characters of a line that is looked up; shorter ones are found again by chance."""

_Count = tuple[int, int]
"""What was found in a piece, and among how many."""

_FORM: Final[dict[str, Any]] = {
    "key": "form",
    "name": "poems of one of the six forms",
    "better": "real",
    "note": "五绝, 七绝, 五律, 七律, 五古 or 七古: four lines or more, all of 5 or of 7 "
    "characters.",
}
_REGULATED: Final[dict[str, Any]] = {
    "key": "regulated",
    "name": "poems with the lines of regulated verse",
    "better": "real",
    "note": "The lines of 五绝, 七绝, 五律 or 七律: only these are asked for tones and rhyme.",
}
_TONE: Final[dict[str, Any]] = {
    "key": "tone",
    "name": "regulated poems that keep the tones",
    "better": "higher",
    "note": "Places 2, 4 (6) and the line ends fit one of the four templates; any reading may fit.",
}
_RHYME: Final[dict[str, Any]] = {
    "key": "rhyme",
    "name": "regulated poems that rhyme",
    "better": "higher",
    "note": "The even lines end in one level rhyme; any reading may fit.",
}
_PARALLEL: Final[dict[str, Any]] = {
    "key": "parallel",
    "name": "places of couplets that answer one another (对仗)",
    "better": "higher",
    "note": "Lines 3 and 4, 5 and 6 of a 律诗 and couplets; two characters answer one another if "
    "their classes are met in opposite places of other real poems more often than by chance.",
}
_REPEATED: Final[dict[str, Any]] = {
    "key": "repeated",
    "name": "regulated poems that repeat a character",
    "better": "real",
    "note": "A character doubled on the spot (蕭蕭) counts once.",
}
_REPEATED_RHYME: Final[dict[str, Any]] = {
    "key": "repeated_rhyme",
    "name": "regulated poems that repeat a rhyme character",
    "better": "lower",
    "note": "Two of the even lines, or one of them and the first, end in the same character.",
}
_COPIED_LINE: Final[dict[str, Any]] = {
    "key": "copied_line",
    "name": "lines that stand in other real poems",
    "better": "real",
    "note": "Lines of 5 or 7 characters, character by character.",
}


class PoemMeasures:
    """Measures samples, and as the floor held-out poems, by the measure of other real poems.

    Args:
        real: Held-out poems, canonical.
        others: Other real poems, the more the better. They alone say what answers what in a
            couplet, which lines there are, and whether the script is simplified.
        groups: Which pieces of `real` belong together; None: none do.
        seed: Of the intervals.
        book: `pingshui` or `xinyun`, by which tones and rhymes are judged.
    """

    def __init__(
        self,
        real: Sequence[str],
        others: Sequence[str],
        *,
        groups: Int[np.ndarray, " N"] | None = None,
        seed: int = 0,
        book: str = "pingshui",
    ) -> None:
        self._known_lines = {line for poem in others for line in _long_lines(lines_of(poem))}
        self._sense = ParallelSense.fit(others)
        characters = set().union(*others) or set().union(*real)
        phonology = Phonology(book, is_simplified=is_simplified("".join(characters)))
        self._tones = lru_cache(maxsize=None)(phonology.tones)
        self._rhymes = lru_cache(maxsize=None)(phonology.rhymes)
        self._seed = seed
        self._floors = [tally.mean(groups, seed) for tally in self._tallies(real)]

    def __call__(
        self, samples: Sequence[str], groups: Int[np.ndarray, " M"] | None = None
    ) -> list[Metric]:
        """Measure poems that a model wrote.

        Args:
            samples: The poems, canonical.
            groups: Which of them come from one sample; None: each from its own.

        Returns:
            `form`, `regulated`, `tone`, `rhyme`, `parallel`, `repeated`, `repeated_rhyme` and
            `copied_line`, all in percent; one that finds nothing to measure in the samples (no
            regulated poem, no couplet) is left out.
        """
        metrics = []
        for (facts, _), tally, (floor, floor_interval) in zip(
            self._questions, self._tallies(samples), self._floors, strict=True
        ):
            value, interval = tally.mean(groups, self._seed)
            if value is None:
                continue
            metric = Metric(
                **facts,
                unit="%",
                value=value,
                interval=interval,
                n=int(np.count_nonzero(tally.sizes)),
                floor=floor,
                floor_interval=floor_interval,
                seed=self._seed,
            )
            metrics.append(metric)
        return metrics

    def _tallies(self, pieces: Sequence[str]) -> "list[Tally]":
        poems = [_Poem(piece) for piece in pieces]
        return [_tally(map(count, poems)) for _, count in self._questions]

    @property
    def _questions(self) -> "tuple[tuple[dict[str, Any], Callable[[_Poem], _Count]], ...]":
        return (
            (_FORM, lambda poem: (poem.form != "杂言", 1)),
            (_REGULATED, lambda poem: (poem.is_regulated, 1)),
            (_TONE, self._keeps_tones),
            (_RHYME, self._rhymes_together),
            (_PARALLEL, self._answers),
            (_REPEATED, _repeats),
            (_REPEATED_RHYME, _repeats_rhyme),
            (_COPIED_LINE, self._copies),
        )

    def _keeps_tones(self, poem: "_Poem") -> _Count:
        if not poem.is_regulated:
            return 0, 0
        return keeps_alternation(poem.lines, self._tones, FORMS[poem.form]), 1

    def _rhymes_together(self, poem: "_Poem") -> _Count:
        """An oblique reading is no rhyme, but a character without any reading fits."""
        if not poem.is_regulated:
            return 0, 0
        ends = [line[-1] for line in poem.lines[1::2]]
        may_be_level = all(self._rhymes(end) or not self._tones(end) for end in ends)
        return may_be_level and rhymes_together(ends, self._rhymes), 1

    def _answers(self, poem: "_Poem") -> _Count:
        found = [answer for pair in poem.couplets for answer in self._sense.answers(*pair)]
        return found.count(True), len(found) - found.count(None)

    def _copies(self, poem: "_Poem") -> _Count:
        lines = _long_lines(poem.lines)
        return sum(line in self._known_lines for line in lines), len(lines)


class _Poem:
    """A piece and what is asked of it more than once."""

    def __init__(self, piece: str) -> None:
        self._piece = piece
        self.lines = lines_of(piece)
        self.form: Form = form_of(piece)
        self.is_regulated = self.form in FORMS and FORMS[self.form].is_regulated

    @cached_property
    def couplets(self) -> tuple[tuple[str, str], ...]:
        return couplets_of(self._piece)


def _tally(counts: Iterable[_Count]) -> Tally:
    table = np.array(list(counts), dtype=np.float64).reshape(-1, 2)
    return Tally(totals=100 * table[:, 0], sizes=table[:, 1])


def _repeats(poem: _Poem) -> _Count:
    if not poem.is_regulated:
        return 0, 0
    once = [character for line in poem.lines for character, _ in groupby(line)]
    return len(set(once)) < len(once), 1


def _repeats_rhyme(poem: _Poem) -> _Count:
    if not poem.is_regulated:
        return 0, 0
    ends = [line[-1] for line in (poem.lines[0], *poem.lines[1::2])]
    return len(set(ends)) < len(ends), 1


def _long_lines(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if len(line) in _COPIED_LENGTHS]
