"""What real notebooks did to the capture: each of these was a silent difference, a wrong refusal or a crash once."""

from __future__ import annotations

import re

import joblib
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from nb2svc.capture.artifacts import dump_model
from nb2svc.capture.json_form import same
from nb2svc.capture.objects import probe
from nb2svc.events import Finished, Started, Step
from nb2svc.ui.notebook import Steps

FRAME = """
import datetime as dt
import numpy as np
import pandas as pd

class Ages:
    def predict(self, rows):
        years = 2025 - rows["sold"].dt.year
        return (years + rows["lot"]).to_numpy()

rows = pd.DataFrame({"sold": pd.to_datetime(["2020-02-29", "2021-03-01"]), "lot": [1.5, np.nan]})
"""


def test_a_model_takes_dates_and_missing_values_as_its_example(kernel):
    assert kernel.run(FRAME).ok
    outcome = kernel.run("%%serve_model model --example rows\nmodel = Ages()")
    assert outcome.ok, outcome.error
    assert '{"sold": "2020-02-29T00:00:00", "lot": 1.5}, {"sold": "2021-03-01T00:00:00", "lot": null}' in outcome.text
    assert '{"outputs": [6.5, null]}' in outcome.text


def test_the_index_of_an_example_is_no_column_of_its_rows(kernel):
    assert kernel.run(FRAME).ok
    outcome = kernel.run(
        '%%serve_model model --example rows.set_index(pd.Index(["a", "b"], name="id"))\nmodel = Ages()'
    )
    assert outcome.ok, outcome.error
    assert "columns  sold, lot\n" in outcome.text
    assert '"id"' not in outcome.text


def test_the_card_of_a_model_says_which_method_answered(kernel):
    assert kernel.run(FRAME).ok
    outcome = kernel.run("%%serve_model model --example rows[:1]\nmodel = Ages()")
    assert 'predict {"inputs": [{"sold"' in outcome.text
    assert re.search(r"^  type +Ages$", outcome.text, re.MULTILINE)


def test_an_example_may_hold_what_a_notebook_holds(kernel):
    assert kernel.run(FRAME).ok
    outcome = kernel.run(
        '%%endpoint --example {"day": dt.date(2025, 3, 14), "sizes": np.array([1.5, np.nan]), "note": None}\n'
        "from pydantic import BaseModel\n"
        "class Order(BaseModel):\n    day: dt.date\n    sizes: list[float | None]\n    note: str | None\n"
        "def order(order: Order) -> Order:\n    return order"
    )
    assert outcome.ok, outcome.error
    assert outcome.text.count('{"day": "2025-03-14", "sizes": [1.5, null], "note": null}') == 2


def test_a_pydantic_object_is_an_example(kernel):
    assert kernel.run("from pydantic import BaseModel\nclass Order(BaseModel):\n    net: float").ok
    outcome = kernel.run("%%endpoint --example Order(net=2)\ndef double(order: Order):\n    return 2 * order.net")
    assert outcome.ok, outcome.error
    assert '{"net": 2.0}' in outcome.text


def test_none_is_a_parameter_left_out_of_the_query(kernel):
    outcome = kernel.run(
        '%%endpoint GET /items --example {"q": None, "limit": 2}\n'
        "def items(q: str | None = None, limit: int = 1):\n    return [q, limit]"
    )
    assert outcome.ok, outcome.error
    assert "GET /items?limit=2" in outcome.text
    assert "[null, 2]" in outcome.text


def test_an_example_without_json_form_says_so(kernel):
    outcome = kernel.run('%%endpoint --example {"x": [1j]}\ndef f(x):\n    return 1')
    assert not outcome.ok
    assert "the example holds a complex (1j)" in outcome.error


def test_a_streamed_answer_keeps_its_lines_apart_in_the_card(kernel):
    outcome = kernel.run('%%endpoint --example {"n": 2}\ndef count(n: int):\n    for i in range(n):\n        yield i')
    assert outcome.ok, outcome.error
    assert "→  0\n           1\n" in outcome.text


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([0.1 + 0.2, "a"], [0.3, "a"], True),
        ([0.3], [0.31], False),
        ([1], [1.0], False),
        ([True], [1], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
        ([1, 2], [1], False),
        (None, None, True),
    ],
)
def test_answers_agree_to_the_last_bits_of_floats_only(left, right, expected):
    assert same(left, right) is expected


def test_the_file_of_a_text_model_holds_no_addresses(tmp_path):
    files = []
    for name in ("one", "two"):
        vectorizer = TfidfVectorizer(stop_words=["the", "a"][:]).fit(["the cat", "a dog"])
        assert vectorizer._stop_words_id == id(vectorizer.stop_words)
        artifact = dump_model(
            vectorizer, staging=tmp_path, name=name, format_="auto", references=probe(vectorizer, name), why=""
        )
        assert vectorizer._stop_words_id == id(vectorizer.stop_words)  # the live one is as it was
        files.append(artifact.staged)
        kept = vectorizer
    assert files[0].read_bytes() == files[1].read_bytes()
    loaded = joblib.load(files[1])
    assert "_stop_words_id" not in vars(loaded)
    assert (loaded.transform(["the dog"]) != kept.transform(["the dog"])).nnz == 0
    assert all("__getstate__" not in vars(base) for base in TfidfVectorizer.__mro__[:3])


def test_stages_inside_one_another_end_on_their_own_lines():
    steps = Steps()
    for event in (
        Started("export", "Writing iris"),
        Step("export", "Importing what was written"),
        Started("verify", "Answering the examples"),
        Step("verify", "asking predict-1"),
        Finished("verify", 1.0, "2 of 2 answers are the notebook's"),
        Finished("export", 2.0, "36 files"),
    ):
        steps.take(event)
    assert steps.text().splitlines() == [
        "✓ Writing iris · 36 files · 2.0 s",
        "✓ Answering the examples · 2 of 2 answers are the notebook's · 1.0 s",
    ]


def test_postponed_annotations_stay_postponed(kernel, tmp_path):
    assert kernel.run("from __future__ import annotations\nimport logging\nlog = logging.getLogger(__name__)").ok
    outcome = kernel.run(
        '%%endpoint --example {"later": {"x": 1}}\n'
        "from pydantic import BaseModel\n"
        "class Body(BaseModel):\n    later: Later\n"
        "class Later(BaseModel):\n    x: int\n"
        "def f(body: Body) -> Later:\n    log.info('asked')\n    return body.later"
    )
    assert outcome.ok, outcome.error
    outcome = kernel.run("%nb2svc export out")
    assert outcome.ok, outcome.error
    code = (tmp_path / "out" / "service" / "notebook.py").read_text()
    assert "from __future__ import annotations" in code
    assert "__name__ =" not in code
    assert "log = logging.getLogger(__name__)" in code
