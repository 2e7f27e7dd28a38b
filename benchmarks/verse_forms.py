"""Do poems keep the rules? Every form, with and without acrostics, judged by other code.

    python benchmarks/verse_forms.py --model runs/tang/model --second-table FOLDER

The poems are drawn at temperature 1 by a model however little it has learnt: the rules are what is
measured. Half of them carry an acrostic of 2 to 8 random characters among the most frequent ones,
half of them a rhyme named at random, half of them strict tones. FOLDER holds `Pingshui_Rhyme.json`
and `Word_Tune.json` of the repository charlesix59/chinese_word_rhyme, not part of this one. Poems
are rewritten in its simplified characters, and what it does not know fits; the Tang poets' own
poems, judged alike, say how far the two tables agree.
"""

import argparse
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from machine import describe_machine
from opened import Opened, heading, percent, row
from report import publish
from verse_judge import SoundTable, Verdict, judge, own_table, second_table, share

from serinette.kinds.corpus import RawSequence
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.feasible import explain
from serinette.kinds.poem.forms import FORMS
from serinette.kinds.poem.layout import hanzi_of, lines_of
from serinette.kinds.poem.lexicon import Lexicon
from serinette.kinds.poem.reader import read_poems
from serinette.kinds.poem.wish import Strictness, VerseWish
from serinette.kinds.poem.wishes import PoemWishes
from serinette.recipes.generate import GenerateRequest

ASKED: Final = tuple(name for name in FORMS if name != "自由")
REGULATED: Final = tuple(name for name in ASKED if FORMS[name].is_regulated)
STRICTNESS: Final[tuple[Strictness, ...]] = ("rescue", "strict")
MOST_HEADS: Final = 8
POEMS_A_WISH: Final = 16
"""Poems drawn for one wish, side by side; as many as two threads share."""
MOST_TRIES: Final = 200
EXAMPLES: Final = 3


@dataclass(frozen=True, kw_only=True)
class Poem:
    """A poem that was drawn, and what was asked of it."""

    text: str
    wish: VerseWish
    mask_mass: float


