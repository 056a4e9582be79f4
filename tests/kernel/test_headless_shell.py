"""From the exported folder on, as a person types it: run, list, logs, test, stop, without a container engine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from xml.etree import ElementTree as ET

import pytest
from headless_notebook import export, gone, write

pytestmark = pytest.mark.once  # commands around what the other files test

COMMAND = [sys.executable, "-c", "from nb2svc.cli import main; main()"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shell")
    result = export(write(folder), "-o", folder / "prices")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(f"prices → {folder / 'prices'}  (")
    assert "Next: nb2svc run" in result.stderr
    return folder / "prices"


@pytest.fixture
def nb2svc(tmp_path):
    """Type a command in an empty folder."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def free_port() -> int:
    """A port that nothing else on this machine starts on, as the usual 8000 may be."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def price(url: str) -> object:
    request = urllib.request.Request(f"{url}/price?net=10", method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_a_service_is_left_running_listed_tested_and_stopped(project, nb2svc):
    started = nb2svc("run", project, "--engine", "process", "-p", free_port(), "--detach", "--json")
    assert started.returncode == 0, started.stderr
    service = json.loads(started.stdout)
    try:
        assert price(service["url"]) == {"gross": 12.0}
        listed = json.loads(nb2svc("list", "--json").stdout)
        assert service["name"] in [each["name"] for each in listed["services"]]
        assert "/price" in nb2svc("logs", service["name"], "--tail", "20").stdout
        tested = nb2svc("test", service["url"], "--project", project, "--json", "-", "--quiet")
        assert tested.returncode == 0, tested.stderr
        assert "parity price-1" in [check["name"] for check in json.loads(tested.stdout)["checks"]]
    finally:
        stopped = nb2svc("stop", service["name"])
    assert stopped.returncode == 0, stopped.stderr
    assert gone(int(service["id"]))
    assert nb2svc("stop", service["name"]).returncode == 2


def test_a_folder_is_tested_and_reported(project, nb2svc, tmp_path):
    tested = nb2svc("test", project, "--engine", "process", "--junit", "report.xml", "--json", "report.json")
    assert tested.returncode == 0, tested.stderr
    assert "prices answers as the notebook did" in tested.stdout
    assert ET.parse(tmp_path / "report.xml").getroot().tag == "testsuites"  # noqa: S314 - our own
    assert json.loads((tmp_path / "report.json").read_text())["service"] == "prices"


def test_a_difference_exits_1(project, nb2svc, tmp_path):
    started = nb2svc("run", project, "--engine", "process", "-p", free_port(), "--detach", "--json")
    service = json.loads(started.stdout)
    other = tmp_path / "other"
    try:
        changed = export(project.parent / "prices.ipynb", "-o", other, "-p", "RATE=0.5", "--quiet")
        assert changed.exit_code == 0, changed.stderr
        tested = nb2svc("test", service["url"], "--project", other)
    finally:
        nb2svc("stop", service["name"])
    assert tested.returncode == 1
    assert "150.0" in tested.stdout
    assert "120.0" in tested.stdout


def test_in_the_foreground_it_shows_the_log_until_ctrl_c(project, tmp_path):
    with subprocess.Popen(
        [*COMMAND, "run", str(project), "--engine", "process", "-p", str(free_port()), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        lines = iter(process.stdout.readline, "")
        text = next(lines)
        while not text.endswith("}\n"):
            text += next(lines)
        service = json.loads(text)
        price(service["url"])
        logged = next(line for line in lines if "/price" in line)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert logged
    assert process.returncode == 130
    assert "Stopping prices" in stderr
    assert stderr.endswith("Interrupted.\n")
    assert gone(int(service["id"]))


def test_a_service_that_ends_by_itself_ends_the_command(project, tmp_path):
    with subprocess.Popen(
        [*COMMAND, "run", str(project), "--engine", "process", "-p", str(free_port()), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        text = process.stdout.readline()
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        service = json.loads(text)
        os.kill(int(service["id"]), signal.SIGKILL)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 8
    assert service["name"].startswith("prices")  # prices-2 where another test runs one at the same time
    assert f"{service['name']} ended by itself" in stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["run", "."], 6, "project"),
        (["build", "nowhere"], 6, "nowhere"),
        (["stop", "nobody"], 2, "nobody"),
        (["stop"], 2, "--all"),
        (["logs", "nobody"], 2, "nobody"),
        (["run", ".", "-e", "NOT_SET_ANYWHERE"], 2, "NOT_SET_ANYWHERE"),
        (["run", ".", "-e", "=x"], 2, "no name"),
        (["inspect", "."], 6, "project"),
    ],
)
def test_what_cannot_be_done_is_said_and_has_its_status(nb2svc, arguments, status, said):
    ended = nb2svc(*arguments)
    assert ended.returncode == status, ended.stderr
    assert ended.stdout == ""
    assert said in ended.stderr
    assert "→" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_project_is_inspected(project, nb2svc):
    assert "POST /price" in nb2svc("inspect", project).stdout
    assert json.loads(nb2svc("inspect", project, "--json").stdout)["name"] == "prices"


def test_the_doctor_looks_at_this_machine(nb2svc):
    found = {each["name"]: each for each in json.loads(nb2svc("doctor", "--json").stdout)}
    assert found["uv"]["state"] == "ok"
    assert f"python {sys.version_info[0]}.{sys.version_info[1]}" in found
    told = nb2svc("doctor")
    assert "uv" in told.stdout
    assert "Looking at this machine" in told.stderr
