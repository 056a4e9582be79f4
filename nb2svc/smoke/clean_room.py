"""The clean room: does the project answer where only its lock, its own files and its environment exist?

The project is imported by the current interpreter in a fresh isolated process: empty working directory, scrubbed
environment, no GPU, and nothing importable but the standard library, the project and the distributions of the lock. Its
examples are answered through ASGI, without a server, and compared with the kernel's answers.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Final

from .. import ambient, fingerprint, pickled
from ..errors import ExportError
from ..events import Emit, Progress, ignore, progress
from ..exchange import encode
from ..values import Check, Definition, Example, Problem, Sought
from .installed import locate
from .verdict import Run, checks_of, is_parity, problems_of, told_of

_CHILD: Final = Path(__file__).with_name("clean_room_child.py")
_COMPARED: Final = [str(module.__file__) for module in (fingerprint, pickled, ambient)]  # each by itself, in this order
_LOG_LINES: Final = 400

# What an interpreter needs of its surroundings to start at all; nothing of the user's.
_KEPT_VARIABLES: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")

# A container has no GPU unless its operator gives it one: CUDA's, ROCm's and oneAPI's libraries see none.
_NO_GPU: Final = dict.fromkeys(("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"), "") | {
    "ONEAPI_DEVICE_SELECTOR": "*:cpu"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanRoom:
    """What the clean room found."""

    verified: bool  # there are examples, and every answer is the kernel's
    checks: tuple[Check, ...]
    problems: tuple[Problem, ...]  # one a failed check: where, why and the next step
    told: tuple[Problem, ...]  # what is otherwise than in the kernel, and no example shows
    openapi: dict[str, Any]  # {} where the application could not be started
    imported: tuple[str, ...]  # third-party packages in use, by import name
    hidden: tuple[str, ...]  # modules that were asked for and are not in the lock
    sought: Sought  # the same with who asked, and the groups of entry points that were looked through
    concealed: tuple[str, ...]  # files that were asked for and are not in the project
    log: str  # what the project printed and logged, the last lines
    seconds: float


def clean_room(
    root: Path,
    *,
    allowed: Collection[str],
    examples: Sequence[Example] = (),
    definitions: Sequence[Definition] = (),
    helpers: Collection[str] = (),
    settings: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    included: Collection[str] = (),
    hidden: Collection[Path] | None = None,
    timeout: float = 120.0,
    emit: Emit = ignore,
) -> CleanRoom:
    """Import the project at ``root`` in a clean room, take its OpenAPI document and answer ``examples`` in order.

    ``definitions`` must be, by their fingerprints, what the kernel has under their names; ``helpers`` are the names of
    the helper modules. ``settings`` are those of the kernel's process.
    ``allowed`` are the distributions of the lock, ``environment`` the values of the declared variables, ``included``
    the paths of the project's data files. Files below
    the folders ``hidden`` (the notebook's and the user's home) do not exist for the project, but for its own.
    A project that fails gives checks and problems, never an exception; ``timeout`` (seconds) bounds it as a whole.
    Raises ``ExportError`` where this interpreter cannot be started.
    """
    begin = time.perf_counter()
    concealed = (Path.cwd(), Path.home()) if hidden is None else hidden
    with progress("verify", "Answering the examples in a clean room", emit) as stage:
        with tempfile.TemporaryDirectory(prefix="clean-room-") as scratch:
            job = _job(
                root.resolve(),
                allowed=allowed,
                examples=examples,
                definitions=definitions,
                helpers=helpers,
                settings=settings or {},
                environment=environment or {},
                included=included,
                hidden=concealed,
                scratch=Path(scratch),
            )
            run = _run(job, _variables(environment or {}, Path(scratch)), Path(scratch, "cwd"), timeout, stage)
        checks = checks_of(run, examples)
        found = CleanRoom(
            verified=bool(examples) and all(check.outcome == "passed" for check in checks if is_parity(check)),
            checks=checks,
            problems=problems_of(run, examples, definitions, root),
            told=told_of(run, definitions),
            openapi=run.openapi,
            imported=run.modules,
            hidden=tuple(sorted(run.hidden)),
            sought=Sought.of(run.hidden, run.groups),
            concealed=tuple(sorted(run.concealed)),
            log=run.log,
            seconds=time.perf_counter() - begin,
        )
        stage.summary = _summary(found, len(examples))
    return found


def _summary(found: CleanRoom, examples: int) -> str:
    if found.problems:
        return f"{len(found.problems)} of {len(found.checks)} checks failed"
    return f"{examples} of {examples} answers are the notebook's" if examples else "not verified: there is no example"


# --- the job ------------------------------------------------------------------------------------


def _job(
    root: Path,
    *,
    allowed: Collection[str],
    examples: Sequence[Example],
    definitions: Sequence[Definition],
    helpers: Collection[str],
    settings: Mapping[str, str],
    environment: Mapping[str, str],
    included: Collection[str],
    hidden: Collection[Path],
    scratch: Path,
) -> dict[str, Any]:
    """What the child is to do, as JSON; makes its working directory.

    That is empty but for the included data files, which a container, started in the project's folder, sees at the
    same relative paths.
    """
    cwd, home = scratch / "cwd", scratch / "home"
    cwd.mkdir()
    home.mkdir()
    for path in included:
        (cwd / path).parent.mkdir(parents=True, exist_ok=True)
        (cwd / path).symlink_to(root / path)
    admission = locate(allowed)
    stdlib = _stdlib()
    mounted = [value for value in environment.values() if os.path.isabs(value)]  # noqa: PTH117 (any string)
    shown = [
        str(root),
        str(scratch),
        *_COMPARED,
        *map(cache_from_source, _COMPARED),
        sys.prefix,
        sys.base_prefix,
        *stdlib,
        *admission.sites,
        *admission.trees,
        *mounted,
    ]
    return {
        **asdict(admission),
        "root": str(root),
        "stdlib": stdlib,
        "hidden": _both_forms(str(folder) for folder in hidden if folder.parent != folder),
        "shown": _both_forms(shown),
        "examples": [_encoded(example) for example in examples],
        "compared": {
            "modules": _COMPARED,
            "helpers": sorted(helpers),
            "ambient": dict(settings),
            "fingerprints": {one.name: one.fingerprint for one in definitions if one.fingerprint},
            "held": {one.name: one.held for one in definitions if one.held},
        },
    }


def _stdlib() -> list[str]:
    folders = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), str(Path(os.__file__).parent)]
    return list(dict.fromkeys([*folders, str(Path(sys.base_prefix, "DLLs"))]))


def _both_forms(folders: Iterator[str] | list[str]) -> list[str]:
    """Each folder as written and with links resolved: files are opened by either."""
    return list(dict.fromkeys(form for folder in folders for form in (folder, os.path.realpath(folder))))


def _encoded(example: Example) -> dict[str, Any]:
    request = encode(example.request)
    return {
        "name": example.name,
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body": base64.b64encode(request.body).decode("ascii"),
    }


def _variables(environment: Mapping[str, str], scratch: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    scrubbed = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(scratch / "home"), "TMPDIR": str(scratch)}
    return {**kept, **scrubbed, **_NO_GPU, **environment}


# --- the process --------------------------------------------------------------------------------


def _run(job: Mapping[str, Any], variables: Mapping[str, str], cwd: Path, timeout: float, stage: Progress) -> Run:
    # -B: the project must stay byte for byte what was written.
    command = [sys.executable, "-I", "-B", str(_CHILD)]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, env=dict(variables), start_new_session=True
        )
    except OSError as error:
        raise ExportError(
            f"the clean room cannot start {sys.executable}: {error}",
            hint="check that this kernel's Python still exists where it was when the kernel started",
        ) from error
    log: deque[str] = deque(maxlen=_LOG_LINES)
    reader = threading.Thread(target=_keep_log, args=(process, log, stage), daemon=True)
    expired = threading.Event()
    timer = threading.Timer(timeout, _expire, (process, expired))
    reader.start()
    timer.start()
    run = Run(names=tuple(example["name"] for example in job["examples"]), timeout=timeout)
    try:
        _send(process, job)
        _follow(process, run, stage)
    finally:
        timer.cancel()
        _kill(process)  # and what it started; at the end it has nothing more to say
        reader.join(timeout=1.0)
    run.timed_out = expired.is_set() and not run.ended
    run.exit_code = process.returncode
    run.log = "\n".join(log)
    return run


def _send(process: subprocess.Popen[bytes], job: Mapping[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101 (it is a pipe)
    with contextlib.suppress(OSError), process.stdin as stdin:  # it died already: its log says why
        stdin.write(json.dumps(job).encode())


def _follow(process: subprocess.Popen[bytes], run: Run, stage: Progress) -> None:
    """Take the events until the last one, or until the process is gone."""
    assert process.stdout is not None  # noqa: S101 (it is a pipe)
    stage.step("importing the project")
    with process.stdout as stdout:
        for line in stdout:
            run.take(json.loads(line))
            if run.asking is not None:
                stage.step(f"asking {run.asking}", len(run.answers), len(run.names))
            if run.ended:
                break
    if not run.ended:
        process.wait()


def _keep_log(process: subprocess.Popen[bytes], log: deque[str], stage: Progress) -> None:
    assert process.stderr is not None  # noqa: S101 (it is a pipe)
    with process.stderr as stderr:
        for raw in stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            log.append(line)
            stage.log(line)


def _expire(process: subprocess.Popen[bytes], expired: threading.Event) -> None:
    expired.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children, and reap it."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
