"""What the clean room's events amount to: checks for the report, problems for the person.

Pure but for reading the project's own source for the line that failed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ..exchange import decode
from ..values import Check, Definition, Example, Problem, Where
from .causes import Cause, likely_cause
from .compare import Mismatch, compare
from .difference import difference_text, summary
from .openapi import openapi_problems
from .places import place_in

_UNSTEADY: Final = (
    "the answer depends on more than the request: look for the time, random numbers without a seed, "
    "the order of a set, something that an earlier call changed, a setting of a library that a cell changed "
    "(change it in a %%startup cell), or a GPU, which a container has only where it is given one"
)
_ONLY_THERE: Final = (
    "look in this line for what only the notebook has: a name that stands in a text, something that a cell changed in "
    "a library; say it in the handler's own code, or do it in a %%startup cell"
)


_TIME_ZONE: Final = (
    "a container's time zone is UTC: write the zone into the code (zoneinfo), or os.environ['TZ'] = … and time.tzset()"
)
_MAX_TEXT: Final = 120  # characters of a value in a message


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application answered to one example, raw."""

    status: int
    content_type: str
    body: bytes
    seconds: float
    error: Mapping[str, str]  # ``summary`` and ``traceback`` of what the application raised; {} where nothing


@dataclass(slots=True)
class Run:
    """What one run of the child told, event by event."""

    names: tuple[str, ...]  # of the examples, in order
    timeout: float
    stage: str = "import"  # what it does now: ``import``, ``startup``, ``openapi``, ``examples``, ``shutdown``
    asking: str | None = None  # the example that is being answered
    answers: dict[str, Answer] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)  # by stage
    failure: Mapping[str, str] = field(default_factory=dict)  # ``summary`` and ``traceback``
    openapi: dict[str, Any] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    hidden: Mapping[str, list[str]] = field(default_factory=dict)  # module → files whose code asked for it
    groups: Mapping[str, list[str]] = field(default_factory=dict)  # group of entry points → the same
    drift: Mapping[str, list[list[str]]] = field(default_factory=dict)  # by definition: what, in the kernel, here
    restarted: Mapping[str, list[list[str]]] = field(default_factory=dict)  # the same, once startup cells have run
    returned: Mapping[str, list[list[str]]] = field(default_factory=dict)  # the same, of objects in pickles
    ambient: list[list[str]] = field(default_factory=list)  # settings that differ: what, in the kernel, here
    concealed: set[str] = field(default_factory=set)  # files that were asked for and are not in the project
    ended: bool = False
    timed_out: bool = False
    exit_code: int | None = None
    log: str = ""

    def take(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind == "imported":
            self.seconds["import"], self.stage, self.drift = event["seconds"], "startup", event["drift"]
        elif kind == "started":
            self.seconds["startup"], self.stage, self.restarted = event["seconds"], "openapi", event.get("drift", {})
            self.returned, self.ambient = event.get("returned", {}), event.get("ambient", [])
        elif kind == "openapi":
            self.openapi, self.seconds["openapi"], self.stage = event["document"], event["seconds"], "examples"
        elif kind == "asking":
            self.asking = event["name"]
        elif kind == "answered":
            self.answers[event["name"]] = Answer(
                event["status"],
                event["content_type"],
                base64.b64decode(event["body"]),
                event["seconds"],
                event.get("error", {}),
            )
            self.asking = None
        elif kind == "asked":
            self.stage = "shutdown"
        elif kind == "concealed":
            self.concealed.add(event["path"])
        elif kind == "failed":
            self.failure = event
        elif kind == "end":
            self.modules, self.ended = tuple(event["modules"]), True
            self.hidden, self.groups = event["hidden"], event.get("groups", {})

    @property
    def broken(self) -> bool:
        """Whether it stopped before all examples were asked."""
        return self.stage != "shutdown"


def checks_of(run: Run, examples: Sequence[Example]) -> tuple[Check, ...]:
    """One check each for import, startup and OpenAPI document, and one an example."""
    checks = [_stage_check(run, stage, name) for stage, name in _STAGES]
    if run.openapi:
        checks[-1] = replace(checks[-1], **_openapi_verdict(run.openapi))
    if not examples:
        checks.append(Check(name="parity", outcome="skipped", detail="not verified: there is no example"))
    return (*checks, *(_parity(run, example) for example in examples))


def problems_of(
    run: Run, examples: Sequence[Example], definitions: Sequence[Definition], root: Path
) -> tuple[Problem, ...]:
    """Each failure with its place in the notebook, its likely cause and the next step."""
    drifted = _drifted(run, definitions)
    return (*_stopped(run, root), *_openapi_faults(run), *drifted, *_wrong_answers(run, examples, root))


def told_of(run: Run, definitions: Sequence[Definition]) -> tuple[Problem, ...]:
    """What is not as in the kernel although every example is answered as there: it may be meant so, a cache say."""
    found: dict[str, Problem] = {}
    for definition in definitions:
        for what, there, here in run.returned.get(definition.name, ()):
            said = f"{_short(there)} here, and {_short(here)} in the service: its class says what its pickle holds"
            hint = "keep in __reduce__ or __getstate__ what answers depend on, or set it in a %%startup cell"
            message = f"{definition.name}: {what} is {said}"
            found.setdefault(what, Problem(message=message, hint=hint, where=definition.where))
    for what, there, here in run.ambient:
        message = f"{what} is {_short(there)} here, and {_short(here)} in the service"
        hint = "let a %%startup cell set what answers depend on"
        found[what] = Problem(message=message, hint=_TIME_ZONE if what == "time.tzname" else hint)
    return tuple(found.values())


# --- checks -------------------------------------------------------------------------------------

_STAGES: Final = (("import", "import"), ("startup", "start"), ("openapi", "openapi"))
_WORDS: Final = {
    "import": "the project cannot be imported",
    "startup": "the service does not start",
    "openapi": "the service gives no OpenAPI document",
    "examples": "the service stopped while it answered",
}


def _stage_check(run: Run, stage: str, name: str) -> Check:
    order = [*(key for key, _ in _STAGES), "examples", "shutdown"]
    if order.index(run.stage) > order.index(stage):
        seconds = run.seconds.get(stage, 0.0)
        detail = f"{len(run.modules)} third-party packages" if stage == "import" and run.modules else ""
        return Check(name=name, outcome="passed", detail=detail, seconds=seconds)
    if run.stage == stage:
        return Check(name=name, outcome="failed", detail=_stop_reason(run))
    return Check(name=name, outcome="skipped", detail=f"{_WORDS[run.stage]}")


def _openapi_verdict(document: Mapping[str, Any]) -> dict[str, Any]:
    found = openapi_problems(document)
    detail = "; ".join(found) or f"{len(document['paths'])} paths"
    return {"outcome": "failed" if found else "passed", "detail": detail}


def is_parity(check: Check) -> bool:
    return check.name.partition(" ")[0] == "parity"


def _parity(run: Run, example: Example) -> Check:
    name = f"parity {example.name}"
    answer = run.answers.get(example.name)
    if answer is not None:
        mismatches = _mismatches(example, answer)
        if not mismatches:
            return Check(name=name, outcome="passed", seconds=answer.seconds)
        detail = answer.error.get("summary") or summary(mismatches)
        return Check(
            name=name,
            outcome="failed",
            detail=detail,
            difference=difference_text(mismatches),
            seconds=answer.seconds,
        )
    if run.stage == "examples" and example.name == _unanswered(run):
        return Check(name=name, outcome="failed", detail=_stop_reason(run))
    return Check(name=name, outcome="skipped", detail=_WORDS.get(run.stage, ""))


def _unanswered(run: Run) -> str:
    return run.asking or next((name for name in run.names if name not in run.answers), "")


def _mismatches(example: Example, answer: Answer) -> tuple[Mismatch, ...]:
    got = decode(answer.status, answer.content_type, answer.body, like=example.response)
    return compare(example.response, got)


def _stop_reason(run: Run) -> str:
    if run.timed_out:
        return f"nothing came within {run.timeout:g} s"
    if run.failure:
        return run.failure["summary"]
    return f"the interpreter ended with exit code {run.exit_code}"


# --- problems -----------------------------------------------------------------------------------


def _stopped(run: Run, root: Path) -> Iterator[Problem]:
    if not run.broken:
        return
    message = f"{_WORDS[run.stage]}: {_stop_reason(run)}"
    asked = f" at example {run.asking}" if run.asking else ""
    if run.timed_out:
        hint = "look for something that waits for a connection, an input or a lock that only the notebook has"
        yield Problem(message=message + asked, hint=hint)
        return
    log = run.failure.get("traceback") or run.log
    exit_code = None if run.failure else run.exit_code
    yield _explained(message + asked, log, likely_cause(log, exit_code=exit_code), root, Where())


def _openapi_faults(run: Run) -> Iterator[Problem]:
    found = openapi_problems(run.openapi) if run.openapi else ()
    if found:
        yield Problem(
            message=f"the service's OpenAPI document is not valid: {'; '.join(found)}",
            hint="give each endpoint a method and path of its own, and declare the parameters that its path names",
        )


_RUN_AGAIN: Final = "run the cell that defines {} again, then export again"
_CHANGED: Final = (
    "a class body, a default value or a decorator changes it once more where the service defines them: "
    "let a function do that, called in a cell of its own"
)

_STARTED: Final = "a startup cell changes it once more where the service starts: bind {} in that cell, too"


def _drifted(run: Run, definitions: Sequence[Definition]) -> Iterator[Problem]:
    """Definitions that are not what the kernel has, whether an example shows it or not."""
    for definition in definitions:
        name = definition.name
        again = _RUN_AGAIN.format(definition.where.name or name)
        hint = _CHANGED if definition.kind in {"object", "constant"} else again
        for message in _differences(name, run.drift.get(name, ())):
            yield Problem(message=message, hint=hint, where=definition.where)
        if name not in run.drift:
            for message in _differences(name, run.restarted.get(name, ())):
                yield Problem(message=message, hint=_STARTED.format(name), where=definition.where)


def _differences(name: str, drift: Iterable[Sequence[str]]) -> Iterator[str]:
    for what, there, here in drift:
        about = what if what != "code" else "its code"
        told = "" if "code" in what else f": {_short(there)} there, {_short(here)} in the service"
        yield f"{name} is not what it is in the notebook, by {about}{told}"


def _short(text: str) -> str:
    if not text:
        return "nothing"
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _wrong_answers(run: Run, examples: Sequence[Example], root: Path) -> Iterator[Problem]:
    for example in examples:
        answer = run.answers.get(example.name)
        mismatches = _mismatches(example, answer) if answer else ()
        if not answer or not mismatches:
            continue
        where = example.where if str(example.where) else Where(name=example.endpoint)
        if answer.error:
            traceback = answer.error["traceback"]
            message = f"{example.name} fails outside the notebook: {answer.error['summary']}"
            problem = _explained(message, traceback, likely_cause(traceback), root, where)
            yield problem if problem.hint else replace(problem, hint=_ONLY_THERE)
        else:
            difference = difference_text(mismatches)
            yield Problem(
                message=f"{example.name} is answered otherwise than in the notebook\n{difference}",
                hint=_UNSTEADY + _absences(run),
                where=where,
            )


def _absences(run: Run) -> str:
    """The notebook's files that were asked for and are not in the service: another possible reason.

    Modules are not told: libraries look for many that they can do without, and one that is needed says so itself.
    """
    absent = [f"the file {path}" for path in sorted(run.concealed)][:3]
    return f"; it also asked for {', '.join(absent)}, which the service does not have" if absent else ""


def _explained(message: str, log: str, cause: Cause | None, root: Path, where: Where) -> Problem:
    """The failure with the user's own line that it comes from, and the cause where that says more."""
    place = place_in(log, root)
    lines = [message]
    if place is not None:
        where = place.where if str(place.where) else where
        lines.append(f"    at {place.file}:{place.line}  {place.source}".rstrip())
    if cause is not None and cause.message not in message:
        lines.append(f"    {cause.message}")
    return Problem(message="\n".join(lines), hint=cause.hint if cause else "", where=where)
