"""Docker: containers of the images of projects, through the engine's API."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EngineError, StartError, UsageError
from ..events import Emit, Progress, ignore, progress
from ..runtime.manifest import Manifest
from ..values import Project, RunningService
from .base import SERVICE_PORT, STOP_SECONDS, RunOptions, Stats, free_port, memory_bytes, unused_name, url_of
from .connection import Connection, connect, engine_errors
from .ready import LOG_LINES, wait_until_ready

if TYPE_CHECKING:
    from docker.models.containers import Container

# How ours are found again, whoever started them.
SERVICE_LABEL = "io.nb2svc.service"
HOST_LABEL = "io.nb2svc.host"  # the address that it was asked to listen on
NAME_LABEL = "io.nb2svc.name"  # of the image, from its build

_PORT_RACES = 3  # another process may take a port between our look and the engine's


class DockerEngine:
    """Runs images; a project by the image that the options name."""

    def __init__(self, name: str = "docker", connection: Connection | None = None) -> None:
        self.name = name
        self._connection = connection or connect()

    def start(self, target: Project | str, options: RunOptions, emit: Emit = ignore) -> RunningService:
        with (
            engine_errors(),
            progress("run", f"Starting {target if isinstance(target, str) else target.name}", emit) as current,
        ):
            image = target if isinstance(target, str) else _image_of(target, options)
            declared = () if isinstance(target, str) else Manifest.load(target.root).environment
            environment = {**{name: os.environ[name] for name in declared if name in os.environ}, **options.env}
            options = replace(options, env=environment)
            models = None if isinstance(target, str) else self._models_of(target)
            service = self._launch(image, options, models)
            try:
                took = self._wait(service, options, current)
            except BaseException:
                self.stop(service, grace=1.0)
                raise
            current.summary = f"{service.url}, ready in {took:.1f} s" if options.wait else service.url
        return service

    def running(self) -> list[RunningService]:
        with engine_errors():
            containers = self._connection.client.containers.list(filters={"label": SERVICE_LABEL})
            return sorted(map(self._service, containers), key=lambda service: service.started)

    def logs(self, service: RunningService, tail: int = 100) -> str:
        with engine_errors():
            return str(self._container(service).logs(tail=tail).decode(errors="replace"))

    def follow(self, service: RunningService) -> Iterator[str]:
        with engine_errors():
            begun = b""
            for piece in self._container(service).logs(stream=True, follow=True):
                *lines, begun = (begun + piece).split(b"\n")
                yield from (line.decode(errors="replace") for line in lines)
            if begun:
                yield begun.decode(errors="replace")

    def stats(self, service: RunningService) -> Stats:
        with engine_errors():
            try:
                container = self._container(service)
            except EngineError:  # stopped and removed
                return Stats(running=False)
            state = container.attrs["State"]
            if not state["Running"]:
                return Stats(running=False, exit_code=state["ExitCode"], oom_killed=bool(state.get("OOMKilled")))
            return Stats(running=True, memory_bytes=_memory(container), uid=_uid(container))

    def stop(self, service: RunningService, grace: float = STOP_SECONDS) -> None:
        from docker.errors import NotFound

        with engine_errors(), contextlib.suppress(NotFound):
            container = self._connection.client.containers.get(service.id)
            container.stop(timeout=max(0, round(grace)))
            container.remove(force=True, v=True)

    # --- the parts of a start -------------------------------------------------------------------

    def _models_of(self, project: Project) -> Path | None:
        """The folder to mount where models are not in the image: mounted or fetched ones, which are all in the project.

        Raises UsageError where the engine cannot see it.
        """
        if all(one.location == "bake" for one in Manifest.load(project.root).artifacts):
            return None
        if self._connection.remote_host:
            raise UsageError(
                f"The models of {project.name} are not in its image, and the engine is on another machine.",
                hint="Use --engine process, or mount them there: docker run -v FOLDER:/models:ro …",
            )
        return project.root / "models"

    def _launch(self, image: str, options: RunOptions, models: Path | None) -> RunningService:
        from docker.errors import APIError, ImageNotFound

        try:
            labels = self._connection.client.images.get(image).labels or {}
        except ImageNotFound as error:
            raise UsageError(
                f"There is no image {image} on this engine.", hint="nb2svc list shows those that are."
            ) from error
        wanted = options.name or labels.get(NAME_LABEL) or image.rpartition("/")[2].partition(":")[0]
        self._clear(wanted)
        name = unused_name(wanted, {service.name for service in self.running()})
        for attempt in range(_PORT_RACES):
            port = self._port(options)
            container = self._create(image, name, port, options, models)
            try:
                container.start()
            except APIError as error:
                container.remove(force=True)
                if options.port is None and attempt + 1 < _PORT_RACES and _is_port_taken(error):
                    continue
                raise _refused(name, error) from error
            container.reload()
            return self._service(container)
        raise AssertionError  # the last attempt returns or raises

    def _create(self, image: str, name: str, port: int | None, options: RunOptions, models: Path | None) -> Container:
        """A container that may read its image and write /tmp, and nothing else."""
        memory = None if options.memory is None else memory_bytes(options.memory)
        return self._connection.client.containers.create(
            image,
            name=f"nb2svc-{name}",
            environment={**options.env, "SERVICE_HOST": "0.0.0.0", "SERVICE_PORT": str(SERVICE_PORT)},  # noqa: S104
            ports={f"{SERVICE_PORT}/tcp": (self._listen_on(options.host), port)},
            labels={SERVICE_LABEL: name, HOST_LABEL: options.host},
            volumes={str(models.resolve()): {"bind": "/models", "mode": "ro"}} if models else {},
            read_only=True,
            tmpfs={"/tmp": "rw,nosuid,nodev"},  # noqa: S108 - inside the container
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            mem_limit=memory,
            memswap_limit=memory,  # the same: swapping would only hide that it does not suffice
            nano_cpus=None if options.cpus is None else int(options.cpus * 1e9),
            detach=True,
        )

    def _listen_on(self, host: str) -> str:
        """The engine's own loopback is of no use where the engine is another machine."""
        return "0.0.0.0" if self._connection.remote_host and host == "127.0.0.1" else host  # noqa: S104

    def _port(self, options: RunOptions) -> int | None:
        """None lets the engine choose."""
        if self._connection.remote_host:
            return options.port
        try:
            return free_port(options.host, options.port)
        except UsageError:
            if options.port is None:
                return None
            raise

    def _wait(self, service: RunningService, options: RunOptions, current: Progress) -> float:
        if not options.wait:
            return 0.0
        return wait_until_ready(
            service,
            options.wait,
            runs=lambda: self._state(service).running,
            stats=lambda: self._state(service),
            logs=lambda: self.logs(service, LOG_LINES),
            explain=options.explain,
            progress=current,
        )

    def _state(self, service: RunningService) -> Stats:
        """As ``stats``, without what takes the engine long to find out."""
        state = self._container(service).attrs["State"]
        ended = not state["Running"]
        return Stats(
            running=not ended,
            exit_code=state["ExitCode"] if ended else None,
            oom_killed=bool(state.get("OOMKilled")),
        )

    # --- finding ours again ---------------------------------------------------------------------

    def _clear(self, name: str) -> None:
        """Remove what ended by itself under that name, and was kept until now for its log."""
        wanted = {"label": f"{SERVICE_LABEL}={name}", "status": ["exited", "created", "dead"]}
        for container in self._connection.client.containers.list(all=True, filters=wanted):
            container.remove(force=True, v=True)

    def _container(self, service: RunningService) -> Container:
        from docker.errors import NotFound

        try:
            return self._connection.client.containers.get(service.id)
        except NotFound as error:
            raise EngineError(f"{service.name} is gone: its container was removed.", hint="nb2svc list") from error

    def _service(self, container: Container) -> RunningService:
        labels = container.labels
        started = container.attrs["State"]["StartedAt"]
        return RunningService(
            name=labels[SERVICE_LABEL],
            url=self._url(container),
            engine=self.name,
            id=str(container.id),
            image=container.attrs["Config"]["Image"],
            started=_seconds(started),
        )

    def _url(self, container: Container) -> str:
        published = (container.ports or {}).get(f"{SERVICE_PORT}/tcp") or ()
        port = next((int(each["HostPort"]) for each in published), 0)
        return url_of(self._connection.remote_host or container.labels.get(HOST_LABEL, "127.0.0.1"), port)


