"""Cell tags in the place of magics."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell

from nb2svc.capture.tags import with_magic
from nb2svc.errors import UsageError
from nb2svc.values import Where

WHERE = Where(notebook="n.ipynb", cell=3)


def source(text: str, *tags: str) -> str:
    return with_magic(new_code_cell(text, metadata={"tags": list(tags)}), WHERE)


def refusal(text: str, *tags: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        source(text, *tags)
    assert caught.value.where == WHERE
    assert caught.value.hint
    return caught.value


def test_the_options_line_becomes_the_magic_line():
    text = '# nb2svc: POST /predict --example {"x": 1}\ndef predict(x): ...'
    assert source(text, "nb2svc-endpoint") == '%%endpoint POST /predict --example {"x": 1}\ndef predict(x): ...'


@pytest.mark.parametrize("head", ["# What it does\n#\n", "\n\n", "   # indented\n"])
def test_lines_below_the_options_keep_their_numbers(head):
    text = f"{head}#nb2svc: GET /\ndef home(): ..."
    made = source(text, "nb2svc-endpoint")
    assert made.split("\n")[0] == "%%endpoint GET /"
    assert made.split("\n").index("def home(): ...") == text.split("\n").index("def home(): ...")
    assert len(made.split("\n")) == len(text.split("\n"))


def test_without_options_the_magic_comes_first():
    assert source("def predict(x): ...", "nb2svc-endpoint") == "%%endpoint\ndef predict(x): ..."
    assert source("db = connect()", "nb2svc-startup") == "%%startup\ndb = connect()"


def test_a_models_name_is_the_last_variable_where_none_is_given():
    text = "%time\nscaler = Scaler()\nmodel: Model = fit(scaler)\nmodel.score(X)"
    assert source(text, "nb2svc-model").startswith("%%serve_model model\n")
    assert (
        source("# nb2svc: --example X[:3]\nmodel = fit()", "nb2svc-model")
        == "%%serve_model model --example X[:3]\nmodel = fit()"
    )
    assert source("# nb2svc: clf\nclf = fit()\nother = 1", "nb2svc-model").startswith("%%serve_model clf\n")


def test_a_model_cell_that_assigns_nothing():
    assert "assigns no variable" in refusal("fit()", "nb2svc-model").message


def test_other_cells_stay_as_they_are():
    assert source("# a comment\nx = 1", "parameters", "slow") == "# a comment\nx = 1"
    assert source("x = 1  # nb2svc: not a line of its own") == "x = 1  # nb2svc: not a line of its own"


def test_a_cell_marked_both_ways_stays_as_it_is():
    text = "%%endpoint POST /predict\ndef predict(x): ..."
    assert source(text, "nb2svc-endpoint") == text


def test_options_without_a_tag_are_a_slip():
    assert "no tag" in refusal("# nb2svc: POST /predict\ndef predict(x): ...").message


def test_an_unknown_tag_is_a_slip():
    error = refusal("x = 1", "nb2svc-endpoints")
    assert "'nb2svc-endpoints'" in error.message
    assert "nb2svc-endpoint," in error.hint


def test_a_cell_is_one_thing():
    assert "nb2svc-endpoint and nb2svc-model" in refusal("x = 1", "nb2svc-model", "nb2svc-endpoint").message
