"""What fitted models take: their categories, their missing values, by asking them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from nb2svc.capture import inputs
from nb2svc.capture.categories import fitted_categories
from nb2svc.capture.tolerance import known_columns
from nb2svc.errors import CaptureError
from nb2svc.values import Where

PEOPLE = pd.DataFrame(
    {
        "age": [39.0, np.nan, 51.0, 28.0, 45.0, 33.0],
        "floor": [1, 2, 3, 1, 2, 3],
        "city": ["Rome", "Paris", "Rome", "Oslo", "Paris", "Oslo"],
        "plan": pd.Series(["a", "b", "a", "b", "a", "b"], dtype=object),
        "size": pd.Categorical(["s", "m", "s", "m", "s", "m"]),
        "flag": [True, False, True, False, True, False],
    }
)
BOUGHT = np.array(["no", "yes", "no", "yes", "yes", "no"])


def learned(model, example, methods=("predict",)):
    return inputs.learn(model, example, "m", methods, Where())


def fields(model, example) -> dict[str, str]:
    """The annotations of a row, without their dtypes."""
    source = learned(model, example).schema.source
    lines = [line.strip().split(": ", 1) for line in source.splitlines() if line.startswith("    ") and ": " in line]
    return {name: annotation.removeprefix("Annotated[").rpartition(", Dtype(")[0] for name, annotation in lines}


def test_a_pipeline_takes_what_its_parts_take():
    columns = ColumnTransformer(
        [
            ("imputed", SimpleImputer(), ["age"]),
            ("by position", OneHotEncoder(), [1]),
            ("ignoring", OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("behind an imputer", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), slice(3, 4)),
            ("selected", OrdinalEncoder(), make_column_selector(dtype_include="category")),
            ("as it is", "passthrough", ["flag"]),
        ]
    )
    search = GridSearchCV(make_pipeline(columns, LogisticRegression()), {"logisticregression__C": [1.0]}, cv=2)
    assert fields(search.fit(PEOPLE, BOUGHT), PEOPLE[2:4]) == {
        "age": "Float | None",
        "floor": "Annotated[Literal[1, 2, 3], NotBool]",
        "city": "Annotated[str, Field(examples=['Oslo', 'Paris', 'Rome'])] | None",
        "plan": "Literal['a', 'b'] | None",
        "size": "Literal['m', 's']",
        "flag": "StrictBool",
    }


def test_a_model_that_takes_everything_missing():
    frame = PEOPLE[["age", "floor", "size"]]
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=2).fit(frame, BOUGHT)
    assert fields(model, frame[2:3]) == {
        "age": "Float | None",
        "floor": "Integer | None",
        "size": "Annotated[str, Field(examples=['m', 's'])] | None",
    }


def test_null_of_an_object_column_is_the_value_that_the_model_takes():
    frame = PEOPLE[["plan"]]
    model = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()).fit(frame)
    assert "Dtype('object')" not in learned(model, frame[:1], ("transform",)).schema.source
    assert 'Dtype("object", missing=nan)' in learned(model, frame[:1], ("transform",)).schema.source
    encoder = OneHotEncoder().fit(pd.DataFrame({"plan": ["a", None]}, dtype=object))
    assert "Literal['a'] | None, Dtype('object')" in learned(encoder, frame[:1], ("transform",)).schema.source


class Own:
    """A model of the notebook: nobody knows what calling it does, so it is not called."""

    calls = 0

    def predict(self, frame):
        Own.calls += 1
        return [0] * len(frame)


def test_other_models_take_what_the_example_shows_and_are_not_called():
    assert fields(Own(), PEOPLE[:2]) == {
        "age": "Float | None",
        "floor": "Integer",
        "city": "str",
        "plan": "str",
        "size": "Literal['m', 's']",
        "flag": "StrictBool",
    }
    assert Own.calls == 0


def test_asking_is_quiet_and_leaves_random_numbers_as_they_were(capsys, recwarn):
    def loud(frame):
        print("called with", frame)
        np.random.default_rng()
        np.random.rand()  # noqa: NPY002 - the global one, as notebooks use it
        return frame

    model = make_pipeline(FunctionTransformer(loud), StandardScaler(), LogisticRegression())
    frame = PEOPLE[["floor"]]
    model.fit(frame, BOUGHT)
    capsys.readouterr()
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    assert fields(model, frame[:1]) == {"floor": "Integer"}
    assert capsys.readouterr().out == ""
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    assert not recwarn.list


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (OneHotEncoder(), {"city": ["Oslo", "Paris", "Rome"]}),
        (make_pipeline(FunctionTransformer(), OneHotEncoder()), {}),
        (FeatureUnion([("a", OneHotEncoder()), ("b", OneHotEncoder(categories=[["Rome", "Paris", "Oslo", "Bonn"]]))]),
         {"city": ["Oslo", "Paris", "Rome"]}),
        (ColumnTransformer([("mask", OneHotEncoder(), [True])]), {"city": ["Oslo", "Paris", "Rome"]}),
    ],
)  # fmt: skip
def test_categories_are_found_where_columns_come_in_unchanged(model, known):
    frame = PEOPLE[["city"]]
    assert fitted_categories(model.fit(frame), ["city"]) == known


def test_categories_that_the_example_contradicts_are_none():
    frame = PEOPLE[["city"]]
    encoder = OneHotEncoder().fit(frame)
    assert known_columns(encoder, ("transform",), frame, {"city": ["x"]})["city"].categories == ()


@pytest.mark.parametrize(
    ("example", "annotation"),
    [
        (np.eye(2), "Annotated[Any, Array(Float, 'float64', [None, 2])]"),
        (np.zeros((2, 2, 3), dtype="uint8"), "Annotated[Any, Array(Integer, 'uint8', [None, 2, 3])]"),
        (np.array([[1.0, np.nan]]), "Annotated[Any, Array(Float | None, 'float64', [None, 2])]"),
        (["a", "b"], "list[str]"),
        (pd.Series(["a"]), "list[str]"),
        ([[1, 2.5]], "list[list[Number]]"),
        ([{"a": 1}, {"a": 2, "b": "x"}], "list[MRow]"),
    ],
)
def test_rows_of_other_kinds(example, annotation):
    assert f"MInputs = {annotation}" in learned(Own(), example).schema.source


def test_a_model_of_objects_takes_any_keys():
    model = make_pipeline(DictVectorizer(), LogisticRegression()).fit([{"a": 1}, {"b": "x"}], [0, 1])
    assert "list[dict[str, str | Number]]" in learned(model, [{"a": 1}, {"b": "x"}]).schema.source


def test_names_that_the_model_knows_name_the_columns_of_an_array():
    model = LogisticRegression().fit(PEOPLE[["floor", "flag"]], BOUGHT)
    found = learned(model, np.array([[1.0, 0.0]]))
    assert found.features == ("floor", "flag")
    assert "Matrix(MRow, 'float64')" in found.schema.source
    assert learned(model, None).features == ("floor", "flag")


@pytest.mark.parametrize(
    ("example", "says"),
    [
        (3, "not rows"),
        (pd.DataFrame([[1]]), "columns have no names"),
        (pd.DataFrame({"a": [1 + 1j]}), "the column 'a', which holds complex128"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "named by one text each"),
        ([object()], "the example has a object"),
    ],
)
def test_examples_that_are_no_rows_are_refused(example, says):
    with pytest.raises(CaptureError, match=says):
        learned(Own(), example)
