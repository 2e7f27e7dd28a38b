"""Poems judged by code that shares nothing with the rules: the checker of the tests.

The checker knows verse by regular expressions. It takes a table of tones and rhymes: the model's
own, which the rules use too, or one that other people made, which the rules have never seen.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from serinette.kinds.poem.lexicon import Lexicon
from serinette.kinds.poem.script import to_simplified
from serinette.kinds.poem.wish import VerseWish

sys.path.append(str(Path(__file__).parents[1] / "tests" / "kinds" / "poem"))

from checker import is_legal  # type: ignore[import-not-found]

_LEVEL_PARTS = ("上平声部", "下平声部")
_BOTH = "平仄"


@dataclass(frozen=True, kw_only=True)
class SoundTable:
    """Tones and level-tone rhyme groups by character."""

    tones: Mapping[str, str]
    """平, 仄 or 平仄."""
    groups: Mapping[str, tuple[str, ...]]
    is_simplified: bool = False
    """Whether poems are rewritten in simplified characters before they are looked up."""

    def permissive(self, texts: Iterable[str]) -> "SoundTable":
        """Return a table in which a character of these texts that is not known always fits."""
        unknown = {c for text in texts for c in self.written(text)} - set(self.tones)
        every = tuple(sorted({name for names in self.groups.values() for name in names}))
        return SoundTable(
            tones={**self.tones, **dict.fromkeys(unknown, _BOTH)},
            groups={**self.groups, **dict.fromkeys(unknown, every)},
            is_simplified=self.is_simplified,
        )

    def written(self, text: str) -> str:
        """Write a text in the table's script."""
        return to_simplified(text) if self.is_simplified else text


def own_table(lexicon: Lexicon) -> SoundTable:
    """Return the table that a model holds."""
    hanzi = [c for c in lexicon.symbol_of if lexicon.knows(c)]
    return SoundTable(
        tones={c: lexicon.tones_of(c) for c in hanzi},
        groups={c: names for c in hanzi if (names := lexicon.groups_of(c))},
    )


def second_table(folder: Path) -> SoundTable:
    """Read the table of charlesix59/chinese_word_rhyme, every reading that either file knows.

    Args:
        folder: Holds `Pingshui_Rhyme.json` and `Word_Tune.json`.
    """
    book = json.loads((folder / "Pingshui_Rhyme.json").read_text(encoding="utf-8"))
    tunes = json.loads((folder / "Word_Tune.json").read_text(encoding="utf-8"))
    tones: dict[str, set[str]] = {c: set(_BOTH if t == "多" else t) for c, t in tunes.items()}
    groups: dict[str, list[str]] = {}
    for part, rhymes in book.items():
        for name, characters in rhymes.items():
            for character in characters:
                is_level = part in _LEVEL_PARTS
                tones.setdefault(character, set()).add("平" if is_level else "仄")
                if is_level and name not in groups.setdefault(character, []):
                    groups[character].append(name)
    return SoundTable(
        tones={c: "".join(sorted(found, key=_BOTH.index)) for c, found in tones.items()},
        groups={c: tuple(names) for c, names in groups.items()},
        is_simplified=True,
    )


class Verdict(NamedTuple):
    """What a poem keeps; None is not asked of it."""

    form: bool
    tones: bool | None
    rhyme: bool | None
    heads: bool | None
    everything: bool
    """All of it at once: where line 1 rhymes, tones and rhyme depend on each other."""


def judge(text: str, table: SoundTable, wish: VerseWish) -> Verdict:
    """Judge a poem, one demand at a time and all together.

    Args:
        text: The poem; line breaks say nothing.
        table: Tones and rhymes of all its characters.
        wish: What was asked of it.
    """
    written = table.written(text.replace("\n", ""))

    def keeps(**asked: Any) -> bool:
        bare: dict[str, Any] = {"form": wish.form, "tones": "none", "rhyme": "none"}
        only = VerseWish(**{**bare, "distinct_rhymes": wish.distinct_rhymes, **asked})
        return bool(is_legal(written, table.tones, table.groups, only))

    asked: dict[str, Any] = {"tones": wish.tones, "rhyme": wish.rhyme, "heads": wish.heads}
    return Verdict(
        form=keeps(),
        tones=keeps(tones=wish.tones) if wish.has_tones else None,
        rhyme=keeps(rhyme=wish.rhyme) if wish.has_rhymes else None,
        heads=keeps(heads=wish.heads) if wish.heads else None,
        everything=keeps(**asked),
    )


def share(answers: Iterable[bool | None]) -> str:
    """Return the percentage of yes among the answers that are not None; empty if all are."""
    given = [answer for answer in answers if answer is not None]
    return f"{100 * sum(given) / len(given):.2f}" if given else ""
