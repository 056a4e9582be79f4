"""Traces by OpenTelemetry, where its environment variables say where they go.

FastAPI traces requests by itself (from 0.142 on); what is added here is where the spans go, what must not be in them,
a span for each call of a model, and the ids in the log. Unless spans are sent, nothing of OpenTelemetry is imported
that FastAPI does not import anyway.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from .manifest import Manifest

logger = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_NOTHING = nullcontext()


def trace(manifest: Manifest, environment: Mapping[str, str] | None = None) -> None:
    """Send spans where the ``OTEL_*`` variables say; for the server's process only, before it makes the app.

    What prevents that is logged: a service without traces is better than none.
    """
    environment = os.environ if environment is None else environment
    if not _is_wanted(environment):
        return
    if obstacle := _obstacle(environment):
        logger.warning("No traces are sent: %s", obstacle)
        return
    try:
        from .spans import send_spans
    except ImportError as error:
        advice = "`%nb2svc require fastapi[opentelemetry]` in the notebook puts what they need into the service"
        logger.warning("No traces are sent: there is no module %s. → %s.", error.name, advice)
        return
    send_spans(manifest)


def _is_wanted(environment: Mapping[str, str]) -> bool:
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return any(environment.get(name) for name in ("OTEL_TRACES_EXPORTER", *_ENDPOINTS))


def _obstacle(environment: Mapping[str, str]) -> str:
    """Why what is asked for cannot be done; ``""`` where it can."""
    exporter = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter != "otlp":
        return f"OTEL_TRACES_EXPORTER is {exporter!r}. → otlp is what there is."
    protocol = next((value for name in _PROTOCOLS if (value := environment.get(name))), "http/protobuf")
    if protocol != "http/protobuf":
        return f"the protocol is {protocol!r}. → http/protobuf is what there is; collectors take it on port 4318."
    if not options(exclude=None):
        from fastapi import __version__

        return f"FastAPI {__version__} has none. → Export the notebook again with FastAPI 0.142 or newer."
    return ""


def options(exclude: Callable[[MutableMapping[str, Any]], bool] | None) -> dict[str, Any]:
    """What a FastAPI that traces is told; requests whose scope is to ``exclude`` are not traced.

    Metrics are Prometheus's, and the log is our own.
    """
    from fastapi import FastAPI  # not at the top: the log of a process that serves nothing itself needs none

    if "telemetry" not in inspect.signature(FastAPI.__init__).parameters:
        return {}
    return {"telemetry": {"metrics": False, "logs": False, "operation_spans": False, "exclude": exclude}}


def is_traced() -> bool:
    """Whether there may be spans: that needs OpenTelemetry's SDK, whoever has loaded it, and asking it takes longer."""
    return "opentelemetry.sdk" in sys.modules


def ids() -> dict[str, str]:
    """``trace_id`` and ``span_id`` of the request at work, for the log; nothing where it has no trace."""
    if not is_traced():
        return {}
    from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}


def model_span(name: str, rows: int) -> AbstractContextManager[None]:
    """Around a call of a model (``model.method``) within a request that is traced."""
    return _model_span(name, rows) if is_traced() else _NOTHING


@contextmanager
def _model_span(name: str, rows: int) -> Iterator[None]:
    from opentelemetry.trace import StatusCode, get_current_span, get_tracer

    if not get_current_span().is_recording():
        yield
        return
    span = get_tracer("nb2svc").start_as_current_span(
        name,
        attributes={"model.rows": rows},
        record_exception=False,  # an error's message may hold what the request held
        set_status_on_exception=False,
    )
    with span as current:
        try:
            yield
        except Exception as error:
            current.set_attribute("error.type", type(error).__qualname__)
            current.set_status(StatusCode.ERROR)
            raise
