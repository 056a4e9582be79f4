"""What a service keeps of its requests: by a real process under load, and on a disk that is full, slow or not there."""

from __future__ import annotations

import base64
import functools
import json
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from observed_project import write_project
from served_project import run_to_end, serving

from nb2svc.runtime.errors import SettingsError
from nb2svc.runtime.spool import Spool

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("project"))


def records(folder: Path) -> list[dict]:
    """Every line of every file, whole and valid."""
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def counts(url: str) -> dict[str, float]:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    found = (line.rpartition(" ") for line in lines if line.startswith("http_requests_captured_total{"))
    return {name.partition('"')[2].partition('"')[0]: float(value) for name, _, value in found}


def test_each_request_is_a_line_and_none_is_lost_under_load_and_at_the_end(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "captured"
    settings = {"SERVICE_CAPTURE": str(folder), "SERVICE_WORKERS": "2", "SERVICE_API_KEYS": "secret-key"}
    with serving(project, until="Worker 1 (", **settings) as service:

        def ask(number: int) -> None:
            with httpx.Client(base_url=service.url, headers={"X-API-Key": "secret-key"}) as client:
                for place in range(20):
                    values = [float(number), float(place)]
                    identifier = {"X-Request-ID": f"{number}-{place}"}
                    if number % 2:
                        client.post("/predict", json={"values": values}, headers=identifier)
                    else:
                        client.post("/models/model/predict", json={"inputs": [values]}, headers=identifier)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(ask, range(16)))
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0, service.story
    found = {each["request_id"]: each for each in records(folder)}
    assert len(found) == len(records(folder)) == 320
    for identifier, each in found.items():
        number, place = map(int, identifier.split("-"))
        asked, answered = {"values": [number, place]}, {"total": number + place}
        if number % 2 == 0:
            asked, answered = {"inputs": [[number, place]]}, {"outputs": [number + place]}
        assert (each["inputs"], each["outputs"], each["status"]) == (asked, answered, 200)
        assert each["endpoint"] == ("/predict" if number % 2 else "/models/model/predict")
        assert 0 < each["seconds"] < 60
    assert {len(each["digest"]) for each in found.values()} == {64}
    files = list(folder.iterdir())
    assert {path.suffix for path in files} == {".jsonl"}
    assert "secret-key" not in "".join(path.read_text() for path in files)


def test_bodies_of_every_kind_are_kept_and_what_describes_the_service_is_not(project: Path, tmp_path: Path) -> None:
    with serving(project, SERVICE_CAPTURE=str(tmp_path)) as service:
        with httpx.Client(base_url=service.url) as client:
            client.get("/near/a%20b?docks=2&token=t")
            client.get("/parts")
            client.post("/raw", content=b"\xff\x00", headers={"Content-Type": "image/png"})
            client.post("/raw", content=bytes(2 << 20))
            client.post("/predict", json={"values": "none"})
            client.post("/predict", content=b'{"values": [', headers={"Content-Type": "application/json"})
            client.post("/predict", content=b'{"values": [NaN]}', headers={"Content-Type": "application/json"})
            client.get("/broken")
            client.post("/v2/models/model/infer", json={})
            for path in ("/livez", "/metrics", "/docs", "/openapi.json", "/v2/models/model", "/nothing"):
                client.get(path)
            written = counts(service.url)
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0
    found = sorted(records(tmp_path), key=lambda each: each["time"])  # a stream ends after its last byte
    near, parts, image, large, wrong, cut, nan, broken, infer = found
    assert (near["method"], near["path"], near["endpoint"]) == ("GET", "/near/a b", "/near/{place}")
    assert (near["query"], near["inputs"]) == ({"docks": ["2"], "token": ["t"]}, None)
    assert near["outputs"] == ["a b", "a b"]
    assert parts["outputs"] == "first last"
    assert image["inputs"] == {"content_type": "image/png", "base64": base64.b64encode(b"\xff\x00").decode()}
    assert (large["inputs"], large["outputs"]) == ({"left_out": 2 << 20}, {"left_out": 2 << 20})
    assert (wrong["inputs"], wrong["status"]) == ({"values": "none"}, 422)
    assert (cut["inputs"], cut["status"]) == ('{"values": [', 422)
    assert nan["inputs"] == {"values": [None]}
    assert (broken["status"], broken["outputs"]) == (500, None)
    assert (infer["endpoint"], infer["status"]) == ("/v2/models/model/infer", 400)
    assert written["lost"] == 0
    assert written["written"] <= 9


