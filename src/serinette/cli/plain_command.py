"""A typer command whose values are read by our own rules, and whose help is plain text.

typer reads values with pydantic, whose import takes longer than that of NumPy, and whose messages
do not name the value. `core.coercion` reads settings anyway; here it reads options too.
"""

from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin

from typer.core import TyperCommand

from serinette.core.coercion import MismatchError, coerce
from serinette.core.errors import ConfigError


class PlainCommand(TyperCommand):
    """A command with plain help, whose usage errors name the value that was given."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, which read their values plainly."""
        return read_plainly(super().get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments without their Python types, then options."""
        rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                is_argument = parameter.param_type_name == "argument"
                name = parameter.metavar if is_argument and parameter.metavar else record[0]
                rows[parameter.param_type_name].append((name, record[1]))
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            if rows[kind]:
                with formatter.section(title):
                    formatter.write_dl(rows[kind])


def read_plainly(parameters: list[Any]) -> list[Any]:
    """Let parameters of typer's read their values with an `OptionReader`."""
    for parameter in parameters:
        vars(parameter)["get_runtime_param"] = partial(OptionReader, parameter)
    return parameters


class OptionReader:
    """Reads the values of one option or argument.

    Args:
        parameter: A parameter of typer's, which knows its type and its range.
    """

    def __init__(self, parameter: Any) -> None:
        self._parameter = parameter

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value as the type that the option declares.

        Raises:
            ConfigError: If it does not fit, or is out of range.
        """
        annotation = self._parameter.type_descriptor.annotation
        is_list = get_origin(annotation) is list
        if value is None:
            return () if is_list else None
        try:
            if is_list:
                return [self._read(part, get_args(annotation)[0]) for part in value]
            return self._read(value, annotation)
        except MismatchError as error:
            place = param.opts[-1] if param.param_type_name == "option" else param.metavar
            raise ConfigError(f"{place}: {error}; see {ctx.command_path} --help") from error

    def _read(self, value: Any, annotation: Any) -> Any:
        if annotation is Path:
            return Path(value)
        found = coerce(value, annotation)
        low, high = self._parameter.min, self._parameter.max
        if low is not None and found < low:
            raise MismatchError(f"must be at least {low}, got {found}")
        if high is not None and found > high:
            raise MismatchError(f"must be at most {high}, got {found}")
        return found