def main() -> None:
    """Print the tables, and write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("data/tang.json"))
    parser.add_argument("--n", type=int, default=10_000, help="poems in all")
    parser.add_argument("--n-heads", type=int, default=1_000, help="acrostics tried for a form")
    parser.add_argument("--n-real", type=int, default=5_000, help="poems by people")
    parser.add_argument("--frequent", type=int, default=1_000, help="characters for acrostics")
    parser.add_argument("--second-table", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    model, rng = Opened(args.model), random.Random(args.seed)  # noqa: S311
    poems_by_people = read_poems([args.data], PoemConfig(forms=REGULATED)).sequences
    lexicon = model.codec.lexicon()
    frequent = frequent_characters(poems_by_people, lexicon, args.frequent)
    drawn, refused = draw_all(model, frequent, args.n, rng)
    real = rng.sample(list(poems_by_people), min(args.n_real, len(poems_by_people)))
    tables = [own_table(lexicon)]
    if args.second_table is not None:
        tables.append(second_table(args.second_table))
    lines = [
        f"Machine: {describe_machine()}.",
        "",
        f"Model {model.name}; seed {args.seed}; temperature 1; {refused} wishes that cannot be met "
        "were refused and drawn anew.",
        "",
        *drawn_table(drawn, tables),
        "",
        *real_table(real, tables),
        "",
        *feasible_table(lexicon, frequent, args.n_heads, rng),
    ]
    publish(lines, args.out)


def frequent_characters(poems: Sequence[RawSequence], lexicon: Lexicon, n: int) -> list[str]:
    """Return the most frequent characters whose tones the model knows."""
    counts = Counter(c for poem in poems for c in hanzi_of(poem.content))
    known = (c for c, _ in counts.most_common() if lexicon.knows(c) and lexicon.tones_of(c))
    return [c for c, _ in zip(known, range(n), strict=False)]


def draw_all(
    model: Opened, frequent: Sequence[str], n: int, rng: random.Random
) -> tuple[list[Poem], int]:
    """Draw as many poems of every form and of every combination of rules.

    Returns:
        The poems, and how many wishes were refused.
    """
    combinations = list(product(ASKED, (False, True), (False, True), STRICTNESS))
    n_each = max(1, round(n / len(combinations)))
    poems: list[Poem] = []
    n_refused = 0
    for name, has_heads, is_named, tones in combinations:
        for first in range(0, n_each, POEMS_A_WISH):
            wish, refused = feasible_wish(
                model.codec.lexicon(),
                random_wishes(name, has_heads, is_named, tones, frequent, rng),
            )
            n_refused += refused
            poems += draw(model, wish, min(POEMS_A_WISH, n_each - first), seed=len(poems))
    return poems, n_refused


def random_wishes(
    name: str,
    has_heads: bool,
    is_named: bool,
    tones: Strictness,
    frequent: Sequence[str],
    rng: random.Random,
) -> Iterator[dict[str, Any]]:
    """Yield settings of wishes without end; a named rhyme is a character that rhymes in it."""
    form = FORMS[name]
    while True:
        n_heads = rng.randint(2, min(MOST_HEADS, form.n_lines)) if has_heads else 0
        yield {
            "form": form,
            "heads": "".join(rng.choices(frequent, k=n_heads)),
            "rhyme": rng.choice(frequent) if is_named else "auto",
            "tones": tones,
        }


def feasible_wish(lexicon: Lexicon, settings: Iterator[dict[str, Any]]) -> tuple[VerseWish, int]:
    """Return the first wish that can be met, and how many before it cannot."""
    for refused, values in zip(range(MOST_TRIES), settings, strict=False):
        wish = VerseWish(**values)
        if explain(lexicon, wish) is None:
            return wish, refused
    raise RuntimeError(f"no wish of {MOST_TRIES} could be met; the last: {wish}")


def draw(model: Opened, wish: VerseWish, n: int, *, seed: int) -> list[Poem]:
    """Draw poems as a user would ask for them."""
    wishes = PoemWishes(
        form=wish.form.name, acrostic=wish.heads, rhyme=wish.rhyme, tones=wish.tones
    )
    samples = model.draw(GenerateRequest(n=n, wishes=wishes, seed=seed))
    return [Poem(text=s.text, wish=wish, mask_mass=s.mask_mass or 0.0) for s in samples]


def drawn_table(poems: Sequence[Poem], tables: Sequence[SoundTable]) -> list[str]:
    """Return what the drawn poems keep, form by form."""
    by_form: defaultdict[str, list[Poem]] = defaultdict(list)
    for poem in poems:
        by_form[poem.wish.form.name].append(poem)
    own, others = tables[0], [t.permissive(poem.text for poem in poems) for t in tables[1:]]
    found = {name: [judge(p.text, own, p.wish) for p in each] for name, each in by_form.items()}
    rows = [
        row(
            name,
            f"{len(each):,}",
            *kept(found[name]),
            f"{math.exp(sum(math.log(max(p.mask_mass, 1e-300)) for p in each) / len(each)):.3f}",
            *(cell for table in others for cell in agreement(each, table)),
        )
        for name, each in by_form.items()
    ]
    everything = [verdict.everything for each in found.values() for verdict in each]
    spoilt = [judge(swapped(p.text, k), own, p.wish).everything for k, p in enumerate(poems)]
    is_perfect = all(everything)
    columns = ["format %", "tones %", "rhyme %", "acrostic %", "all at once %", "mask mass"]
    more = ["tones, second table %", "rhyme, second table %"] if others else []
    return [
        "Poems drawn under the rules, judged by a checker of its own over the model's table. Mask "
        "mass: the share of the model's probability that the rules leave at a step, a geometric "
        "mean.",
        "",
        *heading("form", "n", *columns, *more),
        *rows,
        "",
        f"{sum(everything):,} of {len(everything):,} poems keep all that was asked: "
        f"{'PASS' if is_perfect else 'FAIL'}. With two of its characters swapped at random, "
        f"{percent(sum(spoilt), len(spoilt))} % of them still do, so the checker can say no.",
    ]


def swapped(text: str, seed: int) -> str:
    """Let two random characters of a poem change places, marks left alone."""
    rng = random.Random(seed)  # noqa: S311
    characters = list(text)
    places = [k for k, c in enumerate(characters) if hanzi_of(c)]
    one, other = rng.sample(places, 2)
    characters[one], characters[other] = characters[other], characters[one]
    return "".join(characters)


def kept(verdicts: Sequence[Verdict]) -> list[str]:
    """Return five percentages; one that is asked of no poem stays empty."""
    return [share(answers) for answers in zip(*verdicts, strict=True)]


def agreement(poems: Sequence[Poem], table: SoundTable) -> list[str]:
    """Return how many poems also keep tones and rhyme by a table that the rules do not know."""
    verdicts = [judge(p.text, table, loose(p.wish.form.name, p.wish.tones)) for p in poems]
    return [share(v.tones for v in verdicts), share(v.rhyme for v in verdicts)]


def loose(name: str, tones: Strictness = "rescue") -> VerseWish:
    """Return what is asked where only tones and rhyme count."""
    return VerseWish(form=FORMS[name], tones=tones, distinct_rhymes=False)


def real_table(poems: Sequence[RawSequence], tables: Sequence[SoundTable]) -> list[str]:
    """Return what poems by people keep by each table, and how far the tables agree on them."""
    by_form: defaultdict[str, list[str]] = defaultdict(list)
    for poem in poems:
        by_form[poem.context["form"]].append(as_drawn(poem.content))
    every = [text for each in by_form.values() for text in each]
    permissive = [table.permissive(every) for table in tables]
    rows = []
    for name in REGULATED:
        verdicts = [[judge(text, table, loose(name)) for text in by_form[name]]
                    for table in permissive]  # fmt: skip
        cells = [cell for each in verdicts for cell in (share(v.tones for v in each),
                                                        share(v.rhyme for v in each))]  # fmt: skip
        rows.append(row(name, f"{len(by_form[name]):,}", *cells, *both(verdicts)))
    columns = [f"{what}{which} %" for which in ("", ", second table")[: len(tables)]
               for what in ("tones", "rhyme")]  # fmt: skip
    more = [f"of those that keep the {what}, by the second table too %"
            for what in ("tones", "rhyme")] if tables[1:] else []  # fmt: skip
    return [
        "Poems by people, judged alike with tones `rescue`; a character that a table does not know "
        "fits. The Tang wrote old-style poems of four and eight lines too.",
        "",
        *heading("form", "n", *columns, *more),
        *rows,
    ]


def both(verdicts: Sequence[Sequence[Verdict]]) -> list[str]:
    """Return the share of poems that pass by the first table and by the second too."""
    if len(verdicts) < 2:
        return []
    own, other = verdicts
    return [
        share(
            getattr(b, what) if getattr(a, what) else None for a, b in zip(own, other, strict=True)
        )
        for what in ("tones", "rhyme")
    ]


def as_drawn(content: str) -> str:
    """Write a poem with the marks that a drawn one has."""
    return "".join(line + "，。"[k % 2] for k, line in enumerate(lines_of(content)))


def feasible_table(
    lexicon: Lexicon, frequent: Sequence[str], n: int, rng: random.Random
) -> list[str]:
    """Return how many acrostics of four random characters a poem can carry, and why not."""
    heads = ["".join(rng.sample(frequent, 4)) for _ in range(n)]
    rows, examples, is_whole = [], [], True
    for name, tones in product(REGULATED, STRICTNESS):
        wishes = [VerseWish(form=FORMS[name], heads=each, tones=tones) for each in heads]
        reasons = [why for wish in wishes if (why := explain(lexicon, wish)) is not None]
        rows.append(row(name, tones, f"{n:,}", percent(n - len(reasons), n)))
        examples += [f"- {name}, {tones}: {why}" for why in reasons[:EXAMPLES]]
        is_whole = is_whole and not (name[0] == "七" and reasons)
    return [
        f"Acrostics of four characters drawn from the {len(frequent):,} most frequent ones.",
        "",
        *heading("form", "tones", "n", "can be met %"),
        *rows,
        "",
        f"Every acrostic fits lines of seven characters: {'PASS' if is_whole else 'FAIL'}.",
        *(["", "What is said of others:", "", *examples] if examples else []),
    ]


if __name__ == "__main__":
    main()
