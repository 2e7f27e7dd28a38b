"""Whether a wish can be met, and if not, why: one sentence with a remedy.

Promise: `explain` returns None exactly for the wishes that a poem can meet (`no_repeat` is checked
for the given characters only), and its sentence names characters without which the wish could be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from serinette.core.errors import ConstraintError
from serinette.kinds.poem.forms import FORMS
from serinette.kinds.poem.lexicon import Lexicon
from serinette.kinds.poem.tones import RULES
from serinette.kinds.poem.wish import Pin, Place, VerseWish, heads_name, pins_of, spot
from serinette.kinds.poem.worlds import Sounds, asked_groups, sounds_of, worlds_of

Pins = Mapping[Place, Pin]

_LONGER = {"五绝": "七绝", "五律": "七律", "五言联": "七言联"}


def explain(lexicon: Lexicon, wish: VerseWish) -> str | None:
    """Return None if a poem can meet the wish, else one sentence that says why not.

    Args:
        lexicon: What is known of the symbols.
        wish: What is asked.
    """
    try:
        pins = pins_of(wish)
    except ConstraintError as error:
        return str(error)
    problem = next(_plain_problems(lexicon, wish, pins), None)
    if problem is not None or wish.form.is_free:
        return problem
    sounds = sounds_of(lexicon, wish)
    if worlds_of(sounds, wish, pins):
        return None
    if not worlds_of(sounds, replace(wish, tones="none"), pins):
        return _rhyme_problem(sounds, wish, pins)
    return _tone_problem(sounds, wish, pins)


def placements(lexicon: Lexicon, wish: VerseWish, word: str) -> list[Place]:
    """Return where a word may begin so that the poem can still be finished.

    Args:
        lexicon: What is known of the symbols.
        wish: What is asked besides.
        word: Characters that stand side by side in one line.

    Raises:
        ConstraintError: If the wish cannot be met even without the word.
    """
    problem = explain(lexicon, wish)
    if problem is not None:
        raise ConstraintError(problem)
    form, pins, sounds = wish.form, pins_of(wish), sounds_of(lexicon, wish)
    starts = [
        (line, place)
        for line in range(1, form.n_lines + 1)
        for place in range(1, form.line_length - len(word) + 2)
    ]
    return [start for start in starts if _takes(sounds, wish, pins, (start, word))]


def _takes(sounds: Sounds, wish: VerseWish, pins: Pins, put: tuple[Place, str]) -> bool:
    (line, place), word = put
    there = {(line, place + k): Pin(c, "word") for k, c in enumerate(word)}
    if any(pins[at].character != pin.character for at, pin in there.items() if at in pins):
        return False
    both = {**pins, **there}
    has_problem = next(_plain_problems(sounds.lexicon, wish, both), None) is not None
    return not has_problem and bool(worlds_of(sounds, wish, both))


def _plain_problems(lexicon: Lexicon, wish: VerseWish, pins: Pins) -> Iterator[str]:
    """Yield what is wrong with single characters and names."""
    seen: dict[str, Place] = {}
    for place, (character, origin) in pins.items():
        at = f"{origin} '{character}' at {spot(place)}"
        if not lexicon.knows(character):
            yield f"{at}: not among the model's characters; choose another one"
        elif character in wish.banned:
            yield f"{at}: the character is also banned; leave one of the two out"
        elif wish.has_tones and not lexicon.tones_of(character):
            yield f"{at}: its tone (平仄) is not known; choose another character or --tones none"
        elif wish.no_repeat and character in seen:
            yield (
                f"{at}: it stands at {spot(seen[character])} already and no character may "
                "repeat; change one, or allow repeats"
            )
        seen[character] = place
    if asked_groups(lexicon, wish.rhyme) is None:
        yield (
            f"rhyme '{wish.rhyme}': neither a rhyme group nor a character with a level-tone (平) "
            f"rhyme; use auto, none or one of {' '.join(lexicon.rhyme_names)}"
        )


def _rhyme_problem(sounds: Sounds, wish: VerseWish, pins: Pins) -> str:
    """Say why the rhyme lines cannot rhyme, tones left aside."""
    lexicon, form = sounds.lexicon, wish.form
    ends = [(line, form.line_length) for line in form.rhyme_lines]
    words = {place: pins[place].character for place in ends if place in pins}
    where = f"{_subject(wish, pins)} cannot rhyme in {form.name}"
    told = ", ".join(f"{_rhyme_of(lexicon, c)} at {spot(at)}" for at, c in words.items())
    remedy = "change the characters, or use --rhyme none"
    unrhyming = [at for at, c in words.items() if not sounds.groups[lexicon.symbol_of[c]]]
    if unrhyming:
        at = unrhyming[0]
        return (
            f"{where}: {spot(at)} takes the rhyme, which is of the level tone (平), and "
            f"{_rhyme_of(lexicon, words[at])} cannot be one; {remedy}"
        )
    if wish.distinct_rhymes and len(set(words.values())) < len(words):
        return f"{where}: a character may not rhyme twice ({told}); {remedy}"
    shared = (1 << len(lexicon.rhyme_names)) - 1
    for character in words.values():
        shared &= int(sounds.groups[lexicon.symbol_of[character]])
    if not shared:
        return f"{where}: the rhyme characters share no rhyme group: {told}; {remedy}"
    asked = asked_groups(lexicon, wish.rhyme) or 0
    if not shared & asked:
        names = " ".join(lexicon.names(asked))
        return f"{where}: the rhyme asked for is {names}, but there stand {told}; {remedy}"
    names = " ".join(lexicon.names(shared & asked)[:3])
    return (
        f"{where}: no rhyme group left ({names}) has enough characters for the "
        f"{len(ends)} rhymes; choose another rhyme, or use --rhyme none"
    )


def _tone_problem(sounds: Sounds, wish: VerseWish, pins: Pins) -> str:
    """Say which characters break the tone templates, by which rule, and what would help."""
    culprits = _smallest(sounds, wish, pins)
    where = f"{_subject(wish, pins)} cannot stand in {wish.form.name} with tones '{wish.tones}'"
    told = " and ".join(
        f"'{pin.character}' ({sounds.lexicon.tones_of(pin.character)}) at {spot(at)}"
        for at, pin in culprits.items()
    )
    verb = "makes" if len(culprits) == 1 else "make"
    broken = [rule for rule in RULES if worlds_of(sounds, wish, culprits, (rule,))]
    if not culprits:
        reason = "too few characters of the model have the tones (平仄) and rhymes that it takes"
    elif broken:
        reason = f"{told} {verb} {broken[0]}"
    elif worlds_of(sounds, replace(wish, rhyme="none"), culprits):
        reason = f"{told} {verb} line 1 rhyme too (首句入韵), and the rhymes do not fit together"
    else:
        reason = f"{told} {'fits' if len(culprits) == 1 else 'fit'} no tone template (平仄)"
    return f"{where}: {reason}; try {', or '.join(_remedies(sounds, wish, pins))}"


def _smallest(sounds: Sounds, wish: VerseWish, pins: Pins) -> dict[Place, Pin]:
    """Return pins that cannot stand together, none of which can be left out."""
    kept = dict(pins)
    for place in pins:
        fewer = {at: pin for at, pin in kept.items() if at != place}
        if not worlds_of(sounds, wish, fewer):
            kept = fewer
    return kept


def _remedies(sounds: Sounds, wish: VerseWish, pins: Pins) -> list[str]:
    """Return the changes that would help, each of them tried; leaving tones out always does."""
    found = []
    if wish.tones == "strict" and worlds_of(sounds, replace(wish, tones="rescue"), pins):
        found.append("--tones rescue")
    if wish.strict_polyphonic:
        looser = replace(wish, strict_polyphonic=False)
        if worlds_of(sounds_of(sounds.lexicon, looser), looser, pins):
            found.append("one fitting reading as enough")
    longer = _LONGER.get(wish.form.name)
    if longer and wish.heads and not wish.fixed and not wish.first_line:
        other = replace(wish, form=FORMS[longer])
        if worlds_of(sounds, other, pins_of(other)):
            found.append(longer)
    return [*found, "--tones none"]


def _subject(wish: VerseWish, pins: Pins) -> str:
    """Name what was asked for, in the asker's words."""
    if wish.heads:
        return f"{heads_name(wish)} '{wish.heads}'"
    if wish.first_line:
        return f"first line '{wish.first_line}'"
    if pins:
        return f"lock '{''.join(pin.character for pin in pins.values())}'"
    return f"rhyme '{wish.rhyme}'"


def _rhyme_of(lexicon: Lexicon, character: str) -> str:
    groups = " ".join(lexicon.groups_of(character)) or lexicon.tones_of(character) or "unknown"
    return f"'{character}' ({groups})"
