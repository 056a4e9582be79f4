"""API keys, CORS and the closing of the documentation."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from nb2svc.runtime import Manifest, Settings, create_app, endpoint
from nb2svc.runtime import auth as auth_module
from nb2svc.runtime.auth import Keys
from nb2svc.runtime.errors import SettingsError

OPEN = ("/livez", "/readyz", "/v2/health/live", "/v2/health/ready")
CLOSED = ("/it", "/metrics", "/docs", "/redoc", "/openapi.json", "/v2", "/nowhere", "/livez/", "/it/")


def service(**variables: str) -> FastAPI:
    settings = Settings.load({f"SERVICE_{name}": value for name, value in variables.items()})
    app = create_app(Manifest(name="iris"), settings=settings)
    app.get("/it")(endpoint(lambda: 1))
    return app


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@pytest.fixture
def status(call):
    def ask(app: FastAPI, path: str = "/it", **headers: str) -> int:
        return call("GET", path, to=app, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return lambda *arguments, **headers: ask(*arguments, **headers).status_code


# --- keys ---------------------------------------------------------------------------------------


def test_without_keys_all_is_open(status) -> None:
    assert status(service()) == 200


def test_with_keys_only_health_is_open(call, status) -> None:
    app = service(API_KEYS="one")
    assert {path: status(app, path) for path in CLOSED} == dict.fromkeys(CLOSED, 401)
    assert {path: status(app, path) for path in OPEN} == dict.fromkeys(OPEN, 200) | {
        "/readyz": 503,  # its startup has not been run here
        "/v2/health/ready": 503,
    }
    answer = call("GET", "/it", to=app)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["x-request-id"]
    assert call("GET", "/it", to=app, headers=bearer("two")).headers["www-authenticate"].endswith('"invalid_token"')


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer one"},
        {"authorization": "bearer  one"},
        {"x-api-key": "two"},
        {"x-api-key": "schlüssel".encode()},
        {"authorization": "Basic of a proxy", "x-api-key": "one"},
        {"authorization": "Bearer of a proxy", "x-api-key": "one"},
    ],
)
def test_each_of_several_keys_is_taken_in_both_headers(call, headers) -> None:
    assert call("GET", "/it", to=service(API_KEYS="one, two,schlüssel"), headers=headers).status_code == 200


@pytest.mark.parametrize("authorization", ["one", "Basic one", "Bearer", "Bearer ", "Bearer one two", "Bearer on", ""])
def test_what_is_no_key_is_not_taken(status, authorization) -> None:
    assert status(service(API_KEYS="one"), authorization=authorization) == 401


def test_public_paths_need_no_key(status) -> None:
    app = service(API_KEYS="one", PUBLIC="/metrics, /it")
    assert [status(app, path) for path in ("/metrics", "/it", "/docs")] == [200, 200, 401]


def test_a_key_is_known_to_the_log_by_its_short_id_only(call, caplog) -> None:
    app = service(API_KEYS="very-secret")
    with caplog.at_level(logging.DEBUG):
        call("GET", "/it", to=app, headers=bearer("very-secret"))
        call("GET", "/it", to=app, headers=bearer("wrong-secret"))
        call("GET", "/livez", to=app, headers=bearer("very-secret"))
    first, second, probe = (record.fields for record in caplog.records if hasattr(record, "fields"))
    assert first["key"] == hashlib.sha256(b"very-secret").hexdigest()[:8]
    assert (second["status"], "key" in second, "key" in probe) == (401, False, False)
    assert "secret" not in caplog.text + repr([record.__dict__ for record in caplog.records])
    assert "secret" not in repr(app.state.settings)


def test_a_refused_request_reaches_no_handler(call) -> None:
    app = service(API_KEYS="one")
    seen = []
    app.post("/note")(endpoint(lambda: seen.append(1)))
    assert call("POST", "/note", to=app, content=b"x" * 10).status_code == 401
    assert seen == []


def test_websockets_need_a_key_too() -> None:
    app = service(API_KEYS="one")
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app({"type": "websocket", "path": "/it", "headers": []}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


# --- the file -----------------------------------------------------------------------------------


def test_keys_of_a_file_are_read_again_when_it_changes(tmp_path: Path, monkeypatch, caplog) -> None:
    now = 100.0
    monkeypatch.setattr(auth_module.time, "monotonic", lambda: now)
    file = tmp_path / "keys"
    file.write_text("# team a\none\n\n two \n")
    keys = Keys(["always"], file)
    assert [bool(keys.find(key)) for key in (b"always", b"one", b"two", b"", b"# team a")] == [1, 1, 1, 0, 0]
    replacement = tmp_path / "new"
    replacement.write_text("two\nthree\n")
    os.replace(replacement, file)  # noqa: PTH105 - as rotation does it
    assert keys.find(b"one")  # looked at a moment ago
    now += 1.5
    assert [bool(keys.find(key)) for key in (b"always", b"one", b"two", b"three")] == [1, 0, 1, 1]
    file.unlink()
    now += 1.5
    assert keys.find(b"three")
    assert "stay valid" in caplog.text
    file.write_text("")
    now += 1.5
    assert not keys.find(b"three")


def test_a_file_alone_closes_the_service(status, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    app = service(API_KEYS_FILE=str(tmp_path / "keys"))
    assert (status(app), status(app, x_api_key="")) == (401, 401)


def test_wrong_settings_are_told_without_the_keys(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: .*No such file"):
        service(API_KEYS_FILE=str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match=r"SERVICE_API_KEYS=…: .*nothing stands"):
        service(API_KEYS=" , ")
    with pytest.raises(SettingsError, match="paths begin with /"):
        service(PUBLIC="metrics")
    with pytest.raises(SettingsError, match=r"https://example.com/.*is no origin"):
        service(CORS_ORIGINS="https://example.com/")


# --- browsers and documentation -----------------------------------------------------------------


def test_cors_is_off_by_default(call) -> None:
    answer = call("GET", "/it", to=service(), headers={"origin": "https://a.example"})
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_cors_for_the_origins_that_are_set(call) -> None:
    app = service(CORS_ORIGINS="https://a.example, https://b.example", API_KEYS="one")
    app.get("/broken")(endpoint(lambda: 1 / 0))
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "x-api-key"}
    preflight = call("OPTIONS", "/it", to=app, headers={"origin": "https://b.example", **asked})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-headers"] == "x-api-key"
    assert call("OPTIONS", "/it", to=app, headers={"origin": "https://c.example", **asked}).status_code == 400
    for path, key, status in (("/it", "one", 200), ("/it", "two", 401), ("/broken", "one", 500)):
        headers = {"origin": "https://a.example", "x-api-key": key}
        answer = call("GET", path, to=app, headers=headers, raising=False)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, "https://a.example")
        assert "access-control-allow-credentials" not in answer.headers


def test_docs_can_be_closed_and_the_document_is_the_same(status) -> None:
    pages = ("/docs", "/redoc", "/openapi.json")
    assert [status(service(), page) for page in pages] == [200] * 3
    assert [status(service(DOCS="off"), page) for page in pages] == [404] * 3
    assert service(DOCS="off", API_KEYS="one").openapi() == service().openapi()
