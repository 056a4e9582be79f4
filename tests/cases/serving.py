"""A project of a case, run: every example must be answered as in the kernel, and ``verify.py`` must agree."""

from __future__ import annotations

import runpy
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from case_folder import Case
from forked_services import ForkedServices, ServiceForks
from machines import Machine

from nb2svc import engine as engines
from nb2svc.export import load_project
from nb2svc.image import build
from nb2svc.image.client import run
from nb2svc.smoke import load_examples, probe
from nb2svc.values import Project, Report, RunningService

LOG_LINES = 60


class Served:
    """A service of a case, as long as the block of :func:`served` lasts."""

    def __init__(self, case: Case, project: Project, engine: engines.Engine, service: RunningService) -> None:
        self.case, self.project, self.engine, self.service = case, project, engine, service

    def replay(self) -> Report:
        """The same checks as ``nb2svc test``, without the load."""
        return probe(
            self.service,
            load_examples(self.project.root / "examples"),
            project=self.project.root,
            load_seconds=0,
            logs=self.logs,
            alive=lambda: self.engine.stats(self.service).running,
        )

    def verify(self) -> None:
        """Raises what the case's own ``verify`` raises."""
        with httpx.Client(base_url=self.service.url, trust_env=False, timeout=30) as client:
            verify(self.case, self.project.root, _asking(client))

    def logs(self) -> str:
        return self.engine.logs(self.service, LOG_LINES)


def verify(case: Case, project: Path, ask: Any = None) -> None:
    """What the case's own ``verify`` says of the project, and of the service that ``ask`` asks."""
    if case.verify:
        runpy.run_path(str(case.verify))["verify"](ask, project)


def _asking(client: httpx.Client) -> Any:
    def ask(method: str, path: str, json: Any = None) -> tuple[int, Any]:
        """The status and the JSON of the answer, or its text where it is none."""
        answer = client.request(method, path, json=json) if json is not None else client.request(method, path)
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.status_code, answer.json() if is_json else answer.text

    ask.address = str(client.base_url)  # type: ignore[attr-defined]  # for what is no request
    return ask


@contextmanager
def served(case: Case, root: Path, engine_name: str, machine: Machine, forks: ServiceForks) -> Iterator[Served]:
    """The project at ``root``, running on ``machine``. Raises ``Nb2svcError`` where it does not start.

    The process is one of ``forks``, but where the case gives it variables, which libraries may read when loaded.
    """
    project = load_project(root)

    def index() -> Mapping[str, str]:
        return machine.settings().install_environment

    is_forked = engine_name == "process" and not case.expected.env
    engine = ForkedServices(index, forks) if is_forked else engines.get(engine_name, index=index)
    name = f"case-{uuid.uuid4().hex[:8]}"
    image = build(project, tag=f"nb2svc-{name}:test").reference if engine_name == "docker" else ""
    try:
        service = engine.start(project, engines.RunOptions(name=name, image=image, env=case.expected.env))
        try:
            yield Served(case, project, engine, service)
        finally:
            engine.stop(service, grace=2)
    finally:
        if image:
            run("rmi", "--force", image)
