"""A blind test with people: the sheet, its key, what people answered, and what that proves.

Shape letters: `P` people, `I` pieces.
"""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from serinette.core import plain_json
from serinette.core.errors import DataError
from serinette.core.metric import Interval
from serinette.evaluation.proportion import wilson_interval

MARK = "serinette-blind-test"
"""What a line of answers begins with."""
_ANSWERS = re.compile(MARK + r"\s+([0-9a-f]{16})\s+([rgRG-]+)")
_SIGNIFICANT = 0.05
_RESAMPLES = 2_000

Marked = Bool[np.ndarray, "P I"]


@dataclass(frozen=True)
class Item:
    """One piece of a sheet."""

    text: str


@dataclass(frozen=True)
class Sheet:
    """Pieces in the order in which they are shown, and who wrote them."""

    items: tuple[Item, ...]
    key: tuple[bool, ...]
    """Of each piece whether it was generated."""

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that stand for the pieces and their order."""
        texts = json.dumps([item.text for item in self.items])
        return hashlib.sha256(texts.encode("ascii")).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What one person thought of a sheet."""

    sheet: str
    """Its digest."""
    marks: str
    """A letter for each piece: `r` real, `g` generated, `R` and `G` the same of a piece that the
    person knew before, `-` not answered."""

    @property
    def line(self) -> str:
        """One line to send on."""
        return f"{MARK} {self.sheet} {self.marks}"


@dataclass(frozen=True, kw_only=True)
class TuringScore:
    """How well people told the machine from people."""

    n: int
    """Answers that count: given, and to pieces that were not known before."""
    correct: int
    accuracy: float
    """0.5 is guessing: the machine cannot be told."""
    interval: Interval
    """95 % of the accuracy."""
    p_value: float
    """How likely a result so far from half is to people who cannot tell, two-sided."""
    real_accuracy: float | None
    """Share of the real pieces taken for real; None where none was answered."""
    generated_accuracy: float | None
    """Share of the generated pieces taken for generated; None where none was answered."""
    n_raters: int
    n_unanswered: int
    n_known: int
    """Answers left out because the person knew the piece."""
    verdict: str
    """The result in words."""


def key_file(sheet: Sheet) -> bytes:
    """Return the file that scores answers: pieces, who wrote them, and the hash of the sheet."""
    items = [
        {"text": item.text, "generated": is_generated}
        for item, is_generated in zip(sheet.items, sheet.key, strict=True)
    ]
    return plain_json.dump({"sheet": sheet.digest, "items": items})


def read_key(content: bytes, place: str) -> Sheet:
    """Read what `key_file` wrote.

    Args:
        content: The bytes of the file.
        place: What to call it in a message.

    Raises:
        DataError: If it is no key, or was changed.
    """
    try:
        plain = json.loads(content)
        items = [(str(item["text"]), bool(item["generated"])) for item in plain["items"]]
        sheet = Sheet(tuple(Item(text) for text, _ in items), tuple(made for _, made in items))
        is_intact = plain["sheet"] == sheet.digest
    except (ValueError, KeyError, TypeError, RecursionError):
        message = f"{place} is not the key of a blind test; give the file made with its sheet"
        raise DataError(message) from None
    if not is_intact:
        raise DataError(f"{place}: its pieces are not those of its sheet; restore the file")
    return sheet


def read_answers(content: bytes, place: str) -> tuple[Answers, ...]:
    """Find the answers in a file that a sheet saved, or in any text that holds their lines.

    Args:
        content: The bytes of the file. The same line twice is one person's.
        place: What to call the file in a message.

    Raises:
        DataError: If there are none.
    """
    found = _ANSWERS.findall(content.decode("utf-8", "replace"))
    if not found:
        raise DataError(f"{place} holds no answers; they are a line that begins with '{MARK}'")
    return tuple(Answers(sheet=sheet, marks=marks) for sheet, marks in dict.fromkeys(found))


