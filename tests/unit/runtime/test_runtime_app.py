from __future__ import annotations

import asyncio
import json
import logging
import re
import uuid
import warnings

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel

from nb2svc.runtime import Manifest, Settings, create_app, endpoint
from nb2svc.runtime.logs import JSONFormatter, TextFormatter, configure
from nb2svc.runtime.logs import request_id as current_request_id


def metrics_of(call, app) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(call("GET", "/metrics", to=app).text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


# --- health -------------------------------------------------------------------------------------


def test_ready_only_between_startup_and_drain(call) -> None:
    seen = []

    def first() -> None:
        seen.append("first")

    async def second() -> None:
        await asyncio.sleep(0)
        answer = await ready()
        seen.append(("second", answer.status_code, answer.json()))

    app = create_app(Manifest(name="iris"), on_startup=[first, second], settings=Settings())

    async def ready(path: str = "/readyz") -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
            return await client.get(path)

    async def life() -> None:
        async with app.router.lifespan_context(app):
            assert (await ready()).status_code == 200
            assert (await ready("/v2/health/ready")).json() == {"ready": True}
            app.state.lifecycle.drain()
            assert (await ready()).json() == {"status": "draining"}
            assert (await ready("/v2/health/ready")).status_code == 503
            assert (await ready("/livez")).status_code == 200

    asyncio.run(life())
    assert seen == ["first", ("second", 503, {"status": "starting"})]


def test_a_failing_startup_fails_the_lifespan() -> None:
    def broken() -> None:
        message = "no database"
        raise ConnectionError(message)

    app = create_app(Manifest(name="iris"), on_startup=[broken])

    async def life() -> None:
        async with app.router.lifespan_context(app):
            pass

    with pytest.raises(ConnectionError, match="no database"):
        asyncio.run(life())
    assert app.state.lifecycle.phase == "starting"


def test_only_the_service_is_in_the_schema(app) -> None:
    app.post("/predict")(endpoint(lambda: 1))
    assert list(app.openapi()["paths"]) == ["/predict"]
    assert app.openapi()["info"]["title"] == "iris"


# --- request ids and errors ---------------------------------------------------------------------


def test_a_request_id_is_kept_or_made_and_known_to_handlers(ask) -> None:
    def handler():
        return current_request_id.get()

    answer = ask(handler, headers={"x-request-id": "abc-1"})
    assert (answer.json(), answer.headers["x-request-id"]) == ("abc-1", "abc-1")


@pytest.mark.parametrize("given", [None, "with space", "x" * 129, ""])
def test_a_missing_or_harmful_request_id_is_replaced(call, given) -> None:
    answer = call("GET", "/nowhere", headers={} if given is None else {"x-request-id": given})
    assert answer.status_code == 404
    assert uuid.UUID(answer.headers["x-request-id"])


def test_a_failing_handler_tells_the_client_nothing_and_the_log_everything(ask, caplog) -> None:
    def handler():
        password = "hunter2"
        raise ValueError(password)

    answer = ask(handler, raising=False, headers={"x-request-id": "r1"})
    assert answer.status_code == 500
    assert answer.json() == {"detail": "Internal Server Error", "request_id": "r1"}
    assert answer.headers["x-request-id"] == "r1"
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info[0] is ValueError
    assert "hunter2" in caplog.text


def test_without_logging_set_up_a_failure_prints_nothing() -> None:
    import subprocess
    import sys

    code = """
import asyncio, httpx
from nb2svc.runtime import Manifest, create_app, endpoint
app = create_app(Manifest(name="iris"))
app.get("/it")(endpoint(lambda: 1 / 0))
async def main():
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        print((await client.get("/it")).status_code)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("500\n", "")


class Body(BaseModel):
    value: float


@pytest.mark.parametrize(
    "content", [b'{"value": NaN, "other": Infinity', b'{"value": {"a": NaN}}', b"[NaN]", b'"\xff"', b"\xff\xfe"]
)
def test_bodies_that_cannot_be_echoed_are_client_errors_all_the_same(app, call, content) -> None:
    def handler(body: Body):
        return body

    app.post("/it")(endpoint(handler))
    for headers in ({"content-type": "application/json"}, {"content-type": "text/plain"}):
        answer = call("POST", "/it", content=content, headers=headers)
        assert answer.status_code in (400, 422)
        assert answer.json()["detail"]


# --- logs ---------------------------------------------------------------------------------------


def test_a_warning_is_logged_once_though_python_forgets_that_it_was_shown(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure(Settings())
        for text in ("odd", "odd", "odder", "odd"):
            with warnings.catch_warnings():  # as scikit-learn does for each tree of a forest
                warnings.simplefilter("default")
                warnings.warn(text, stacklevel=1)
    finally:
        logging.captureWarnings(False)
        root.handlers, root.level = before
    lines = [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()]
    assert [line.partition("UserWarning: ")[2].partition("\n")[0] for line in lines] == ["odd", "odder"]


def test_one_access_line_a_request(app, call, caplog) -> None:
    app.post("/items/{item}")(endpoint(lambda item: item))
    with caplog.at_level(logging.INFO):
        call("POST", "/items/secret?token=hidden", headers={"x-request-id": "r1"})
        call("GET", "/livez")
    [record] = [each for each in caplog.records if each.name.startswith("nb2svc")]
    assert record.getMessage() == "POST /items/secret 200"
    fields = dict(record.fields)
    assert fields.pop("seconds") >= 0
    assert fields == {
        "method": "POST", "path": "/items/secret", "endpoint": "/items/{item}", "status": 200, "bytes": 8,
        "complete": True, "client": "127.0.0.1",
    }  # fmt: skip


def test_json_lines_and_text_lines() -> None:
    error = ValueError("two\nlines")
    record = logging.LogRecord("x", logging.ERROR, "file", 1, "say %s", ("é",), (ValueError, error, None))
    record.fields = {"seconds": 0.25}
    token = current_request_id.set("r1")
    try:
        line, text = JSONFormatter().format(record), TextFormatter().format(record)
    finally:
        current_request_id.reset(token)
    assert "\n" not in line
    parsed = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+00:00", parsed.pop("time"))
    assert parsed == {
        "level": "error", "logger": "x", "message": "say é", "request_id": "r1", "seconds": 0.25,
        "traceback": "ValueError: two\nlines",
    }  # fmt: skip
    assert "error   say é (0.250 s) [r1]\nValueError" in text


# --- metrics ------------------------------------------------------------------------------------


def test_metrics_by_endpoint(app, call) -> None:
    def handler(item: int):
        return item

    app.get("/items/{item}")(endpoint(handler))
    call("GET", "/items/1")
    call("GET", "/items/2")
    call("GET", "/items/x")
    call("GET", "/nowhere")
    call("BREW", "/nowhere")
    call("GET", "/readyz")
    values = metrics_of(call, app)
    assert values["http_requests_total", "/items/{item}", "GET", "200"] == 2
    assert values["http_requests_total", "/items/{item}", "GET", "422"] == 1
    assert values["http_requests_total", "unmatched", "GET", "404"] == 1
    assert values["http_requests_total", "unmatched", "other", "404"] == 1
    assert values["http_request_duration_seconds_count", "/items/{item}", "GET"] == 3
    assert values["http_requests_in_progress",] == 1  # the one for the metrics
    assert not any("/readyz" in key for key in values)
    assert any(key[0] == "service_info" and "iris" in key for key in values)


def test_apps_in_one_process_do_not_share_metrics(call) -> None:
    one, two = (create_app(Manifest(name=name)) for name in ("one", "two"))
    call("GET", "/nowhere", to=one)
    assert ("http_requests_total", "unmatched", "GET", "404") in metrics_of(call, one)
    assert ("http_requests_total", "unmatched", "GET", "404") not in metrics_of(call, two)


def test_failures_are_counted(app, ask, call) -> None:
    ask(lambda: 1 / 0, raising=False)
    assert metrics_of(call, app)["http_requests_total", "/it", "POST", "500"] == 1


def test_openmetrics_where_asked_for(call) -> None:
    answer = call("GET", "/metrics", headers={"accept": "application/openmetrics-text"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_creating_an_app_leaves_logging_alone() -> None:
    before = list(logging.getLogger().handlers)
    create_app(Manifest(name="iris"))
    assert logging.getLogger().handlers == before
