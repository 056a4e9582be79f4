from __future__ import annotations

from typing import Annotated, Optional

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from nb2svc.capture.tables import as_annotated
from nb2svc.errors import UsageError
from nb2svc.runtime.signatures import table_type
from nb2svc.values import Where

WHERE = Where(notebook="a.ipynb", cell=3, name="f")


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (np.ndarray, np.ndarray),
        (npt.NDArray[np.float64], np.ndarray),
        (Optional[pd.DataFrame], pd.DataFrame),  # noqa: UP045 - as notebooks have it
        (pd.Series | None, pd.Series),
        (Annotated[pd.Timestamp, "when"], pd.Timestamp),
        (np.ndarray | pd.Series, None),
        (list[np.ndarray], None),
        (np.float64, None),
        (float, None),
        ("np.ndarray", None),
    ],
)
def test_classes_of_tables_are_known_in_what_stands_around_them(annotation, kind):
    assert table_type(annotation) is kind


def test_json_becomes_what_the_annotation_says():
    def handler(x: np.ndarray, y: npt.NDArray[np.int8], frame: pd.DataFrame, k: list[int], none: np.ndarray | None):
        raise NotImplementedError

    given = {"x": [1, 2], "y": [3], "frame": [{"a": 1}], "k": [4], "none": None}
    made = as_annotated(handler, given, WHERE)
    assert made["x"].tolist() == [1, 2]
    assert made["y"].dtype == np.int8
    assert made["frame"].to_dict("records") == [{"a": 1}]
    assert (made["k"], made["none"]) == ([4], None)


def test_the_only_parameter_may_be_the_whole_example():
    def handler(frame: pd.DataFrame):
        raise NotImplementedError

    assert as_annotated(handler, [{"a": 1}, {"a": 2}], WHERE)["a"].tolist() == [1, 2]
    frame = pd.DataFrame({"a": [1]})
    assert as_annotated(handler, frame, WHERE) is frame


def test_what_is_not_annotated_so_stays_as_it_is():
    def handler(x, y: float):
        raise NotImplementedError

    example = {"x": [1], "y": 2.0}
    assert as_annotated(handler, example, WHERE) is example


def test_what_makes_no_table_is_named():
    def handler(x: pd.DataFrame):
        raise NotImplementedError

    with pytest.raises(UsageError, match="the example of x makes no DataFrame") as raised:
        as_annotated(handler, {"x": "abc"}, WHERE)
    assert raised.value.where == WHERE