def test_a_rate_keeps_a_part_and_leaves_the_notebooks_random_numbers_alone(project: Path, tmp_path: Path) -> None:
    with serving(project, SERVICE_CAPTURE=str(tmp_path), SERVICE_CAPTURE_RATE="0.3") as service:
        with httpx.Client(base_url=service.url) as client:
            for _ in range(200):
                client.get("/near/here")
        service.process.send_signal(signal.SIGTERM)
        assert service.end() == 0
    assert 30 <= len(records(tmp_path)) <= 95  # 60; beyond these once in millions of runs


def test_a_folder_that_cannot_be_written_to_stops_the_start(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run_to_end(project, SERVICE_PORT="0", SERVICE_CAPTURE=str(tmp_path / "file"))
    assert done.returncode == 1
    assert f"SERVICE_CAPTURE={tmp_path / 'file'} cannot be written to" in done.stdout


# --- the spool ----------------------------------------------------------------------------------


class Counts:
    def __init__(self) -> None:
        self.written = self.lost = 0

    def write(self) -> None:
        self.written += 1

    def lose(self) -> None:
        self.lost += 1


Make = Callable[..., Spool]


@pytest.fixture
def counted() -> Counts:
    return Counts()


@pytest.fixture
def make(tmp_path: Path, counted: Counts) -> Make:
    def spool(max_bytes: int = 1 << 20, name: str = "iris") -> Spool:
        made = Spool(tmp_path, name, max_bytes, written=counted.write, lost=counted.lose)
        made.begin()
        return made

    return spool


def test_files_are_rotated_and_the_oldest_make_room_for_new_ones(make: Make, counted: Counts, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text("not ours")
    other = make(name="iris-two")
    other.add(lambda: b"other\n", 6)
    other.end()
    spool = make(max_bytes=16_000)
    for number in range(1000):
        spool.add(functools.partial(b"%099d\n".__mod__, number), 100)
    spool.end()
    own = sorted(path for path in tmp_path.glob("iris-2*.jsonl"))
    kept = [int(line) for path in own for line in path.read_bytes().splitlines()]
    assert kept == list(range(1000 - len(kept), 1000))
    assert 14_000 < sum(path.stat().st_size for path in own) <= 16_000
    assert all(path.stat().st_size <= 1000 for path in own)
    assert (tmp_path / "mine.jsonl").exists()
    assert len(list(tmp_path.glob("iris-two-*"))) == 1
    assert (counted.written, counted.lost) == (1001, 0)


def test_a_disk_that_is_slow_costs_records_and_no_time(make: Make, counted: Counts) -> None:
    spool = make()
    begun, go = threading.Event(), threading.Event()

    def slow() -> bytes:
        begun.set()
        assert go.wait(60)
        return b"slow\n"

    spool.add(slow, 5)
    assert begun.wait(60)
    for _ in range(50):
        spool.add(lambda: b"quick\n", 1 << 20)
    assert counted.lost == 50 - 31  # 32 MiB may wait
    go.set()
    spool.end()
    assert counted.written == 1 + 31


def test_a_disk_that_takes_nothing_is_told_once(
    make: Make, counted: Counts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    real = os.write

    def write(file: int, data: bytes) -> int:
        if bytes(data) == b"ord\n":
            raise OSError(28, "No space left on device")
        return real(file, data[:3])

    monkeypatch.setattr(os, "write", write)
    spool = make()
    for _ in range(3):
        spool.add(lambda: b"record\n", 7)
    spool.add(lambda: b"another\n", 8)
    spool.add(lambda: 1 / 0, 8)
    spool.add(lambda: b"last\n", 8)
    spool.end()
    assert (counted.lost, counted.written) == (4, 2)
    assert caplog.text.count("No space left on device") == 1
    assert b"".join(path.read_bytes() for path in sorted(tmp_path.glob("*.jsonl"))) == b"another\nlast\n"


def test_a_folder_is_made_or_refused(tmp_path: Path, counted: Counts) -> None:
    Spool(tmp_path / "a" / "b", "iris", 1, written=counted.write, lost=counted.lose)
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be written to"):
        Spool(tmp_path / "file", "iris", 1, written=counted.write, lost=counted.lose)
