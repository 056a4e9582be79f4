"""Every case folder: a notebook in a real kernel, and what became of it."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from case_folder import CaseError, folders, load
from requirement import need
from serving import served, verify


def engines_of(folder):
    """``process``, and ``docker`` where the case asks for it; a broken folder fails in its test."""
    try:
        expected = load(folder).expected
    except CaseError:
        return ["process"]
    return ["process", "docker"] if expected.docker else ["process"]


def params():
    for folder in folders():
        name = f"{folder.parent.name}/{folder.name}"
        together = pytest.mark.xdist_group(name)  # one worker, which runs the notebook once
        for engine in engines_of(folder):
            suffix = "" if engine == "process" else f"-{engine}"
            yield pytest.param(folder, engine, id=f"{name}{suffix}", marks=together)


@pytest.mark.parametrize(("folder", "engine"), list(params()))
def test_case(folder, engine, runs, services, docker_there):
    case = load(folder)
    if engine == "docker":
        docker_there()
    for name in case.expected.needs:
        need("torch" if name == "torch" else "frameworks", "" if find_spec(name) else f"{name} is not installed")
    run = runs(folder)
    print(run.transcript())  # pytest shows it where the test fails
    if case.expected.outcome == "refused":
        must_be_refused(run)
    else:
        must_serve(run, engine, services)


def must_be_refused(run):
    expected = run.case.expected
    assert run.stopped_at, f"it was exported, and should have been refused in [{expected.cell}]"
    missing = [text for text in expected.says if text not in run.error]
    assert not missing, f"the error does not say {missing}"
    assert run.stopped_at == expected.cell
    assert run.after == run.before, "the refused cell changed the service"


def must_serve(run, engine, services):
    assert not run.stopped_at, f"[{run.stopped_at}] should have worked"
    missing = [text for text in run.case.expected.warns if text not in run.shown]
    assert not missing, f"no cell warns of {missing}"
    assert "not verified" not in run.shown
    if run.case.expected.engine == "none":  # the clean room has answered the examples
        verify(run.case, run.project)
        return
    with served(run.case, run.project, engine, run.machine, services) as service:
        report = service.replay()
        failed = [check for check in report.checks if check.outcome == "failed"]
        if failed:
            print(service.logs())
        assert not failed, "\n\n".join(f"{check.name}: {check.detail}\n{check.difference}" for check in failed)
        assert any(check.name.startswith("parity ") for check in report.checks), "the case has no example"
        service.verify()
