"""The magics in a real kernel: cells run as ordinary ones, captures that fail make the cell fail."""

from __future__ import annotations

import os
import signal
import threading
import time

from live import IRIS, PREDICT


def status(kernel):
    return kernel.run("%nb2svc status").text


def test_a_handler_is_captured_and_answers_its_example(kernel):
    assert kernel.run(IRIS).ok
    outcome = kernel.run(PREDICT)
    assert outcome.ok, outcome.error
    assert "POST /predict" in outcome.text
    assert '{"species": "setosa"}' in outcome.text
    assert "Flower (class)" in outcome.text
    assert "SPECIES (constant)" in outcome.text
    assert "nb2svc-card" in outcome.html


def test_a_model_is_captured_with_an_answer_for_each_method(kernel):
    assert kernel.run(IRIS).ok
    outcome = kernel.run("%%serve_model model --example X[:2]\nmodel = LogisticRegression(max_iter=500).fit(X, y)")
    assert outcome.ok, outcome.error
    assert '{"outputs": [0, 0]}' in outcome.text
    assert "POST /models/model/predict_proba" in outcome.text
    assert "sepal_length, sepal_width" in outcome.text


def test_where_a_model_lies_is_told_and_a_refused_place_leaves_the_service_as_it_was(kernel):
    assert kernel.run(IRIS).ok
    serves = "%%serve_model model --example X[:2] --location {}\nmodel = LogisticRegression(max_iter=500).fit(X, y)"
    assert "the service reads it from /models" in kernel.run(serves.format("mount")).text
    assert "model: predict, predict_proba · mount" in status(kernel)
    refused = kernel.run(serves.format("https://me:word@example.com/model.joblib"))
    assert not refused.ok
    assert "credentials" in refused.error
    assert "model: predict, predict_proba · mount" in status(kernel)


def test_inspect_finds_the_source(kernel):
    assert kernel.run('%%endpoint --example {"x": 1}\ndef f(x):\n    return x  # same').ok
    assert "return x  # same" in kernel.run("import inspect\nprint(inspect.getsource(f))").text


def test_the_last_expression_is_still_displayed(kernel):
    outcome = kernel.run('%%endpoint --example {"x": 2}\ndef double(x):\n    return 2 * x\n\n"the last expression"')
    assert outcome.ok, outcome.error
    assert outcome.results == ["'the last expression'"]
    assert kernel.run("_").results == ["'the last expression'"]


def test_a_semicolon_still_hides_the_last_expression(kernel):
    outcome = kernel.run('%%endpoint --example {"x": 2}\ndef double(x):\n    return 2 * x\n\n"hidden";')
    assert outcome.ok, outcome.error
    assert outcome.results == []


def test_top_level_await_works_in_the_body(kernel):
    outcome = kernel.run(
        "%%endpoint --example {}\nimport asyncio\nfactor = await asyncio.sleep(0, 3)\n"
        "async def three() -> int:\n    return factor\n\nawait three()"
    )
    assert outcome.ok, outcome.error
    assert outcome.results == ["3"]
    assert "→  3" in outcome.text


def test_a_body_that_fails_has_one_traceback_with_true_line_numbers(kernel):
    outcome = kernel.run("%%endpoint --example {}\nx = 1\ny = 1 / 0\ndef f():\n    return y")
    assert not outcome.ok
    assert len(outcome.errors) == 1
    assert "----> 3 y = 1 / 0" in outcome.error
    assert "# %%endpoint --example {}" in outcome.error
    assert "nb2svc_marker" not in outcome.error
    assert "nothing is marked" in status(kernel).lower()


def test_a_syntax_error_is_shown_at_its_line(kernel):
    outcome = kernel.run("%%endpoint\ndef f(:\n    pass")
    assert not outcome.ok
    assert "line 2" in outcome.error


def test_a_handler_that_fails_on_its_example_fails_the_cell(kernel):
    outcome = kernel.run('%%endpoint --example {"x": 0}\ndef inverse(x):\n    y = x\n    return 1 / y')
    assert not outcome.ok
    assert outcome.ename == "CaptureError"
    assert len(outcome.errors) == 1
    assert "cell [2] › inverse: inverse fails on its example: ZeroDivisionError: division by zero" in outcome.error
    assert "line 4 of its cell" in outcome.error
    assert "return 1 / y" in outcome.error
    assert "nothing is marked" in status(kernel).lower()


