"""The poem codec: characters and marks, and the form, author and title that condition a poem.

Shape letters: `T` time, `F` fields of a step (1), `C` context fields, `V` symbols.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Int32, Int64, UInt8

from serinette.core.coercion import nearest
from serinette.core.errors import ArtifactError, ConfigError
from serinette.core.schema import Schema, SymbolField
from serinette.kinds.commission import Commission
from serinette.kinds.corpus import Corpus
from serinette.kinds.kind import Call
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.layout import FORMS, MARKS, canonical, hanzi_of, plain_title
from serinette.kinds.poem.lexicon import Lexicon
from serinette.kinds.poem.parallel import ParallelSense, couplets_of
from serinette.kinds.poem.phonology import table_for
from serinette.kinds.poem.wishes import PoemWishes
from serinette.kinds.text.alphabet import END, FIRST, MISSING
from serinette.kinds.text.characters import CharacterAlphabet
from serinette.kinds.text.stream import PieceStreamer

FORM, AUTHOR, TITLE = "form", "author", "title"
BOOK: Final = "pingshui"
_FEWEST_POEMS = 10
_FEWEST_COUPLETS = 500
_MOST_TITLE_CHARACTERS = 2_000
_UNKNOWN = 0
_MOST_RHYMES, _BOTH_TONES = 62, 3


class Sounds(NamedTuple):
    """Tones and rhymes of some characters by one book, as `phonology.table_for` gives them."""

    tones: UInt8[np.ndarray, " N"]
    rhymes: Int64[np.ndarray, " N"]
    names: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "tones": "".join(map(str, self.tones.tolist())),
            "rhymes": self.rhymes.tolist(),
            "names": list(self.names),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], n_characters: int) -> "Sounds":
        """Rebuild the table of so many characters.

        Raises:
            ValueError: If it is not one.
        """
        names = tuple(map(str, plain["names"]))
        sounds = cls(
            np.array([int(digit) for digit in plain["tones"]], dtype=np.uint8),
            np.array(plain["rhymes"], dtype=np.int64).reshape(-1),
            names,
        )
        is_whole = len(sounds.tones) == len(sounds.rhymes) == n_characters
        in_range = len(names) <= _MOST_RHYMES and not (sounds.rhymes >> len(names)).any()
        if not (is_whole and in_range and (sounds.tones <= _BOTH_TONES).all()):
            raise ValueError("sounds: the table does not fit the characters")
        return sounds


class Told(NamedTuple):
    """What a poem can be conditioned on besides its form."""

    authors: tuple[str, ...]
    """The authors that are known, in the order of their symbols."""
    title_characters: str
    """The characters of titles that are known, in the order of their symbols."""
    n_title: int
    """How many characters of a title are read."""


class PoemCodec:
    """Poems to steps and back. Immutable; equal if its plain values are.

    Args:
        characters: Every known character and mark once, in the order of their symbols.
        forms: The forms of the train part, the most frequent first.
        told: What a poem can be conditioned on besides its form.
        sounds: Tones and rhymes of `characters` by the name of a rhyme book. They are stored with
            the model, so that it keeps the same rules for ever.
        sense: What answers what in a couplet (对仗); None where no couplets were seen.
    """

    def __init__(
        self,
        characters: str,
        forms: tuple[str, ...],
        told: Told,
        sounds: Mapping[str, Sounds],
        sense: ParallelSense | None = None,
    ) -> None:
        authors, title_characters, n_title = told
        self.sounds = sounds
        self.sense = sense
        self.alphabet = CharacterAlphabet(characters)
        self.authors = authors
        self.title_characters = title_characters
        self.n_title = n_title
        self._lexicons: dict[str, Lexicon] = {}
        self.labels = forms
        self._author_symbol = {author: i + 1 for i, author in enumerate(authors)}
        self._title_symbol = {character: i + 1 for i, character in enumerate(title_characters)}
        title = [
            SymbolField(
                name=f"{TITLE}{k + 1}",
                size=1 + len(title_characters),
                missing=_UNKNOWN,
                table=TITLE,
            )
            for k in range(n_title)
        ]
        self.schema = Schema(
            fields=(SymbolField(name="character", size=self.alphabet.size, missing=MISSING),),
            context=(
                SymbolField(name=FORM, size=len(FORMS)),
                SymbolField(name=AUTHOR, size=1 + len(authors), missing=_UNKNOWN),
                *title,
            ),
            end=END,
        )

    @property
    def border(self) -> None:
        """Poems are never cut."""
        return

    @cached_property
    def measured(self) -> Bool[np.ndarray, " V"]:
        """Hanzi count when predictions are measured; marks and `end` do not."""
        counts = np.ones(self.alphabet.size, dtype=np.bool_)
        counts[END] = False
        known = self.alphabet.encode(MARKS)
        counts[known[known != MISSING]] = False
        return counts

    def encode(self, content: str) -> Int32[np.ndarray, "T F"]:
        """Turn a poem into steps, without `end`; line breaks are left out."""
        return self.alphabet.encode(canonical(content))[:, None]

    def decode(self, steps: Int[np.ndarray, "T F"]) -> str:
        """Turn steps into canonical content."""
        return self.alphabet.decode(steps[:, 0])

    def encode_context(self, context: Mapping[str, str]) -> Int32[np.ndarray, " C"]:
        """Turn form, author and title into symbols; what is unknown becomes `missing`."""
        form = context.get(FORM, FORMS[-1])
        title = hanzi_of(plain_title(context.get(TITLE, "")))[: self.n_title]
        symbols = [
            FORMS.index(form) if form in FORMS else len(FORMS) - 1,
            self._author_symbol.get(context.get(AUTHOR, ""), _UNKNOWN),
            *(self._title_symbol.get(character, _UNKNOWN) for character in title),
        ]
        padding = len(self.schema.context) - len(symbols)
        return np.array(symbols + [_UNKNOWN] * padding, dtype=np.int32)

    def measured_context(self, context: Mapping[str, str]) -> Mapping[str, str]:
        """Keep the form: figures are of a poem whose author and title are not told."""
        return {key: value for key, value in context.items() if key == FORM}

    def knows(self, name: str, value: str) -> bool:
        """Say whether there were poems of this form."""
        return name == FORM and value in self.labels

    def check_context(self, context: Mapping[str, str]) -> None:
        """Refuse a form or author that the model does not know.

        Raises:
            ConfigError: With the nearest known name.
        """
        for key, value in context.items():
            known = {FORM: FORMS, AUTHOR: self.authors, TITLE: (value,)}.get(key)
            if known is None:
                raise ConfigError(
                    f"unknown context '{key}' ({nearest(key, [FORM, AUTHOR, TITLE])})"
                )
            if value and value not in known:
                raise ConfigError(f"unknown {key} '{value}' ({nearest(value, list(known))})")

    def commission(
        self, wishes: PoemWishes, prefix: str, labels: Mapping[str, str], call: Call
    ) -> Commission:
        """Turn wishes into the rules of verse and the poem's context."""
        from serinette.kinds.poem.writing import commission_of

        return commission_of(self, wishes, prefix, labels, call.seed)

    def showpieces(self) -> tuple[PoemWishes, ...]:
        """Return what is shown of a model in training: three poems, and an acrostic."""
        from serinette.kinds.poem.writing import showpieces_of

        return showpieces_of(self)

    def n_characters(self, content: str) -> int:
        """Count hanzi."""
        return len(hanzi_of(content))

    def n_bytes(self, content: str) -> int:
        """Count the bytes of the UTF-8, marks included."""
        return len(canonical(content).encode("utf-8", "surrogatepass"))

    def n_missing(self, steps: Int[np.ndarray, "T F"]) -> int:
        """Count unknown characters."""
        return int(np.count_nonzero(steps == MISSING))

    def step_lengths(self, content: str) -> Int32[np.ndarray, " T"]:
        """Every step is one character."""
        return np.ones(len(canonical(content)), dtype=np.int32)

    def streamer(self) -> PieceStreamer:
        """Return a fresh streaming decoder."""
        return self.alphabet.streamer()

    def rules(self) -> None:
        """Every sequence of characters can be written."""
        return

    def lexicon(self, book: str = BOOK) -> Lexicon:
        """Return tones and rhymes of each symbol by a rhyme book.

        Args:
            book: `pingshui` or `xinyun`.

        Raises:
            ConfigError: If there is no such book.
            MissingExtraError: If the model does not hold the book, and the package that it is made
                of is not installed.
        """
        if book not in self._lexicons:
            self._lexicons[book] = self._lexicon_of(book)
        return self._lexicons[book]

    def _lexicon_of(self, book: str) -> Lexicon:
        characters = self.alphabet.characters
        sounds = self.sounds.get(book) or Sounds(*table_for(characters, book))
        is_hanzi = np.array([bool(hanzi_of(character)) for character in characters])
        nothing = np.zeros(FIRST)
        return Lexicon(
            tones=np.concatenate([nothing, sounds.tones]).astype(np.uint8),
            rhymes=np.concatenate([nothing.astype(np.int64), sounds.rhymes]),
            rhyme_names=sounds.names,
            is_hanzi=np.concatenate([nothing, is_hanzi]).astype(np.bool_),
            symbol_of={c: FIRST + k for k, c in enumerate(characters)},
            end=END,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "characters": self.alphabet.characters,
            "forms": list(self.labels),
            "authors": list(self.authors),
            "title_characters": self.title_characters,
            "n_title": self.n_title,
            "parallel": None if self.sense is None else self.sense.to_json(),
            "sounds": {book: sounds.to_json() for book, sounds in self.sounds.items()},
        }


