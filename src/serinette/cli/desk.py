"""The poem desk without its terminal: what each command does, as text to be shown.

A command that cannot be obeyed raises a `SerinetteError` and changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from serinette.artifact.folder import Artifact
from serinette.cli.desk_commands import HELP, Command, place_in, places_in
from serinette.cli.generate_options import GenerateOptions
from serinette.cli.output import SCHEMA_VERSION
from serinette.cli.sheets import sheet_config
from serinette.core import plain_json
from serinette.core.durable import write_file
from serinette.core.errors import ConfigError
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.kinds.poem.layout import canonical, lines_of
from serinette.kinds.poem.script import to_simplified, to_traditional
from serinette.kinds.poem.writing import shown
from serinette.recipes.generate import GenerateRequest, Sample, generate
from serinette.recipes.sheets import on_sheet, sheet_of
from serinette.recipes.slots import Place, Slots, written

MOST_POEMS: Final = 9
"""Poems on the desk: as many as there are digits to choose by."""
_DEFAULT_POEMS = 3
_RULE_WIDTH = 40
_FORMATS: Final = (".txt", ".json", ".svg")
_SCRIPTS: Final[Mapping[str, Callable[[str], str]]] = {
    "simplified": to_simplified,
    "traditional": to_traditional,
}


@dataclass(frozen=True, kw_only=True)
class Poem:
    """A poem on the desk, in the model's characters."""

    content: str
    form: str
    title: str
    acrostic: str
    seed: int
    is_edited: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines, without marks."""
        return lines_of(self.content)


class Desk:
    """Poems, the one that is chosen, what is locked in it, and what was kept.

    Args:
        artifact: A poem model.
        request: What is asked for; places that it fixes are locked at first.
        options: How an exported sheet looks, and how many poems lie on the desk.
    """

    def __init__(
        self, artifact: Artifact, request: GenerateRequest, options: GenerateOptions
    ) -> None:
        self._artifact = artifact
        self._stepper = OnnxStepper(artifact.decoding_graph(), artifact.schema)
        self._slots = Slots(artifact, self._stepper)
        self._options = options
        self._show = _SCRIPTS.get(request.wishes.script, str)
        self._locks = {
            _place(place): self._slots.known(character)
            for place, character in request.wishes.fixed.items()
        }
        self._request = replace(
            request,
            n=min(options.n or _DEFAULT_POEMS, MOST_POEMS),
            wishes=replace(request.wishes, fixed={}, script="as-is"),
        )
        self._poems: list[Poem] = []
        self._chosen = 0
        self._kept: list[Poem] = []
        self._is_exported = True
        self._commands: Mapping[str, Callable[[str], str]] = {
            "choose": self._choose,
            "lock": self._lock,
            "unlock": self._unlock,
            "redraw": self._redraw,
            "top": self._top,
            "put": self._put,
            "form": self._reform,
            "rhyme": self._rhyme,
            "acrostic": self._acrostic,
            "about": self._about,
            "keep": self._keep,
            "list": self._list,
            "export": self._export,
            "help": self._help,
        }

    def open(self, keywords: str) -> str:
        """Draw the first poems.

        Args:
            keywords: What they are about; empty: as the request has it.
        """
        wishes = self._request.wishes
        if keywords:
            wishes = replace(wishes, title=keywords)
        return self._draw(replace(self._request, wishes=wishes), self._locks, self._locks)

    def obey(self, command: Command) -> str:
        """Do what a command says, and return what is to be shown."""
        return self._commands[command.name](command.argument)

    def farewell(self) -> str:
        """Say what was kept; poems that are in no file yet are shown."""
        if not self._kept:
            return "nothing was kept"
        if self._is_exported:
            return f"kept: {len(self._kept)}, all exported"
        return f"kept: {len(self._kept)}\n{self._numbered(self._kept)}"

    @property
    def _poem(self) -> Poem:
        return self._poems[self._chosen]

    def _draw(
        self, request: GenerateRequest, fixed: Mapping[Place, str], locks: Mapping[Place, str]
    ) -> str:
        """Draw; only when that worked does anything change.

        Args:
            request: What is asked for from now on.
            fixed: Characters that the new poems have.
            locks: Which of them stay locked.
        """
        by_place = {written(place): character for place, character in sorted(fixed.items())}
        asked = replace(request, wishes=replace(request.wishes, fixed=by_place))
        drawn = generate(self._artifact, asked, stepper=self._stepper)
        poems = [
            Poem(
                content=canonical(sample.full_text),
                form=str(request.wishes.form or sample.labels.get("form", "")),
                title=request.wishes.title,
                acrostic=request.wishes.acrostic,
                seed=sample.seed,
            )
            for sample in drawn
            if isinstance(sample, Sample)
        ]
        self._poems, self._chosen, self._request = poems, 0, request
        self._locks = dict(locks)
        return f"{self._numbered(poems)}\n{self._status()}"

    def _draw_anew(self, request: GenerateRequest, locks: Mapping[Place, str]) -> str:
        return self._draw(replace(request, seed=request.seed + 1), locks, locks)

    def _wish(self, **changes: object) -> GenerateRequest:
        return replace(self._request, wishes=replace(self._request.wishes, **changes))

    def _choose(self, argument: str) -> str:
        number = int(argument) if argument.isdecimal() else 0
        if not 1 <= number <= len(self._poems):
            raise ConfigError(f"poem '{argument}': there are 1 to {len(self._poems)}")
        self._chosen = number - 1
        lines = self._poem.lines
        lost = [place for place, c in self._locks.items() if _at(lines, place) != c]
        self._locks = {place: c for place, c in self._locks.items() if place not in lost}
        told = [f"unlocked, because it is not so here: {_listed(lost)}"] if lost else []
        return "\n".join([self._chosen_view(), *told])

    def _lock(self, argument: str) -> str:
        places = self._meant(argument, "锁 2.3")
        if not self._slots.has_places(self._request):
            raise ConfigError("verse without a form has no places to lock; 形 七绝 gives it one")
        lines = self._poem.lines
        self._locks = {**self._locks, **{(n, k): lines[n - 1][k - 1] for n, k in places}}
        return self._chosen_view()

    def _unlock(self, argument: str) -> str:
        places = self._meant(argument, "解 2.3") if argument else list(self._locks)
        self._locks = {place: c for place, c in self._locks.items() if place not in places}
        return self._chosen_view()

    def _redraw(self, argument: str) -> str:
        if not argument:
            return self._draw_anew(self._request, self._locks)
        free = self._meant(argument, "换 2")
        rest = {
            (number, column): character
            for number, line in enumerate(self._poem.lines, start=1)
            for column, character in enumerate(line, start=1)
            if (number, column) not in free
        }
        locks = {place: c for place, c in self._locks.items() if place not in free}
        return self._draw(replace(self._request, seed=self._request.seed + 1), rest, locks)

    def _top(self, argument: str) -> str:
        place = place_in(argument, self._poem.lines)
        found = self._slots.likeliest(self._asked(), self._poem.content, place)
        rows = [
            f"{self._show(one.character)}  {_percent(one.probability)}"
            f"  (the model alone: {_percent(one.model_probability)})"
            for one in found
        ]
        return "\n".join(rows)

    def _put(self, argument: str) -> str:
        place_text, equals, text = (part.strip() for part in argument.partition("="))
        if not equals or not text:
            raise ConfigError(f"'{argument}' is not PLACE=TEXT; write it like 改 2.3=月")
        number, column = place_in(place_text, self._poem.lines)
        new = self._slots.known(text)
        line = self._poem.lines[number - 1]
        if column - 1 + len(new) > len(line):
            raise ConfigError(
                f"'{text}' at {place_text}: line {number} has only {len(line)} places; shorten it"
            )
        start = _start_of(self._poem.content, number) + column - 1
        content = self._poem.content
        content = content[:start] + new + content[start + len(new) :]
        self._slots.check(self._request, content)
        self._poems[self._chosen] = replace(self._poem, content=content, is_edited=True)
        places = {(number, column + k): character for k, character in enumerate(new)}
        if self._slots.has_places(self._request):
            self._locks = {**self._locks, **places}
        return self._chosen_view()

    def _reform(self, argument: str) -> str:
        name, *rest = argument.split() or [""]
        if not name or len(rest) > 1 or not all(map(str.isdecimal, rest)):
            raise ConfigError(f"'{argument}' is no form; write it like 形 七律, or 形 七古 12")
        return self._draw_anew(self._wish(form=name, lines=int(rest[0]) if rest else None), {})

    def _rhyme(self, argument: str) -> str:
        return self._draw_anew(self._wish(rhyme=argument or "auto"), self._locks)

    def _acrostic(self, argument: str) -> str:
        return self._draw_anew(self._wish(acrostic=argument), self._locks)

    def _about(self, argument: str) -> str:
        return self._draw_anew(self._wish(title=argument), self._locks)

    def _keep(self, argument: str) -> str:
        if argument:
            self._choose(argument)
        if self._poem in self._kept:
            return f"it is kept already; kept: {len(self._kept)}"
        self._kept.append(self._poem)
        self._is_exported = False
        return f"kept: {len(self._kept)}"

    def _list(self, argument: str) -> str:
        return self._numbered(self._kept) if self._kept else "nothing is kept yet; 存 or keep does"

    def _export(self, argument: str) -> str:
        path = Path(argument)
        if path.suffix not in _FORMATS:
            raise ConfigError(f"'{argument}': write to a file that ends in {', '.join(_FORMATS)}")
        poems = self._kept or [self._poem]
        texts = [self._text(poem) for poem in poems]
        if path.suffix == ".svg":
            content = self._sheet(poems).encode()
        elif path.suffix == ".json":
            content = plain_json.dump(
                {"schema_version": SCHEMA_VERSION, "poems": list(map(self._plain, poems))}
            )
        else:
            content = ("\n\n".join(texts) + "\n").encode()
        write_file(path, content)
        self._is_exported = True
        return f"poems written to {path}: {len(poems)}"

    def _help(self, argument: str) -> str:
        return HELP

    def _meant(self, argument: str, example: str) -> list[Place]:
        if not argument:
            raise ConfigError(f"which place? write it like {example}")
        return places_in(self._slots.known(argument), self._poem.lines)

    def _asked(self) -> GenerateRequest:
        """Return the request with the locks, as far as the chosen poem has them."""
        return self._wish(fixed={written(place): c for place, c in self._locks.items()})

    def _text(self, poem: Poem) -> str:
        return self._show(shown(poem.content))

    def _plain(self, poem: Poem) -> dict[str, object]:
        facts = {name: value for name, value in vars(poem).items() if name != "content"}
        return {"text": self._text(poem), **facts}

    def _sheet(self, poems: list[Poem]) -> str:
        config = sheet_config(self._options, self._request.wishes)
        laid_out = [
            on_sheet(self._text(p), replace(config, title=p.title, acrostic=p.acrostic))
            for p in poems
        ]
        return sheet_of(laid_out, config)

    def _numbered(self, poems: list[Poem]) -> str:
        titles = (f"── {number} ".ljust(_RULE_WIDTH, "─") for number in range(1, len(poems) + 1))
        return "\n".join(
            f"{title}\n{self._text(poem)}" for title, poem in zip(titles, poems, strict=True)
        )

    def _chosen_view(self) -> str:
        """Show the chosen poem with numbers of lines, to name places by."""
        rows = [
            f"{number}  {self._show(line)}" for number, line in enumerate(self._poem.lines, start=1)
        ]
        return "\n".join([*rows, self._status()])

    def _status(self) -> str:
        wishes = self._request.wishes
        parts = [
            f"poem {self._chosen + 1} of {len(self._poems)}",
            self._poem.form,
            f"题 {self._poem.title}" if self._poem.title else "",
            f"头 {wishes.acrostic}" if wishes.acrostic else "",
            f"韵 {wishes.rhyme}" if wishes.rhyme != "auto" else "",
            f"锁 {self._show(self._locked())}" if self._locks else "",
            f"seed {self._poem.seed}",
        ]
        return " · ".join(part for part in parts if part)

    def _locked(self) -> str:
        """Name what is locked; a whole line by its number."""
        named: dict[str, str] = {}
        for number, line in enumerate(self._poem.lines, start=1):
            of_line = {k: c for (n, k), c in sorted(self._locks.items()) if n == number}
            if len(of_line) == len(line):
                named[str(number)] = line
            else:
                named |= {written((number, k)): c for k, c in of_line.items()}
        return " ".join(f"{place}={text}" for place, text in named.items())


def _place(text: str) -> Place:
    line, _, column = text.partition(".")
    return int(line), int(column)


def _at(lines: tuple[str, ...], place: Place) -> str:
    number, column = place
    return lines[number - 1][column - 1 : column] if number <= len(lines) else ""


def _start_of(content: str, number: int) -> int:
    """Return where a line begins."""
    start = 0
    for line in lines_of(content)[: number - 1]:
        start = content.index(line, start) + len(line)
    return content.index(lines_of(content)[number - 1], start)


def _listed(places: list[Place]) -> str:
    return " ".join(written(place) for place in sorted(places))


def _percent(share: float) -> str:
    return f"{100 * share:5.2f} %"
