"""The options of the magics: ``POST /predict --example {"a": 1} --status 201``.

JSON and Python expressions stand unquoted on the line, so neither argparse nor shlex can split it. The line is cut
at every word that is a known option; a piece that does not parse yet is joined with the next one, for an option's
name may well occur inside a JSON string. Python's own parser and ``json`` decide what is whole.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
from dataclasses import dataclass, field

from ..errors import UsageError
from ..values import BAKE, WEBSOCKET, Where
from . import formats, location

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", WEBSOCKET)


@dataclass(frozen=True, kw_only=True)
class EndpointOptions:
    """Options of ``%%endpoint``. Empty values mean: by the handler's name."""

    method: str = "POST"
    path: str = ""
    name: str = ""
    status: int = 200
    timeout: float | None = None
    batch: bool = False
    examples: tuple[str, ...] = ()  # expressions, evaluated in the notebook


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Options of ``%%serve_model``."""

    variable: str
    name: str = ""
    example: str = ""
    methods: tuple[str, ...] = ()
    batch: bool = True
    max_batch: int | None = None
    format: str = "auto"
    location: str = BAKE  # or ``mount``, or an address


@dataclass
class _Line:
    """A split line: positional words, flags, and options with their values in order."""

    words: list[str]
    flags: set[str] = field(default_factory=set)
    values: list[tuple[str, str]] = field(default_factory=list)

    def last(self, option: str, default: str = "") -> str:
        return next((value for name, value in reversed(self.values) if name == option), default)


def is_expression(text: str) -> bool:
    """Whether ``text`` is JSON or one Python expression."""
    try:
        json.loads(text)
    except ValueError:
        try:
            ast.parse(text.strip(), mode="eval")
        except SyntaxError:
            return False
    return bool(text.strip())


def split(line: str, *, magic: str, values: tuple[str, ...], flags: tuple[str, ...], where: Where) -> _Line:
    """Split an option line. Raises ``UsageError`` for an unknown option or a value that is none."""
    pieces = re.split(r"(?:^|(?<=\s))(--[A-Za-z][\w-]*)(?=[\s=]|$)", line)
    result = _Line(pieces[0].split())
    pending = list(zip(pieces[1::2], pieces[2::2], strict=True))
    while pending:
        option, value = pending.pop(0)
        name = option[2:]
        if name in flags:
            if value.strip():
                raise UsageError(
                    f"{option} takes no value, but {value.strip()!r} follows it", hint=_usage(magic), where=where
                )
            result.flags.add(name)
        elif name in values:
            value = value.removeprefix("=").strip()
            while name == "example" and not is_expression(value) and pending:
                joined_option, joined = pending.pop(0)
                value = f"{value} {joined_option}{joined}".rstrip()
            if not value:
                raise UsageError(f"{option} needs a value", hint=_usage(magic), where=where)
            if name == "example" and not is_expression(value):
                raise UsageError(
                    f"--example is neither JSON nor a Python expression: {value}",
                    hint="quote strings, close brackets; the whole example stands on the magic's line",
                    where=where,
                )
            result.values.append((name, value))
        else:
            close = difflib.get_close_matches(name, (*values, *flags), 1)
            hint = f"did you mean --{close[0]}?" if close else _usage(magic)
            raise UsageError(f"%%{magic} has no option {option}", hint=hint, where=where)
    return result


def endpoint_options(line: str, where: Where = Where()) -> EndpointOptions:  # noqa: B008 - frozen
    """Parse the line of ``%%endpoint``. Raises ``UsageError``."""
    split_line = split(
        line, magic="endpoint", values=("example", "name", "status", "timeout"), flags=("batch",), where=where
    )
    words = split_line.words
    method = words.pop(0).upper() if words and not words[0].startswith("/") else "POST"
    if method not in METHODS:
        raise UsageError(f"{method} is no HTTP method", hint=f"one of {', '.join(METHODS)}", where=where)
    path = words.pop(0) if words else ""
    if path and not path.startswith("/"):
        raise UsageError(f"the path {path!r} must begin with /", hint=f"%%endpoint {method} /{path}", where=where)
    if words:
        raise UsageError(f"unexpected {' '.join(words)!r}", hint=_usage("endpoint"), where=where)
    if method == WEBSOCKET:
        _check_websocket(split_line, where)
    return EndpointOptions(
        method=method,
        path=path,
        name=_public(split_line.last("name"), where),
        status=_status(split_line.last("status", "200"), where),
        timeout=_positive("timeout", split_line.last("timeout"), where),
        batch="batch" in split_line.flags,
        examples=tuple(value for name, value in split_line.values if name == "example"),
    )


def _check_websocket(line: _Line, where: Where) -> None:
    """Raises ``UsageError`` for options that are about a request and its answer."""
    given = sorted({name for name, _ in line.values if name != "name"} | line.flags)
    if given:
        raise UsageError(
            f"--{given[0]} says something of a request and its answer, and a WebSocket has messages instead",
            hint="leave it out, and try the handler by hand: %nb2svc serve, and a client",
            where=where,
        )


def model_options(line: str, where: Where = Where()) -> ModelOptions:  # noqa: B008 - frozen
    """Parse the line of ``%%serve_model``. Raises ``UsageError``."""
    split_line = split(
        line,
        magic="serve_model",
        values=("name", "example", "methods", "max-batch", "format", "location"),
        flags=("no-batch",),
        where=where,
    )
    if len(split_line.words) != 1 or not split_line.words[0].isidentifier():
        raise UsageError(
            "the magic needs the name of the variable to serve",
            hint="%%serve_model model, where the cell binds model",
            where=where,
        )
    model_format = split_line.last("format", "auto")
    if model_format not in formats.choices():
        hint = f"one of {', '.join(formats.choices())}"
        raise UsageError(f"--format {model_format} is not available", hint=hint, where=where)
    max_batch = _positive("max-batch", split_line.last("max-batch"), where)
    return ModelOptions(
        variable=split_line.words[0],
        name=_public(split_line.last("name"), where),
        example=split_line.last("example"),
        methods=tuple(filter(None, re.split(r"[,\s]+", split_line.last("methods")))),
        batch="no-batch" not in split_line.flags,
        max_batch=None if max_batch is None else int(max_batch),
        format=model_format,
        location=location.checked(split_line.last("location", BAKE), where),
    )


def _public(name: str, where: Where) -> str:
    if name and not re.fullmatch(r"[A-Za-z][\w-]*", name):
        raise UsageError(
            f"{name!r} cannot be a name in a URL", hint="letters, digits, - and _, a letter first", where=where
        )
    return name


def _status(text: str, where: Where) -> int:
    if not re.fullmatch(r"2\d\d", text):
        raise UsageError(f"--status {text} is no status of success", hint="200 to 299; errors are raised", where=where)
    return int(text)


def _positive(option: str, text: str, where: Where) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UsageError(f"--{option} {text} is no positive number", where=where)
    return number


def _usage(magic: str) -> str:
    return {
        "endpoint": "%%endpoint [METHOD] [/path] [--example JSON] [--name NAME] [--status N] [--timeout S] [--batch]",
        "serve_model": "%%serve_model VARIABLE [--example EXPR] [--name NAME] [--methods a,b] [--no-batch]",
        "startup": "%%startup",
    }[magic]