def test_a_capture_that_fails_leaves_the_service_as_it_was(kernel):
    assert kernel.run('%%endpoint --example {"x": 1}\ndef inverse(x):\n    return 1 / x', "a").ok
    assert not kernel.run('%%endpoint --example {"x": 0}\ndef inverse(x):\n    return 1 / x', "a").ok
    text = status(kernel)
    assert "POST /inverse → inverse, 1 example  (cell [2])" in text
    assert "run cell [2] again" in text  # the name now holds the handler that failed: that is said


def test_an_unbound_name_is_named_with_its_next_step(kernel):
    outcome = kernel.run("%%endpoint --example {}\ndef f():\n    return missing")
    assert not outcome.ok
    assert "cell [2] › f: missing is used, but nothing in the notebook defines it" in outcome.error
    assert "→ run the cell that defines it" in outcome.error


def test_an_unbound_model_is_an_error(kernel):
    outcome = kernel.run("%%serve_model model\nother = 1")
    assert not outcome.ok
    assert "model is not bound after this cell" in outcome.error


def test_bad_options_are_errors_with_a_hint(kernel):
    cases = {
        "%%endpoint --exmaple {}\ndef f(): pass": "did you mean --example?",
        "%%endpoint FETCH /x\ndef f(): pass": "FETCH is no HTTP method",
        "%%endpoint predict\ndef f(): pass": "PREDICT is no HTTP method",
        "%%endpoint POST predict\ndef f(): pass": "must begin with /",
        "%%endpoint --status 404\ndef f(): pass": "no status of success",
        "%%endpoint --example {broken\ndef f(): pass": "neither JSON nor a Python expression",
        "%%endpoint --example nowhere\ndef f(): pass": "NameError",
        "%%endpoint\nx = 1": "defines no function",
        "%%serve_model\nmodel = 1": "needs the name of the variable",
        "%%serve_model model --methods nope\nmodel = object()": "has no method nope",
        "%%serve_model model\nmodel = 3": "has no method to predict with",
        "%%startup now\nx = 1": "takes no options",
        "%nb2svc nonsense": "invalid choice: 'nonsense'",
        "%nb2svc name Not Good": "unrecognized arguments",
        "%nb2svc name Not_Good": "cannot be the service's name",
        "%nb2svc require no-such-distribution": "no distribution no-such-distribution",
        "%nb2svc require absent[extra": "names no distribution",
        "%nb2svc include nowhere.csv": "there is no file nowhere.csv",
        "%nb2svc drop ghost": "the service has no ghost",
    }
    for cell, message in cases.items():
        outcome = kernel.run(cell)
        assert not outcome.ok, cell
        assert message in outcome.error, (cell, outcome.error)
        assert "site-packages" not in outcome.error, cell  # no frames of ours or of libraries


def test_running_a_cell_again_replaces_what_it_defined(kernel):
    assert kernel.run('%%endpoint --example {"x": 1}\ndef one(x):\n    return x', "cell-a").ok
    assert kernel.run('%%endpoint --example {"x": 1}\ndef two(x):\n    return x', "cell-b").ok
    outcome = kernel.run('%%endpoint --example {"x": 1}\ndef uno(x):\n    return x', "cell-a")
    assert outcome.ok, outcome.error
    assert "replaces one" in outcome.text
    text = status(kernel)
    assert "/uno" in text
    assert "POST /one" not in text
    assert text.index("/uno") < text.index("/two")  # it stands where the old one stood


def test_a_deleted_cell_takes_its_endpoint_along(kernel):
    assert kernel.run('%%endpoint --example {"x": 1}\ndef one(x):\n    return x', "cell-a").ok
    kernel.run("pass", "cell-c", deleted=("cell-a",))
    assert "/one" not in status(kernel)


def test_the_same_path_replaces_without_cell_ids(kernel):
    assert kernel.run('%%endpoint POST /p --example {"x": 1}\ndef one(x):\n    return x').ok
    assert kernel.run('%%endpoint POST /p --example {"x": 1}\ndef two(x):\n    return x').ok
    text = status(kernel)
    assert "→ two" in text
    assert "→ one" not in text


def test_cells_before_load_ext_are_known(bare_kernel):
    assert bare_kernel.run("# doubles\ndef double(x):\n    return 2 * x\nLIMIT = 5").ok
    assert bare_kernel.run("%load_ext nb2svc").ok
    outcome = bare_kernel.run('%%endpoint --example {"x": 2}\ndef f(x):\n    return min(double(x), LIMIT)')
    assert outcome.ok, outcome.error
    assert "double (function)" in outcome.text