def fit_codec(train: Corpus, config: PoemConfig) -> PoemCodec:
    """Learn characters, authors and title characters of the train part."""
    found = CharacterAlphabet.fit(
        [sequence.content for sequence in train.sequences], 1 << 20, config.min_count
    ).characters
    # The rules force `，` and `。`, so a model always knows them.
    characters = found + "".join(mark for mark in "，。" if mark not in found)
    n_title = config.title_characters
    poems_of = Counter(s.context[AUTHOR] for s in train.sequences if s.context.get(AUTHOR))
    authors = [a for a, n in poems_of.most_common(config.authors) if n >= _FEWEST_POEMS]
    in_titles = Counter(
        character
        for sequence in train.sequences
        for character in hanzi_of(plain_title(sequence.context.get(TITLE, "")))[:n_title]
    )
    title = [character for character, _ in in_titles.most_common(_MOST_TITLE_CHARACTERS)]
    forms = Counter(s.context.get(FORM, FORMS[-1]) for s in train.sequences)
    return PoemCodec(
        characters,
        tuple(form for form, _ in forms.most_common()),
        Told(tuple(authors), "".join(title), n_title if title else 0),
        {BOOK: Sounds(*table_for(characters, BOOK))},
        _sense_of(train),
    )


def extended_codec(codec: PoemCodec, train: Corpus, config: PoemConfig) -> PoemCodec:
    """Return `codec` with what another train part has besides; old symbols keep their numbers.

    A model that reads no titles goes on without them. What answers what in a couplet is learnt from
    the new part only where the old codec does not know it.
    """
    more = fit_codec(train, config)
    characters = _joined(codec.alphabet.characters, more.alphabet.characters)
    title = _joined(codec.title_characters, more.title_characters) if codec.n_title else ""
    return PoemCodec(
        characters,
        tuple(dict.fromkeys((*codec.labels, *more.labels))),
        Told(tuple(dict.fromkeys((*codec.authors, *more.authors))), title, codec.n_title),
        {book: _longer(sounds, characters, book) for book, sounds in codec.sounds.items()},
        more.sense if codec.sense is None else codec.sense,
    )


