from __future__ import annotations

from nb2svc.smoke.places import place_in

NOTEBOOK = '''"""Code of the notebook."""
import math

LIMIT = 10


def halve(x):
    # comment
    return x / 0


class Flower:
    def area(self):
        return math.sqrt(-1)
'''

TRACEBACK = """Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/starlette/routing.py", line 70, in app
  File "/app/service/runtime/endpoint.py", line 12, in call
  File "/app/service/notebook.py", line 9, in halve
    return x / 0
  File "/app/service/runtime/loading.py", line 3, in get
  File "/usr/lib/python3.11/site-packages/service/other.py", line 1, in get
ZeroDivisionError: division by zero
"""


def test_a_line_leads_back_to_the_cell_and_the_name(make_project, manifest):
    root = make_project(files={"service/notebook.py": NOTEBOOK, "nb2svc.json": manifest})
    place = place_in(TRACEBACK, root)
    assert place is not None
    assert (place.file, place.line, place.source) == ("service/notebook.py", 9, "return x / 0")
    assert str(place.where) == "tiny.ipynb › cell [7] › halve"
    assert str(place) == "tiny.ipynb › cell [7] › halve: service/notebook.py:9  return x / 0"


def test_without_a_manifest_the_name_remains(make_project):
    root = make_project(files={"service/notebook.py": NOTEBOOK})
    place = place_in(TRACEBACK.replace("line 9", "line 14"), root)
    assert place is not None
    assert str(place.where) == "Flower"


def test_lines_of_constants_and_helper_modules(make_project):
    root = make_project(files={"service/notebook.py": NOTEBOOK, "lib/features.py": "def scale(x):\n    return x\n"})
    constant = place_in(
        'Traceback (most recent call last):\n  File "/app/service/notebook.py", line 4, in <module>', root
    )
    helper = place_in('Traceback (most recent call last):\n  File "/app/lib/features.py", line 2, in scale', root)
    assert (constant and constant.where.name, helper and helper.where.name) == ("LIMIT", "scale")


def test_escaped_tracebacks_of_structured_logs(make_project):
    root = make_project(files={"service/notebook.py": NOTEBOOK})
    place = place_in(TRACEBACK.replace('"', '\\"').replace("\n", "\\n"), root)
    assert place is not None
    assert place.line == 9


def test_a_traceback_outside_the_users_code_has_no_place(make_project):
    root = make_project()
    assert (
        place_in('Traceback (most recent call last):\n  File "/app/service/runtime/app.py", line 1, in x', root) is None
    )
    assert place_in("no traceback at all", root) is None


def test_a_file_that_is_gone_still_has_its_line(make_project):
    place = place_in(TRACEBACK, make_project())
    assert place is not None
    assert (place.line, place.source, str(place.where)) == (9, "", "")
