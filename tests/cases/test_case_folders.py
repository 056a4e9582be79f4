"""What makes a folder a case, and what is said where it is none."""

from __future__ import annotations

import re

import pytest
from case_folder import CaseError, folders, load

SERVES = 'title = "A title"\nsection = "Definitions"\noutcome = "serves"\n'
REFUSED = 'title = "A title"\nsection = "Objects"\noutcome = "refused"\ncell = "b"\nsays = ["no"]\n'
NOTEBOOK = "# A case.\n\n# %% [a]\nx = 1\n\n# %% [b] deletes a\nx\n"


def test_every_folder_is_a_case_and_no_title_stands_twice():
    faults = [fault for folder in folders() if (fault := fault_of(folder))]
    assert not faults
    titles = [(case.expected.section, case.expected.title) for case in map(load, folders())]
    assert len(set(titles)) == len(titles), [one for one in titles if titles.count(one) > 1]


def fault_of(folder):
    try:
        load(folder)
    except CaseError as error:
        return str(error)
    return ""


def write(folder, toml, notebook=NOTEBOOK, **others):
    folder.mkdir(exist_ok=True)
    for name, text in {"case.toml": toml, "notebook.py": notebook, **others}.items():
        (folder / name).write_text(text)
    return folder


def test_a_case_is_read(tmp_path):
    folder = write(tmp_path / "one", SERVES + "docker = true\n", **{"data.csv": "a,b\n", "verify.py": ""})
    case = load(folder)
    assert (case.sentence, case.name) == ("A case.", f"{tmp_path.name}/one")
    assert [(cell.id, cell.source, cell.deletes) for cell in case.cells] == [("a", "x = 1", ()), ("b", "x", ("a",))]
    assert [path.name for path in case.files] == ["data.csv"]
    assert case.verify == folder / "verify.py"


@pytest.mark.parametrize(
    ("toml", "notebook", "words"),
    [
        (SERVES + "extra = 1\n", NOTEBOOK, "extra: Extra inputs are not permitted"),
        (SERVES.replace("A title", ""), NOTEBOOK, "title: "),
        (SERVES.replace("Definitions", "Nowhere"), NOTEBOOK, "section: "),
        (SERVES + 'says = ["no"]\n', NOTEBOOK, "cell and says are for cases that are refused"),
        (REFUSED.replace('["no"]', "[]"), NOTEBOOK, "a refused case names the cell"),
        (REFUSED + "docker = true\n", NOTEBOOK, "warns and docker are for cases that are served"),
        (REFUSED.replace('"b"', '"c"'), NOTEBOOK, "has no cell [c]"),
        (SERVES + "title = 2\n", NOTEBOOK, "case.toml: "),
        (SERVES, "# %% [a]\nx = 1\n", "one comment that says the case"),
        (SERVES, NOTEBOOK.replace("[a]", "a"), "is not of the form"),
        (SERVES, NOTEBOOK.replace("x = 1", ""), "cell [a] is empty"),
    ],
)
def test_what_is_no_case_says_why(tmp_path, toml, notebook, words):
    with pytest.raises(CaseError, match=re.escape(words)):
        load(write(tmp_path / "one", toml, notebook))


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(CaseError, match=r"one/case.toml is missing"):
        load(tmp_path / "one")
