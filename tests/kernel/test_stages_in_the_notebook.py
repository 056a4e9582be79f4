"""Export, preview, run and test from a notebook's own cells."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

import pytest
from live import FLOWER, IRIS, PREDICT, LiveKernel


def ask(url, path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def url_in(outcome):
    return re.search(r"http://127\.0\.0\.1:\d+", outcome.text)[0]


def test_export_writes_the_project_and_says_where(kernel, tmp_path):
    assert kernel.run(IRIS).ok
    assert kernel.run(PREDICT).ok
    assert kernel.run("%nb2svc name iris").ok
    outcome = kernel.run("%nb2svc export")
    assert outcome.ok, outcome.error
    assert "every example answered as here" in outcome.text
    assert "✓ Freezing the environment" in outcome.text
    project = tmp_path / "iris"
    main = (project / "service" / "main.py").read_text()
    assert 'app.post("/predict", responses=' in main
    assert "(endpoint(notebook.predict))" in main
    before = {path: path.read_bytes() for path in sorted(project.rglob("*")) if path.is_file()}
    assert kernel.run(
        "nb2svc.service.export('again')" if False else "import nb2svc\nnb2svc.service.export('again');"
    ).ok
    again = {path: path.read_bytes() for path in sorted((tmp_path / "again").rglob("*")) if path.is_file()}
    assert list(before.values()) == list(again.values())
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".nb2svc")]


def test_an_edited_project_is_not_replaced(kernel, tmp_path):
    assert kernel.run('%%endpoint --example {"x": 1}\ndef f(x):\n    return x').ok
    assert kernel.run("%nb2svc export out").ok
    (tmp_path / "out" / "service" / "main.py").write_text("# mine\n")
    outcome = kernel.run("%nb2svc export out")
    assert not outcome.ok
    assert outcome.ename == "ProjectEditedError"
    assert "service/main.py" in outcome.error
    assert kernel.run("%nb2svc export out --force").ok
    assert "# mine" not in (tmp_path / "out" / "service" / "main.py").read_text()


def test_nothing_marked_is_said(kernel):
    outcome = kernel.run("%nb2svc export")
    assert not outcome.ok
    assert "marks nothing to serve" in outcome.error


def test_a_service_that_answers_otherwise_away_from_the_notebook_is_not_written(kernel, tmp_path):
    cell = "%%endpoint --example {}\nfrom pathlib import Path\ndef f():\n    return Path.cwd().name"
    assert kernel.run(cell).ok
    outcome = kernel.run("%nb2svc export out")
    assert not outcome.ok
    assert "does not answer as the notebook did" in outcome.error
    assert tmp_path.name in outcome.error
    assert not (tmp_path / "out").exists()


def test_helper_modules_come_along(kernel, tmp_path):
    (tmp_path / "speech.py").write_text(
        "from accents import MARK\n\n\ndef shout(text):\n    return text.upper() + MARK\n"
    )
    (tmp_path / "accents.py").write_text('MARK = "!"\n')
    cell = '%%endpoint --example {"text": "a"}\nimport speech\ndef f(text):\n    return speech.shout(text)'
    outcome = kernel.run(cell)
    assert outcome.ok, outcome.error
    assert "accents, speech (copied)" in outcome.text
    outcome = kernel.run("%nb2svc export out")
    assert outcome.ok, outcome.error
    assert (tmp_path / "out" / "lib" / "accents.py").read_text() == 'MARK = "!"\n'


def test_a_secret_stays_in_the_notebook(kernel, tmp_path):
    assert kernel.run('API_KEY = "sk-live-0123456789abcdef"').ok
    assert kernel.run("%%endpoint --example {}\ndef f():\n    return len(API_KEY)").ok
    outcome = kernel.run("%nb2svc export out")
    assert outcome.ok, outcome.error
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert b"sk-live-0123456789abcdef" not in written
    assert 'API_KEY = os.environ["API_KEY"]' in (tmp_path / "out" / "service" / "notebook.py").read_text()


def test_live_preview_follows_the_cells(kernel):
    assert kernel.run('%%endpoint POST /f --example {"x": 1}\ndef f(x):\n    return x + 1', "a").ok
    outcome = kernel.run("%nb2svc serve")
    assert outcome.ok, outcome.error
    url = url_in(outcome)
    # The kernel is idle between cells: the preview has a thread of its own.
    assert ask(url, "/f", {"x": 1}) == 2
    assert kernel.run('%%endpoint POST /f --example {"x": 1}\ndef f(x):\n    return x + 2', "a").ok
    assert ask(url, "/f", {"x": 1}) == 3
    assert kernel.run("%nb2svc stop").ok
    try:
        ask(url, "/f", {"x": 1})
    except (urllib.error.URLError, ConnectionError):
        pass
    else:
        raise AssertionError("the preview still answers")


def test_run_and_test_in_a_process(kernel):
    assert kernel.run(IRIS).ok
    assert kernel.run(PREDICT).ok
    assert kernel.run("%%serve_model model --example X[:2]\npass").ok
    outcome = kernel.run("%nb2svc run --engine process", timeout=240)
    assert outcome.ok, outcome.error
    assert ask(url_in(outcome), "/predict", json.loads(FLOWER)) == {"species": "setosa"}
    outcome = kernel.run("%nb2svc test --engine process", timeout=240)
    assert outcome.ok, outcome.error
    assert "parity model-predict" in outcome.text
    assert "answers as the notebook did" in outcome.text
    assert kernel.run("%nb2svc stop").ok


def test_a_startup_runs_once_in_the_service(kernel, tmp_path):
    assert kernel.run("%%startup\nimport threading\nlock = threading.Lock()\nstate = {'n': 0}").ok
    outcome = kernel.run(
        "%%endpoint GET /n --example {}\n"
        "def n() -> int:\n    with lock:\n        state['n'] += 1\n        return state['n']"
    )
    assert outcome.ok, outcome.error
    outcome = kernel.run("%nb2svc export out")
    assert not outcome.ok  # the kernel had counted on, the service starts from 0: that is said
    assert "n-1" in outcome.error
    assert "does not answer as the notebook did" in outcome.error


def test_a_kernel_that_ends_leaves_nothing_running(tmp_path):
    live = LiveKernel(str(tmp_path))
    try:
        assert live.run("%load_ext nb2svc").ok
        assert live.run('%%endpoint POST /f --example {"x": 1}\ndef f(x):\n    return x').ok
        outcome = live.run("%nb2svc run --engine process", timeout=240)
        assert outcome.ok, outcome.error
        url = url_in(outcome)
        assert ask(url, "/f", {"x": 3}) == 3
        live.manager.shutdown_kernel()  # as a front end does: the kernel is asked, not killed
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            ask(url, "/f", {"x": 3})
    finally:
        live.close()


def test_what_runs_is_what_the_notebook_gives_now(kernel):
    assert kernel.run("FACTOR = 2").ok
    assert kernel.run('%%endpoint POST /f --example {"x": 1}\ndef f(x):\n    return x * FACTOR').ok
    outcome = kernel.run("%nb2svc run --engine process", timeout=240)
    assert outcome.ok, outcome.error
    assert ask(url_in(outcome), "/f", {"x": 3}) == 6
    assert kernel.run("FACTOR = 5").ok
    outcome = kernel.run("%nb2svc run --engine process", timeout=240)  # stops the first, and exports anew
    assert outcome.ok, outcome.error
    assert ask(re.findall(r"http://127\.0\.0\.1:\d+", outcome.text)[-1], "/f", {"x": 3}) == 15
    assert kernel.run("%nb2svc stop").ok