def test_secrets_become_environment_variables(kernel):
    assert kernel.run('API_KEY = "sk-live-0123456789"').ok
    outcome = kernel.run("%%endpoint --example {}\ndef f():\n    return len(API_KEY)")
    assert outcome.ok, outcome.error
    assert "looks like a secret" in outcome.text
    assert "sk-live-0123456789" not in outcome.text + outcome.html


def test_what_cannot_be_pickled_is_named_by_its_path(kernel):
    assert kernel.run("import threading\nstate = {'db': [threading.Lock()]}").ok
    outcome = kernel.run("%%endpoint --example {}\ndef f():\n    return len(state)")
    assert not outcome.ok
    assert "state['db'][0] cannot be saved" in outcome.error
    assert "%%startup" in outcome.error


def test_startup_is_the_way_out(kernel):
    assert kernel.run("%%startup\nimport threading\nlock = threading.Lock()").ok
    outcome = kernel.run("%%endpoint --example {}\ndef f():\n    with lock:\n        return 1")
    assert outcome.ok, outcome.error


def test_all_problems_are_reported_at_once(kernel):
    outcome = kernel.run("%%endpoint --example {}\ndef f():\n    return [missing, gone, get_ipython()]")
    assert not outcome.ok
    for word in ("3 things", "missing is used", "gone is used", "get_ipython() is IPython's"):
        assert word in outcome.error


def test_an_object_keeps_the_class_that_it_was_made_with(kernel):
    assert kernel.run("class Encoder:\n    def predict(self, rows):\n        return [len(row) for row in rows]").ok
    assert kernel.run("model = Encoder()").ok
    assert kernel.run("class Encoder:\n    def predict(self, rows):\n        return [0 for row in rows]").ok
    outcome = kernel.run('%%serve_model model --example [["a"]]\npass')
    assert outcome.ok, outcome.error
    assert "_Encoder_1" in outcome.text


def test_get_parameters_and_paths(kernel):
    outcome = kernel.run(
        '%%endpoint GET /items/{item_id} --example {"item_id": 7, "q": "a b", "deep": true}\n'
        "def item(item_id: int, q: str, deep: bool = False):\n    return [item_id, q, deep]"
    )
    assert outcome.ok, outcome.error
    assert "GET /items/7?q=a+b&deep=true" in outcome.text
    assert '[7, "a b", true]' in outcome.text


def test_an_upload(kernel):
    outcome = kernel.run(
        '%%endpoint POST /size --example {"file": ("a.csv", b"a,b\\n1,2\\n")}\n'
        "from fastapi import UploadFile\n"
        "def size_of(file: UploadFile) -> dict:\n    return {'name': file.filename, 'bytes': len(file.file.read())}"
    )
    assert outcome.ok, outcome.error
    assert '{"name": "a.csv", "bytes": 8}' in outcome.text


def test_run_cell_magic_by_program_raises(kernel):
    outcome = kernel.run("get_ipython().run_cell_magic('endpoint', '', 'x = 1')")
    assert not outcome.ok
    assert "defines no function" in outcome.error


def test_under_another_cell_magic(kernel):
    outcome = kernel.run('%%time\n%%endpoint --example {"x": 1}\ndef f(x):\n    return x')
    assert "POST /f" in outcome.text or "POST /f" in status(kernel)


def test_unload_takes_everything_out(kernel):
    assert kernel.run("%unload_ext nb2svc").ok
    assert not kernel.run("%%endpoint\ndef f(): pass").ok
    assert kernel.run("%load_ext nb2svc").ok
    assert kernel.run('%%endpoint --example {"x": 1}\ndef f(x):\n    return x').ok


def test_interrupting_an_example_ends_the_cell(kernel):
    body = (
        '%%endpoint --example {"x": 1}\nimport time\ndef slow(x):\n    print("begun", flush=True)\n    time.sleep(30)'
    )
    begin = time.monotonic()
    interrupt = threading.Timer(2.0, os.kill, (kernel.manager.provisioner.pid, signal.SIGINT))
    interrupt.start()
    outcome = kernel.run(body)
    interrupt.join()
    assert not outcome.ok
    assert outcome.ename == "KeyboardInterrupt"
    assert time.monotonic() - begin < 15
    assert "POST /slow" not in status(kernel)
