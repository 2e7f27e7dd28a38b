"""From what a user asks of poems to what the decoder is told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from jaxtyping import Int

from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError, ConstraintError
from serinette.core.seeds import derive
from serinette.kinds.commission import Commission, no_preference
from serinette.kinds.poem.codec import AUTHOR, FORM, TITLE, PoemCodec
from serinette.kinds.poem.feasible import placements
from serinette.kinds.poem.forms import FORMS, Form, form_named
from serinette.kinds.poem.layout import form_name, hanzi_of, lines_of, paragraphs_of
from serinette.kinds.poem.lexicon import Lexicon
from serinette.kinds.poem.parallel import couplets_of
from serinette.kinds.poem.script import to_simplified, to_traditional
from serinette.kinds.poem.verse import VerseConstraint
from serinette.kinds.poem.wish import VerseWish
from serinette.kinds.poem.wishes import PoemWishes

DEFAULT_FORM: Final = "七绝"
_QUATRAIN_OF: Final[Mapping[int, str]] = {5: "五绝", 7: "七绝"}
_CONDITIONED_AS: Final = {"五言联": "五绝", "七言联": "七绝", "自由": "杂言"}
"""Forms that no training poem has: a couplet is written as the opening of a quatrain."""
_FACTS = (FORM, AUTHOR, TITLE)
_RULED: Final = {"杂言": "自由"}
N_SHOWN: Final = 3
NATS_OF_PARALLEL: Final = 12.0
"""What a perfect couplet is worth beside the poem's log-probability; real ones score 0.63, shuffled
ones 0.37, so that a real one is worth some three nats."""
_HEADS: Final = "春花秋月"
_ALIASES: Final = {
    "五联": "五言联", "七联": "七言联", "对联": "七言联", "對聯": "七言联", "五言聯": "五言联",
    "七言聯": "七言联", "couplet": "七言联", "free": "自由", "古体": "七古",
}  # fmt: skip


def commission_of(
    codec: PoemCodec, wishes: PoemWishes, prefix: str, labels: Mapping[str, str], seed: int
) -> Commission:
    """Turn wishes into rules, context and steps.

    Args:
        codec: Of the model.
        wishes: What is asked for.
        prefix: Text that the poem goes on from; it becomes part of the form.
        labels: Facts that the wishes leave open: form, author, title.
        seed: Decides where required words stand.

    Raises:
        ConfigError: If a form or author is not known.
        ConstraintError: If the wishes cannot be met, with the rule that cannot hold.
    """
    told: dict[str, Any] = {k: v for k, v in labels.items() if k in _FACTS and v}
    wishes = replace(wishes, **told)
    known = _Known(codec, codec.lexicon(wishes.rhyme_book))
    begun = hanzi_of(known.written(prefix)) or known.written(wishes.first_line)
    form = _form(wishes, begun, default_form(codec))
    context = _context(codec, wishes, form)
    read = _opening(codec, known.written(prefix)) if form.is_free else np.zeros(0, np.int64)
    if form.is_free:
        _refuse_rules_of_free_verse(wishes)
        return Commission(
            read=read,
            prefix="",
            context=context,
            is_shown_whole=True,
            show=_shower(wishes, prefix),
        )
    verse = known.verse_wish(wishes, form, prefix)
    return Commission(
        read=read,
        prefix="",
        context=context,
        constraint=VerseConstraint(known.lexicon, _with_words(known, verse, wishes, seed)),
        n_steps=form.n_symbols,
        broken_by_a_cut=("form",),
        frequency_penalty=wishes.repeat_penalty,
        is_shown_whole=True,
        show=_shower(wishes, ""),
        prefer=_preference(codec),
    )


def _opening(codec: PoemCodec, prefix: str) -> Int[np.ndarray, " T"]:
    """Return the steps of a poem's beginning, which canonical content would close with a stop."""
    opening: Int[np.ndarray, " T"] = codec.encode(prefix + "一")[:-2, 0].astype(np.int64)
    return opening


def default_form(codec: PoemCodec) -> str:
    """Return the form of a poem for which none is asked: one that the model has learnt."""
    regulated = [form for form in codec.labels if form in FORMS and FORMS[form].is_regulated]
    if DEFAULT_FORM in codec.labels or not codec.labels:
        return DEFAULT_FORM
    return (regulated or [_RULED.get(codec.labels[0], "自由")])[0]


def showpieces_of(codec: PoemCodec) -> tuple[PoemWishes, ...]:
    """Return wishes for three poems of the commonest forms, and for an acrostic."""
    ruled = [_RULED.get(form, form) for form in codec.labels]
    forms = [ruled[k % len(ruled)] for k in range(N_SHOWN)]
    form = default_form(codec)
    heads = "".join(c for c in _HEADS if codec.lexicon().knows(c))[: FORMS[form].n_lines]
    wishes = [PoemWishes(form=form) for form in forms]
    if heads:
        wishes.append(PoemWishes(form=form, acrostic=heads))
    return tuple(wishes)


