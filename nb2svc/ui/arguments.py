"""The arguments and options of the shell's commands: names, units, defaults and what each is for."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError


class Builder(str, Enum):
    """What builds an image."""

    auto = "auto"
    docker = "docker"


class EngineName(str, Enum):
    """What runs a project or an image."""

    auto = "auto"
    docker = "docker"
    podman = "podman"
    process = "process"


Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
ProjectFolder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of an exported project.")]
Engine = Annotated[
    EngineName,
    typer.Option(
        "--engine", help="What runs it; auto takes Docker where an engine answers, else a process of this machine."
    ),
]
Platform = Annotated[
    str | None,
    typer.Option(metavar="OS/ARCH", help="Target platform, linux/amd64 or linux/arm64.", show_default="this machine's"),
]
Base = Annotated[
    str | None,
    typer.Option(
        metavar="IMAGE", help="Image to build on.", show_default="python:<the kernel's version>-slim-bookworm"
    ),
]

NotebookFile = Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="The notebook's file, .ipynb.")]
NotebookFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="NOTEBOOK…", help="Notebooks, .ipynb; without any, all that have an export below this folder."
    ),
]
CheckedFolder = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="DIR", help="The export to compare with.", show_default="the one that names it"
    ),
]
CheckedPlatform = Annotated[
    str | None,
    typer.Option(metavar="OS/ARCH", help="Target platform, linux/amd64 or linux/arm64.", show_default="the export's"),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="DIR", help="Folder to write.", show_default="the notebook's name, here"),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="NAME=VALUE",
        help="Value for a variable of the cell tagged 'parameters': a Python literal, JSON or text. Repeatable.",
    ),
]
CellTimeout = Annotated[
    int | None,
    typer.Option(min=1, metavar="SECONDS", help="Longest time for one cell, in seconds.", show_default="no limit"),
]
KernelName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Jupyter kernel to run it in.", show_default="the one the notebook names"),
]
CheckOnly = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit 1 where DIR is not what the notebook gives now.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace DIR even where somebody edited the project in it.")]
AllowSecrets = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="A definition, file or variable that only looks as if it held a secret. Repeatable."
    ),
]
Tag = Annotated[
    str | None, typer.Option("--tag", "-t", metavar="TAG", help="Name of the image.", show_default="NAME:latest")
]
BuilderChoice = Annotated[Builder, typer.Option(help="What builds it; docker is the project's own Dockerfile.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Build every layer anew.")]
PushTo = Annotated[
    str | None, typer.Option(metavar="REF", help="Push it there when it is built.", show_default="do not push")
]
RunTarget = Annotated[str, typer.Argument(metavar="DIR|IMAGE", help="An exported project's folder, or an image.")]
Port = Annotated[
    int | None,
    typer.Option("--port", "-p", min=1, max=65535, help="Port of this machine.", show_default="8000, or a free one"),
]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")]
Environment = Annotated[
    list[str] | None,
    typer.Option(
        "--env", "-e", metavar="NAME[=VALUE]", help="Environment variable; without a value, this shell's. Repeatable."
    ),
]
Memory = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Most memory it may take: 512m, 2g.", show_default="no limit")
]
Cpus = Annotated[
    float | None, typer.Option(min=0.01, help="Most processors it may take, such as 1.5.", show_default="no limit")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes that serve (SERVICE_WORKERS).", show_default="1")]
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Leave it running; end it with nb2svc stop.")]
TestTarget = Annotated[
    str, typer.Argument(metavar="DIR|IMAGE|URL", help="A project's folder, an image, or where a service answers.")
]
ExamplesOf = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Project whose examples are replayed; a URL needs it.", show_default="what is tested"
    ),
]
JUnitFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the report as JUnit XML.", show_default="do not")
]
JsonFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the report as JSON; - for stdout.", show_default="do not")
]
BuiltImage = Annotated[str, typer.Argument(metavar="IMAGE", help="An image that nb2svc built.")]
Reference = Annotated[str, typer.Argument(metavar="REF", help="Where to: REGISTRY/NAME:TAG.")]
RunningName = Annotated[str, typer.Argument(metavar="NAME", help="A running service, as nb2svc list names it.")]
Tail = Annotated[int, typer.Option(min=1, metavar="LINES", help="How many of the last lines.")]
RunningNames = Annotated[
    list[str] | None, typer.Argument(metavar="NAME…", help="Running services, as nb2svc list names them.")
]
Everything = Annotated[bool, typer.Option("--all", help="Every service that nb2svc runs on this machine.")]


def environment(settings: list[str]) -> dict[str, str]:
    """What ``-e`` sets: ``NAME=VALUE`` as given, ``NAME`` from this process's environment. Raises ``UsageError``."""
    values: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not name:
            raise UsageError(f"-e {setting} has no name.", hint="Write -e NAME=VALUE, or -e NAME for this shell's.")
        if not equals and name not in os.environ:
            raise UsageError(f"-e {name}: this shell has no such variable.", hint=f"Write -e {name}=VALUE, or set it.")
        values[name] = value if equals else os.environ[name]
    return values
