"""Traces of a service in a process of its own, as a collector receives them."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import fastapi
import httpx
import pytest
from collector import Collector
from observed_project import write_project
from served_project import Service, serving

from nb2svc.runtime import Manifest, Settings, create_app
from nb2svc.runtime.tracing import trace

pytestmark = pytest.mark.once

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ROW = {"inputs": [[0.25], [0.75], [1.0]]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("project"))


def end(service: Service) -> None:
    """What is left of spans is sent at the end."""
    service.process.send_signal(signal.SIGTERM)
    assert service.end() == 0, "\n".join(service.lines)


def test_a_request_and_its_model_call_are_spans_of_the_clients_trace(project: Path) -> None:
    with Collector() as collector, serving(project, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as service:
        traceparent = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "mine"}
        with httpx.Client(base_url=service.url) as client:
            assert client.post("/models/model/predict", json=ROW, headers=traceparent).status_code == 200
            for probe in ("/livez", "/readyz", "/metrics"):
                client.get(probe)
        end(service)
    model, request = collector.spans
    assert (request.name, request.kind, request.trace_id, request.parent_id) == (
        *("POST /models/model/predict", 2),
        *(TRACE, PARENT),
    )
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["http.route"] == "/models/model/predict"
    assert (model.name, model.trace_id, model.parent_id) == ("model.predict", TRACE, request.span_id)
    assert model.attributes == {"model.rows": 3}
    assert request.resource["service.name"] == "iris"
    (line,) = [each for each in service.records if each.get("endpoint") == "/models/model/predict"]
    assert (line["request_id"], line["trace_id"], line["span_id"]) == ("mine", TRACE, request.span_id)


def test_nothing_of_bodies_queries_headers_and_errors_is_in_a_span(project: Path) -> None:
    with Collector() as collector, serving(project, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as service:
        with httpx.Client(base_url=service.url, headers={"Authorization": "Bearer secret-key"}) as client:
            given = {"values": [0.123454321]}
            assert client.post("/predict?token=secret-query", json=given, headers={"Cookie": "secret"}).is_success
            assert client.post("/models/model/predict", json={"inputs": [["secret-body"]]}).status_code == 422
            assert client.post("/models/model/predict", json={"inputs": [[0.123454321, None]]}).status_code == 422
            assert client.get("/broken").status_code == 500
        end(service)
    words = ("secret", "0.123454321", "for the log only")
    assert not [word for word in words if word in str([each.everything for each in collector.spans])]
    failed = {each.name: each.attributes["error.type"] for each in collector.spans if each.failed}
    assert failed == {"GET /broken": "500", "model.predict": "TypeError"}


def test_the_variables_of_opentelemetry_mean_what_they_say(project: Path) -> None:
    with Collector() as collector:
        variables = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}/v1/traces",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
            "OTEL_SERVICE_NAME": "flowers",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging",
            "OTEL_TRACES_SAMPLER": "parentbased_always_off",
        }
        with serving(project, **variables) as service:
            with httpx.Client(base_url=service.url) as client:
                client.post("/predict", json={"values": [0.0]})  # not sampled
                headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
                client.post("/predict", json={"values": [0.0]}, headers=headers)  # sampled by the client
            end(service)
    (request,) = collector.spans
    assert (request.name, request.trace_id) == ("POST /predict", TRACE)
    assert request.resource["service.name"] == "flowers"
    assert request.resource["deployment.environment.name"] == "staging"


def test_a_collector_that_is_not_there_costs_neither_an_answer_nor_a_quick_end(project: Path) -> None:
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with serving(project, **variables) as service:
        assert httpx.post(f"{service.url}/predict", json={"values": [1.0]}).json() == {"total": 1.0}
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(10) == 0
        assert service.end() == 0


@pytest.mark.parametrize("variables", [{}, {"OTEL_TRACES_EXPORTER": "none"}, {"OTEL_SDK_DISABLED": "true"}])
def test_off_nothing_of_it_is_loaded(variables: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"} if variables else {}
    trace(Manifest(name="iris"), asked | variables)
    assert "opentelemetry.sdk" not in sys.modules
    assert not caplog.records


ASKED = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


def test_without_the_sdk_the_service_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    trace(Manifest(name="iris"), ASKED)
    assert "No traces are sent" in caplog.text
    assert "%nb2svc require fastapi[opentelemetry]" in caplog.text


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER is 'zipkin'"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "the protocol is 'grpc'"),
    ],
)
def test_what_cannot_be_done_is_said(variables: dict[str, str], words: str, caplog: pytest.LogCaptureFixture) -> None:
    trace(Manifest(name="iris"), ASKED | variables)
    assert words in caplog.text


class OlderFastAPI:
    def __init__(self, **extra: object) -> None:
        pass


def test_a_fastapi_without_traces_is_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(fastapi, "FastAPI", OlderFastAPI)
    trace(Manifest(name="iris"), ASKED)
    assert f"FastAPI {fastapi.__version__} has none" in caplog.text
    assert "0.142" in caplog.text


def test_an_app_in_a_notebook_is_not_traced_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    create_app(Manifest(name="iris"), settings=Settings())
    assert "opentelemetry.sdk" not in sys.modules
