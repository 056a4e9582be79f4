"""Smoke and parity: does the running service answer, and does it answer as the notebook did?

Every wait is bounded: the start by ``deadline``, each request by ``answer_seconds``, the load by ``load_seconds``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from ..events import Emit, Progress, ignore, progress
from ..exchange import decode, encode
from ..values import Check, Example, Report, RunningService
from ..wording import seconds_text
from .causes import Cause, likely_cause
from .client import ANSWER_SECONDS, Answer, NoAnswerError, ServiceClient
from .compare import compare
from .difference import difference_text, summary
from .facts import EngineFacts, fact_checks
from .load import Load, load_check, measure
from .openapi import openapi_differences, openapi_problems
from .places import place_in

LOG_LINES: Final = 40  # of the service's log in a report
_POLL_SECONDS: Final = 0.02
_GONE_SECONDS: Final = 0.5


def probe(
    service: RunningService,
    examples: Sequence[Example],
    *,
    facts: Callable[[], EngineFacts] = EngineFacts,
    project: Path | None = None,
    deadline: float = 60.0,
    answer_seconds: float = ANSWER_SECONDS,
    load_seconds: float = 1.5,
    logs: Callable[[], str] = str,
    alive: Callable[[], bool] = lambda: True,
    listening: Callable[[], bool] = lambda: True,
    emit: Emit = ignore,
) -> Report:
    """Wait until ``service`` is ready, check it, replay ``examples`` in order and measure it.

    ``facts`` is asked after the load (memory means something only then), and when the service has ended.
    ``project`` is the exported folder, where it is at hand: its ``openapi.json`` is what the service must promise, and
    its sources name the line that failed. The load repeats the first example, one request after another, for
    ``load_seconds``; 0 leaves it out, as for a service that others use. ``logs`` gives the service's log, ``alive``
    whether its process still runs, ``listening`` whether it is that process which has the port.
    A service that fails gives a report with failed checks, never an exception.
    """
    with (
        progress("test", f"Testing {service.name}", emit) as stage,
        ServiceClient(service.url, answer_seconds=answer_seconds) as client,
    ):
        run = _Probe(client, service, project, stage, facts=facts, logs=logs, alive=alive, listening=listening)
        report = run.report(examples, deadline, load_seconds)
        failed, count = sum(check.outcome == "failed" for check in report.checks), len(report.checks)
        stage.summary = f"{failed} of {count} checks failed" if failed else f"{count} checks, no difference"
    return report


class _Probe:
    """One run over one service."""

    def __init__(
        self,
        client: ServiceClient,
        service: RunningService,
        project: Path | None,
        stage: Progress,
        *,
        facts: Callable[[], EngineFacts],
        logs: Callable[[], str],
        alive: Callable[[], bool],
        listening: Callable[[], bool],
    ) -> None:
        self.client, self.service, self.project, self.stage = client, service, project, stage
        self.facts, self.logs, self.alive, self.listening = facts, logs, alive, listening
        self.ended = False  # it was ready and is no more

    def report(self, examples: Sequence[Example], deadline: float, load_seconds: float) -> Report:
        problem, waited = self._wait(deadline)
        if problem:
            checks = [_skipped(f"parity {example.name}", "the service did not start") for example in examples]
            load, known = None, self.facts()
        else:
            checks = [*self._health(), *self._parities(examples)]
            load = self._load(examples, load_seconds)
            known = self.facts()
            checks += [
                load_check(load, reason=self._why_no_load(load_seconds)),
                *fact_checks(known, self.service.engine),
            ]
        startup = waited if known.startup_seconds is None else known.startup_seconds
        checks.insert(0, self._start_check(problem, startup, known))
        return Report(
            service=self.service.name,
            url=self.service.url,
            engine=self.service.engine,
            checks=tuple(checks),
            startup_seconds=startup,
            memory_bytes=known.memory_bytes,
            image_bytes=known.image_bytes,
            p50_seconds=load.quantile(0.50) if load else None,
            p99_seconds=load.quantile(0.99) if load else None,
            logs=self._last_logs() if any(check.outcome == "failed" for check in checks) else "",
        )

    # --- start ----------------------------------------------------------------------------------

    def _wait(self, deadline: float) -> tuple[str, float | None]:
        """Poll ``/readyz``: why it is not ready ("" where it is), and the seconds from its start until it was.

        Those are known only where this wait saw it unready: it may have run for hours.
        """
        begin = time.monotonic()
        said, waited, problem, seen_unready = 0.0, 0.0, "", False
        while waited < deadline:
            problem = self._unready(max(0.1, deadline - waited))
            if not problem and not self.listening():
                problem = "another program answers on its port"
            if not problem:
                known = seen_unready and self.service.started > 0
                return "", time.time() - self.service.started if known else None
            if not self.alive():
                return "it ended before it was ready", None
            seen_unready = True
            if waited - said >= 1.0:
                said = waited
                self.stage.step(f"waiting for /readyz, {waited:.0f} of {deadline:g} s: {problem}")
            time.sleep(_POLL_SECONDS)
            waited = time.monotonic() - begin
        return f"not ready within {deadline:g} s: {problem}", None

    def _unready(self, limit: float) -> str:
        try:
            answer = self.client.get("/readyz", limit=min(limit, self.client.answer_seconds))
        except NoAnswerError as error:
            return str(error)
        return "" if answer.status == HTTPStatus.OK else f"/readyz answers {answer.status}"

    def _start_check(self, problem: str, startup: float | None, facts: EngineFacts) -> Check:
        if problem:
            return Check(name="start", outcome="failed", detail=f"{problem}{self._cause(facts)}")
        detail = "it was running already" if startup is None else f"ready in {seconds_text(startup)}"
        return Check(name="start", outcome="passed", detail=detail, seconds=startup or 0.0)

    def _cause(self, facts: EngineFacts) -> str:
        """The likely cause of an end and the user's own line that it comes from, as the tail of a sentence."""
        log = self.logs()
        cause = Cause("it ran out of memory", "give it more: --memory 2g") if facts.oom_killed else None
        cause = cause or likely_cause(log, exit_code=facts.exit_code)
        place = place_in(log, self.project) if self.project is not None else None
        return "".join(f"; {part}" for part in (place and f"at {place}", cause) if part)

    def _last_logs(self) -> str:
        return "\n".join(self.logs().splitlines()[-LOG_LINES:])

    # --- checks ---------------------------------------------------------------------------------

    def _health(self) -> Iterator[Check]:
        yield self._checked("health /livez", "/livez", _ok)
        yield self._checked("health /readyz", "/readyz", _ok)
        yield self._checked("metrics", "/metrics", _metrics)
        yield self._checked("openapi", "/openapi.json", self._openapi)
        yield self._checked("docs", "/docs", _page)

    def _checked(self, name: str, path: str, judge: Callable[[str, Answer], Check]) -> Check:
        return self._judged(name, lambda: judge(name, self.client.get(path)))

    def _judged(self, name: str, judged: Callable[[], Check]) -> Check:
        if self.ended:
            return _skipped(name, "the service has ended")
        try:
            return judged()
        except NoAnswerError as error:
            self.ended = not error.late and self._has_ended()
            ended = f"; the service has ended{self._cause(self.facts())}" if self.ended else ""
            return Check(name=name, outcome="failed", detail=f"{error}{ended}")

    def _has_ended(self) -> bool:
        """Whether it is gone: the connection breaks a moment before the process can be seen to be."""
        end = time.monotonic() + _GONE_SECONDS
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _openapi(self, name: str, answer: Answer) -> Check:
        document = _json(answer.body)
        problems = openapi_problems(document)
        if answer.status != HTTPStatus.OK or problems:
            return _check(name, answer, f"/openapi.json answers {answer.status}: {'; '.join(problems)}")
        recorded = self.project / "openapi.json" if self.project is not None else None
        paths = f"{len(document['paths'])} paths"
        if recorded is None or not recorded.is_file():
            return _check(name, answer, good=paths)
        mismatches = openapi_differences(json.loads(recorded.read_bytes()), document)
        if mismatches:
            return _check(name, answer, summary(mismatches), difference=difference_text(mismatches))
        return _check(name, answer, good=f"{paths}, as in the project")

    def _parities(self, examples: Sequence[Example]) -> Iterator[Check]:
        if not examples:
            yield _skipped("parity", "not verified: there is no example")
        for number, example in enumerate(examples):
            self.stage.step(f"asking {example.name}", number, len(examples))
            yield self._judged(f"parity {example.name}", partial(self._parity, example))

    def _parity(self, example: Example) -> Check:
        name = f"parity {example.name}"
        answer = self.client.send(encode(example.request))
        got = decode(answer.status, answer.content_type, answer.body, like=example.response)
        mismatches = compare(example.response, got)
        if not mismatches:
            return _check(name, answer)
        return _check(name, answer, summary(mismatches), difference=difference_text(mismatches))

    def _load(self, examples: Sequence[Example], seconds: float) -> Load | None:
        if not examples or seconds <= 0 or self.ended:
            return None
        self.stage.step(f"measuring {examples[0].name}")
        first = examples[0]
        with ServiceClient(self.service.url, answer_seconds=self.client.answer_seconds, keep_alive=True) as client:
            return measure(client, encode(first.request), int(first.response["status"]), seconds)

    def _why_no_load(self, seconds: float) -> str:
        if self.ended:
            return "the service has ended"
        return "there is no example" if seconds > 0 else "not asked for"


