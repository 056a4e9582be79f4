"""README's tour cell by cell, its request and its answer; and every refusal of docs/capture.md in its own words."""

from __future__ import annotations

import json
import re
import shlex
import socket
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.once  # a page and its commands

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


# --- README -------------------------------------------------------------------------------------


def tour():
    return FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def cell_that_begins(word):
    (found,) = [code for language, code in tour() if language == "python" and code.startswith(word)]
    return found


def request_and_answer():
    """What README sends with curl, and what it says comes back: (path, headers, body), answer."""
    (command,) = [code for language, code in tour() if language == "sh" and code.startswith("curl ")]
    _, url, _, header, _, body = shlex.split(command)
    (answer,) = [code for language, code in tour() if language == "json"]
    name, _, value = header.partition(": ")
    return (url.removeprefix("http://127.0.0.1:8000"), {name: value}, body.encode()), answer


def ask(url):
    (path, headers, body), _ = request_and_answer()
    with urllib.request.urlopen(urllib.request.Request(url + path, body, headers), timeout=30) as answer:
        return answer.read().decode()


@pytest.fixture
def toured(bare_kernel):
    """A kernel in which the tour's cells have run, up to the export."""
    for word in ("%load_ext", "%%serve_model", "%%endpoint"):
        outcome = bare_kernel.run(cell_that_begins(word))
        assert outcome.ok, outcome.error
    assert bare_kernel.run("%nb2svc name petals").ok  # no front end says what the notebook is called
    return bare_kernel


def test_the_cards_give_the_answers_that_the_picture_shows(bare_kernel):
    assert bare_kernel.run(cell_that_begins("%load_ext")).ok
    assert (
        '{"outputs": ["setosa", "versicolor", "virginica"]}' in bare_kernel.run(cell_that_begins("%%serve_model")).text
    )
    (_, _, body), answer = request_and_answer()
    card = bare_kernel.run(cell_that_begins("%%endpoint")).text
    assert body.decode() in card
    assert f"→  {json.dumps(json.loads(answer))}" in card


def test_the_preview_answers_as_the_readme_says(toured):
    outcome = toured.run("%nb2svc serve")
    url = re.search(r"http://127\.0\.0\.1:\d+", outcome.text)[0]
    assert ask(url) == request_and_answer()[1]
    headers = {"Content-Type": "text/csv", "Accept": "text/csv"}
    lines = urllib.request.Request(f"{url}/models/model/predict", b"1.4,0.2\n4.7,1.4\n", headers)
    with urllib.request.urlopen(lines, timeout=30) as answer:  # formats are the kernel's, too
        assert answer.read().decode().split() == ["outputs", "setosa", "versicolor"]
    assert toured.run("%nb2svc stop").ok


def test_the_exported_service_is_tested_and_answers_as_the_readme_says(toured, tmp_path):
    outcome = toured.run(cell_that_begins("%nb2svc export"))
    assert outcome.ok, outcome.error
    assert (tmp_path / "petals" / "service" / "main.py").is_file()
    outcome = toured.run(f"{cell_that_begins('%nb2svc test')} --engine process", timeout=300)
    assert outcome.ok, outcome.error
    assert "answers as the notebook did" in outcome.text
    with socket.socket() as probe:  # the README's own port may be taken
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    outcome = toured.run(f"{cell_that_begins('%nb2svc run').replace('8000', str(port))} --engine process", timeout=300)
    assert outcome.ok, outcome.error
    try:
        assert ask(f"http://127.0.0.1:{port}") == request_and_answer()[1]
    finally:
        assert toured.run("%nb2svc stop").ok


# --- docs/capture.md ----------------------------------------------------------------------------


def refusals():
    """(cells, words) of each refusal, named by its heading: the cells since the last words, the last of which fails."""
    page = (ROOT / "docs" / "capture.md").read_text(encoding="utf-8")
    for part in page.split("\n### ")[1:]:
        cells = []
        for language, code in FENCE.findall(part):
            if language == "python":
                cells.append(code)
            else:
                heading = part.partition("\n")[0]
                yield pytest.param(cells, code, id=f"{heading}: {cells[-1].splitlines()[0][:30]}")
                cells = []


@pytest.mark.parametrize(("cells", "words"), list(refusals()))
def test_a_documented_refusal_gives_the_documented_words(kernel, cells, words):
    *before, refused = cells
    for cell in before:
        outcome = kernel.run(cell)
        assert outcome.ok, outcome.error
    outcome = kernel.run(refused)
    assert not outcome.ok
    position = 0
    for line in words.splitlines():
        position = outcome.error.find(line.strip(), position)
        assert position >= 0, f"{line.strip()!r} is not in, or not in its place of:\n{outcome.error}"


def test_there_are_documented_refusals():
    assert len(list(refusals())) > 10


def test_the_way_out_of_a_missing_file_is_the_documented_one(kernel, tmp_path):
    (missing,) = [each for each in refusals() if each.id.startswith("A file that is not in the service")]
    *before, refused = missing.values[0]
    for cell in [*before, "%nb2svc include names.txt", refused]:
        assert kernel.run(cell).ok
    outcome = kernel.run("%nb2svc export out")
    assert outcome.ok, outcome.error
    assert (tmp_path / "out" / "names.txt").read_text() == "ada\ngrace\n"