def _longer(old: Sounds, characters: str, book: str) -> Sounds:
    """Look up the characters that were added; the old ones sound as they did."""
    n, added = len(old.tones), characters[len(old.tones) :]
    new = Sounds(*table_for(characters, book)) if added else old
    if new.names != old.names:  # a book of an earlier version: its numbers are its own
        return new
    return Sounds(
        np.concatenate([old.tones, new.tones[n:]]),
        np.concatenate([old.rhymes, new.rhymes[n:]]),
        old.names,
    )


def _joined(old: str, new: str) -> str:
    return "".join(dict.fromkeys(old + new))


def _sense_of(train: Corpus) -> ParallelSense | None:
    """Learn what answers what, where there are couplets enough."""
    contents = [sequence.content for sequence in train.sequences]
    n_couplets = sum(len(couplets_of(content)) for content in contents)
    return ParallelSense.fit(contents) if n_couplets >= _FEWEST_COUPLETS else None


def codec_from_json(plain: Mapping[str, Any]) -> PoemCodec:
    """Rebuild a codec from the plain values of `to_json`.

    Raises:
        ArtifactError: If a part is absent, of the wrong type or repeated.
    """
    try:
        characters, authors = plain["characters"], tuple(plain["authors"])
        forms = tuple(plain["forms"])
        if not set(forms) <= set(FORMS) or not forms:
            raise ValueError(f"forms: {forms!r}")
        title, n_title = plain["title_characters"], plain["n_title"]
        for name, values in (
            ("characters", characters),
            ("forms", forms),
            ("authors", authors),
            ("title", title),
        ):
            if len(set(values)) != len(values) or not all(isinstance(v, str) for v in values):
                raise ValueError(f"{name}: a text that stands there twice, or no text")
        if not isinstance(n_title, int) or not 0 <= n_title <= _MOST_TITLE_CHARACTERS:
            raise ValueError(f"n_title: {n_title!r}")
        sounds = {
            str(book): Sounds.from_json(table, len(characters))
            for book, table in plain["sounds"].items()
        }
        parallel = plain.get("parallel")
        sense = None if parallel is None else ParallelSense.from_json(parallel)
        return PoemCodec(characters, forms, Told(authors, title, n_title), sounds, sense)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ArtifactError(
            f"codec.json: the poem codec cannot be read ({type(error).__name__}: {error}); "
            "get the model again"
        ) from error