# --- judgements ---------------------------------------------------------------------------------


def _check(name: str, answer: Answer, fault: str = "", *, good: str = "", difference: str = "") -> Check:
    return Check(
        name=name,
        outcome="failed" if fault else "passed",
        detail=fault or good,
        difference=difference,
        seconds=answer.seconds,
    )


def _skipped(name: str, reason: str) -> Check:
    return Check(name=name, outcome="skipped", detail=reason)


def _ok(name: str, answer: Answer) -> Check:
    return _check(name, answer, "" if answer.status == HTTPStatus.OK else f"it answers {answer.status}")


def _page(name: str, answer: Answer) -> Check:
    if answer.status == HTTPStatus.NOT_FOUND:
        return _skipped(name, "the service has no page of documentation")
    page = answer.status == HTTPStatus.OK and answer.content_type.startswith("text/html")
    return _check(name, answer, "" if page else f"/docs answers {answer.status} {answer.content_type}".rstrip())


def _metrics(name: str, answer: Answer) -> Check:
    from prometheus_client.parser import text_string_to_metric_families

    if answer.status != HTTPStatus.OK:
        return _check(name, answer, f"/metrics answers {answer.status}")
    try:
        count = sum(1 for _ in text_string_to_metric_families(answer.body.decode()))
    except (ValueError, IndexError, KeyError) as error:
        return _check(name, answer, f"/metrics is not in Prometheus' text format: {error}")
    return _check(name, answer, good=f"{count} metrics") if count else _check(name, answer, "/metrics holds no metric")


def _json(body: bytes) -> Any:
    """The JSON value of ``body``; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