@dataclass(frozen=True)
class _Known:
    """What the model can write, and how it writes what a user types."""

    codec: PoemCodec
    lexicon: Lexicon

    def written(self, text: str) -> str:
        """Write a text in the model's characters, one that it lacks in the other script."""
        return "".join(map(self._one, text))

    def _one(self, character: str) -> str:
        others = (character, to_traditional(character), to_simplified(character))
        return next((c for c in others if c in self.lexicon.symbol_of), character)

    def verse_wish(self, wishes: PoemWishes, form: Form, prefix: str) -> VerseWish:
        at = wishes.acrostic_at
        fixed = {_place(place): self._one(c) for place, c in wishes.fixed.items()}
        for number, character in enumerate(hanzi_of(self.written(prefix))):
            place = (1 + number // form.line_length, 1 + number % form.line_length)
            if fixed.setdefault(place, character) != character:
                raise ConstraintError(
                    f"line {place[0]}, place {place[1]} cannot hold both '{character}' (prefix) "
                    f"and '{fixed[place]}' (fixed); leave one of them out"
                )
        return VerseWish(
            form=form,
            heads=self.written(wishes.acrostic),
            head_place=int(at) if at.isdecimal() else at,  # type: ignore[arg-type]
            fixed=fixed,
            first_line=hanzi_of(self.written(wishes.first_line)),
            rhyme=self._rhyme(wishes.rhyme),
            tones=wishes.tones,
            strict_polyphonic=wishes.strict_polyphonic,
            banned="".join(self.written(text) for text in wishes.ban),
            distinct_rhymes=wishes.distinct_rhymes,
            no_repeat=wishes.no_repeat,
        )

    def _rhyme(self, wish: str) -> str:
        """Return a rhyme group as the book writes it, or a character as the model does."""
        if len(wish) == 1:
            return self.written(wish)
        names = (wish, to_traditional(wish), to_simplified(wish))
        return next((name for name in names if name in self.lexicon.rhyme_names), wish)


def _place(text: str) -> tuple[int, int]:
    line, _, place = text.partition(".")
    return int(line), int(place)


def _form(wishes: PoemWishes, begun: str, default: str) -> Form:
    if wishes.form is None and wishes.lines is None and begun:
        first = lines_of(begun)[0] if lines_of(begun) else begun
        return form_named(_QUATRAIN_OF.get(len(first), default))
    name = wishes.form or default
    asked = _ALIASES.get(name.strip().lower(), name)
    if asked not in FORMS:
        try:
            asked = form_name(asked)
        except ConfigError:
            raise ConfigError(
                f"form '{name}' is not known ({nearest(name, list(FORMS))})"
            ) from None
    if asked == "杂言":
        asked = "自由"
    return form_named(asked, wishes.lines)


def _context(codec: PoemCodec, wishes: PoemWishes, form: Form) -> dict[str, str]:
    context = {FORM: _CONDITIONED_AS.get(form.name, form.name)}
    if wishes.author:
        names = (wishes.author, to_traditional(wishes.author), to_simplified(wishes.author))
        context[AUTHOR] = next((name for name in names if name in codec.authors), wishes.author)
    if wishes.title:
        names_of = (to_traditional, to_simplified)
        context[TITLE] = "".join(
            c if c in codec.title_characters
            else next((f(c) for f in names_of if f(c) in codec.title_characters), c)
            for c in wishes.title
        )  # fmt: skip
    codec.check_context(context)
    return context


def _with_words(known: _Known, verse: VerseWish, wishes: PoemWishes, seed: int) -> VerseWish:
    """Give every required word a place at which the poem can still be completed."""
    for number, word in enumerate(map(known.written, wishes.require)):
        places = placements(known.lexicon, verse, word)
        if not places:
            VerseConstraint(known.lexicon, verse)  # says what else is wrong, if anything is
            raise ConstraintError(
                f"required word '{word}' fits nowhere in {verse.form.name} beside the other "
                "rules; try --tones none, another form or another word"
            )
        line, place = places[derive(seed, number) % len(places)]
        there = {(line, place + k): character for k, character in enumerate(word)}
        verse = replace(verse, fixed={**verse.fixed, **there})
    return verse


def _preference(codec: PoemCodec) -> Callable[[str], float]:
    """Prefer, among candidates, couplets whose lines answer one another (对仗)."""
    sense = codec.sense
    if sense is None:
        return no_preference
    return lambda content: (
        NATS_OF_PARALLEL * sum(sense.score(*pair) for pair in couplets_of(content))
    )


def _refuse_rules_of_free_verse(wishes: PoemWishes) -> None:
    asked = [
        name
        for name in ("acrostic", "first_line", "require", "ban", "fixed", "no_repeat", "lines")
        if getattr(wishes, name)
    ]
    if asked:
        raise ConstraintError(
            f"{asked[0]} needs a form with lines; 自由 has none: choose another --form, "
            "such as 七古"
        )


def _shower(wishes: PoemWishes, prefix: str) -> Callable[[str], str]:
    convert = {"simplified": to_simplified, "traditional": to_traditional}.get(wishes.script, str)

    def show(content: str) -> str:
        return convert(shown(prefix + content))

    return show


def shown(content: str) -> str:
    """Write a poem with two lines on a row."""
    return "\n".join(_rows(content))


def _rows(content: str) -> Iterator[str]:
    """Yield what stands on a row: two lines, `，` between them."""
    sentences = paragraphs_of(content)
    yield from sentences
    rest = content[sum(map(len, sentences)) :]
    if rest:
        yield rest
