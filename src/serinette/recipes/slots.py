"""One place of a poem: what could stand there, and whether a poem that a person changed still fits.

Shape letters: `V` symbols.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from serinette.artifact.folder import Artifact
from serinette.core.errors import ConfigError, ConstraintError
from serinette.decoding.reading import read
from serinette.decoding.stepper import Stepper
from serinette.kinds.commission import Commission
from serinette.kinds.poem.codec import codec_from_json
from serinette.kinds.poem.layout import canonical, lines_of
from serinette.kinds.poem.script import to_simplified, to_traditional
from serinette.kinds.poem.wishes import PoemWishes
from serinette.recipes.generate import GenerateRequest, commissions_of

Place = tuple[int, int]
"""(line, place), both counted from 1."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A character that could stand at a place."""

    character: str
    probability: float
    """Among the characters that the rules allow there, in [0, 1]."""
    model_probability: float
    """Among all symbols, as the model alone has it."""


class Slots:
    """The places of the poems that a model writes.

    Args:
        artifact: A poem model.
        stepper: What runs its network.
    """

    def __init__(self, artifact: Artifact, stepper: Stepper) -> None:
        self._codec = codec_from_json(artifact.codec)
        self._stepper = stepper

    def likeliest(
        self, request: GenerateRequest, poem: str, place: Place, n: int = 10
    ) -> list[Candidate]:
        """Return the characters most likely to stand at a place, after all that stands before it.

        What stands there now, and what follows, says nothing; locked places that follow do, as
        far as rules depend on them. Penalties and temperature are left out.

        Args:
            request: With the wishes that the poem keeps; required words are not looked at.
            poem: The poem.
            place: Which place; it is taken as free even if it is among the fixed ones.
            n: How many.

        Raises:
            ConfigError: If the poem has no such place.
            ConstraintError: If the poem breaks the rules before it.
        """
        content = canonical(poem)
        before = self._codec.encode(content)[: _offset(content, place), 0].astype(np.int64)
        others = {k: v for k, v in request.wishes.fixed.items() if k != written(place)}
        commission = self._commission(request, others)
        begin = np.concatenate([np.array([self._codec.schema.end]), before])
        context = self._codec.encode_context(commission.context).astype(np.int64)
        logits, _ = read(self._stepper, begin, context)
        weights = np.exp(logits[0].astype(np.float64) - logits.max())
        allowed = self._allowed(commission, before)
        if not allowed.any():
            raise ConstraintError(
                f"line {place[0]}, place {place[1]}: nothing fits after what stands before it; "
                "change or redraw that first"
            )
        return list(self._best(weights, allowed, n))

    def check(self, request: GenerateRequest, poem: str) -> None:
        """Refuse a poem that does not keep the wishes.

        Raises:
            ConstraintError: With the rule that it breaks.
        """
        lines = lines_of(canonical(poem))
        for word in request.wishes.require:
            if not any(self.known(word) in line for line in lines):
                raise ConstraintError(f"required word '{word}' would be gone; leave it in")
        everything = {
            written((number, column)): character
            for number, line in enumerate(lines, start=1)
            for column, character in enumerate(line, start=1)
        }
        self._commission(request, everything)

    def has_places(self, request: GenerateRequest) -> bool:
        """Say whether the form asked for has places that can be locked."""
        return self._commission(request, {}).constraint is not None

    def known(self, text: str) -> str:
        """Write a text in the model's characters, one that it lacks in the other script."""
        return "".join(map(self._known_one, text))

    def _known_one(self, character: str) -> str:
        for written_so in (character, to_traditional(character), to_simplified(character)):
            if not self._codec.n_missing(self._codec.alphabet.encode(written_so)[:, None]):
                return written_so
        return character

    def _commission(self, request: GenerateRequest, fixed: Mapping[str, str]) -> Commission:
        bare = replace(request, wishes=replace(request.wishes, fixed={}, require=()))
        commission = commissions_of(self._codec, PoemWishes, bare, str)[0]
        if not fixed or commission.constraint is None:  # verse without a form has no places
            return commission
        asked = replace(bare, wishes=replace(bare.wishes, fixed=fixed))
        return commissions_of(self._codec, PoemWishes, asked, str)[0]

    def _allowed(
        self, commission: Commission, before: Int64[np.ndarray, " T"]
    ) -> Bool[np.ndarray, " V"]:
        """Return what the rules leave; without rules, every character that the model knows."""
        rule = commission.constraint
        if rule is None or commission.n_steps is None:
            hanzi: Bool[np.ndarray, " V"] = self._codec.measured.copy()
            hanzi[self._codec.schema.fields[0].missing] = False
            return hanzi
        state = rule.start(1)
        for symbol in before:
            state = rule.advance(state, np.array([symbol]))
        allowed: Bool[np.ndarray, " V"] = rule.allowed(
            state, np.array([commission.n_steps - len(before)])
        )[0]
        return allowed

    def _best(
        self, weights: Float64[np.ndarray, " V"], allowed: Bool[np.ndarray, " V"], n: int
    ) -> Iterator[Candidate]:
        possible = np.flatnonzero(allowed)
        order = possible[np.argsort(-weights[possible], kind="stable")]
        of_allowed, of_all = weights[possible].sum(), weights.sum()
        for symbol in order[:n]:
            yield Candidate(
                character=self._codec.decode(np.array([[symbol]])),
                probability=float(weights[symbol] / of_allowed),
                model_probability=float(weights[symbol] / of_all),
            )


def written(place: Place) -> str:
    """Write a place as wishes have it: `2.3`."""
    return f"{place[0]}.{place[1]}"


def _offset(content: str, place: Place) -> int:
    """Return how many characters and marks stand before a place."""
    lines = lines_of(content)
    number, column = place
    if not (1 <= number <= len(lines) and 1 <= column <= len(lines[number - 1])):
        raise ConfigError(
            f"place {written(place)}: the poem has {len(lines)} lines, and no such place; "
            "both numbers are counted from 1"
        )
    start = 0
    for line in lines[: number - 1]:
        start = content.index(line, start) + len(line)
    return content.index(lines[number - 1], start) + column - 1