def score_answers(sheet: Sheet, answers: Sequence[Answers], *, seed: int = 0) -> TuringScore:
    """Count how often people were right.

    One person: Wilson's interval and the exact binomial test. Several people judge the same pieces,
    so their answers are not independent: the interval is a bootstrap over people and pieces (Owen
    2007), and the test swaps human and machine piece by piece, all answers to a piece with it; for
    one person that is the binomial test.

    Args:
        sheet: With its key.
        answers: One for each person.
        seed: Of the bootstrap.

    Raises:
        DataError: If answers belong to another sheet, or nothing was answered.
    """
    _check(sheet, answers)
    marks = np.array([list(each.marks) for each in answers])  # [raters, items]
    is_answered = np.isin(marks, ["r", "g"])
    is_right = is_answered & ((marks == "g") == np.array(sheet.key))
    n, correct = int(is_answered.sum()), int(is_right.sum())
    net = 2 * is_right.sum(axis=0) - is_answered.sum(axis=0)
    interval = _interval(is_right, is_answered, seed)
    p_value = _swap_test(net.tolist())
    return TuringScore(
        n=n,
        correct=correct,
        accuracy=correct / n,
        interval=interval,
        p_value=p_value,
        real_accuracy=_side(is_right, is_answered, ~np.array(sheet.key)),
        generated_accuracy=_side(is_right, is_answered, np.array(sheet.key)),
        n_raters=len(answers),
        n_unanswered=int((marks == "-").sum()),
        n_known=int(np.isin(marks, ["R", "G"]).sum()),
        verdict=_verdict(n, correct, interval, p_value),
    )


def _check(sheet: Sheet, answers: Sequence[Answers]) -> None:
    for each in answers:
        if each.sheet != sheet.digest:
            raise DataError(
                f"the answers belong to sheet {each.sheet}, the key to {sheet.digest}; "
                "give the key that was made with the sheet"
            )
        if len(each.marks) != len(sheet.key):
            raise DataError(
                f"{len(each.marks)} answers to a sheet of {len(sheet.key)} pieces; copy the "
                "whole line"
            )
    if not any(set(each.marks) & set("rg") for each in answers):
        raise DataError("nothing was answered; open the sheet and choose for some pieces")


def _side(is_right: Marked, is_answered: Marked, is_theirs: Bool[np.ndarray, " I"]) -> float | None:
    n = is_answered[:, is_theirs].sum()
    return float(is_right[:, is_theirs].sum() / n) if n else None


def _interval(is_right: Marked, is_answered: Marked, seed: int) -> Interval:
    if len(is_right) == 1:
        return wilson_interval(float(is_right.sum() / is_answered.sum()), float(is_answered.sum()))
    generator = np.random.default_rng(seed)
    raters, items = (
        generator.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES) for n in is_right.shape
    )
    right, answered = (
        ((raters @ marked.astype(np.int64)) * items).sum(axis=1)
        for marked in (is_right, is_answered)
    )
    met = answered > 0
    low, high = np.quantile(right[met] / answered[met], [0.025, 0.975])
    return float(low), float(high)


def _swap_test(net: Sequence[int]) -> float:
    """Return how likely so many right answers, or so few, are to those who cannot tell.

    Args:
        net: Right minus wrong answers to each piece. Were nobody able to tell, each would as
            likely be its opposite; all sums of such signs are counted.
    """
    chances = {0: 1.0}
    for swing in net:
        spread: dict[int, float] = {}
        for total, chance in chances.items():
            for outcome in (total + swing, total - swing):
                spread[outcome] = spread.get(outcome, 0.0) + chance / 2
        chances = spread
    as_far = [chance for total, chance in chances.items() if abs(total) >= abs(sum(net))]
    return min(1.0, math.fsum(as_far))


def _verdict(n: int, correct: int, interval: Interval, p_value: float) -> str:
    low, high = (100 * end for end in interval)
    counted = (
        f"{correct} of {n} answers were right ({100 * correct / n:.0f} %, "
        f"95 % interval {low:.0f} to {high:.0f} %)"
    )
    if p_value >= _SIGNIFICANT:
        return (
            f"The machine was not told from people: {counted}, and guessing gives 50 %. "
            f"These answers do not rule out that up to {high:.0f} % can be right."
        )
    if 2 * correct > n:
        return f"The machine was told from people: {counted}, and guessing gives 50 %."
    return f"The machine was taken for people, and people for the machine: {counted}."