def _image_of(project: Project, options: RunOptions) -> str:
    if not options.image:
        raise UsageError(f"Docker runs images, and {project.name} has none yet.", hint=f"nb2svc build {project.root}")
    return options.image


def _is_port_taken(error: Exception) -> bool:
    """By another container, or by a program of this machine."""
    return any(words in str(error) for words in ("already allocated", "address already in use"))


def _refused(name: str, error: Exception) -> StartError:
    text = str(getattr(error, "explanation", "") or error)
    if _is_port_taken(error):
        return StartError("The port is taken.", hint="Leave -p out for a free one, or stop what uses it.", log=text)
    if "exec format error" in text:
        return StartError(
            "The image is for another processor than the engine's.", hint="Build it with --platform.", log=text
        )
    return StartError(f"The engine did not start {name}.", hint="Its own words are below.", log=text)


def _memory(container: Container) -> int | None:
    """As ``docker stats`` counts: without the page cache that can be dropped at any time."""
    used: dict[str, Any] = container.stats(stream=False, one_shot=True).get("memory_stats") or {}
    if "usage" not in used:
        return None
    details = used.get("stats") or {}
    return int(used["usage"]) - int(details.get("total_inactive_file", details.get("inactive_file", 0)))


def _uid(container: Container) -> int | None:
    """Of the first process, from the engine's process list; else the user that the container was made with."""
    from docker.errors import APIError

    with contextlib.suppress(APIError, ValueError, IndexError):
        listing = container.top(ps_args="-eo uid,pid")
        return int(listing["Processes"][0][listing["Titles"].index("UID")])
    user = str(container.attrs["Config"].get("User") or "0").partition(":")[0]
    return int(user) if user.isdecimal() else None


def _seconds(moment: str) -> float:
    """``2026-01-31T12:00:00.123456789Z`` → seconds since the epoch; nanoseconds are more than datetime reads."""
    whole, _, fraction = moment.rstrip("Z").partition(".")
    try:
        begin = datetime.fromisoformat(f"{whole}+00:00").timestamp()
    except ValueError:
        return time.time()
    return begin + float(f"0.{fraction}" if fraction.isdecimal() else 0)
