"""What a served model takes and gives: rows as JSON, with the names, types and categories of its example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import CaptureError
from ..values import Where
from .annotations import UnknownTypeError, Writer
from .categories import fitted_categories
from .columns import array_item, table
from .json_form import example_as_json
from .schema import class_name
from .schema_module import Schema
from .tolerance import known_columns, takes_missing

_PREFERRED = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
_ANY_KEYS = {"DictVectorizer", "FeatureHasher"}  # take objects of whatever keys


@dataclass(frozen=True)
class Inputs:
    """``rows`` is the example as JSON rows, None without one; ``dtypes`` aligns with ``features``."""

    rows: list[Any] | None = None
    schema: Schema | None = None
    features: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    frame: bool = False


def default_methods(model: object) -> tuple[str, ...]:
    """What a model is called for when ``--methods`` does not say: its predictions, else its transformation."""
    present = tuple(name for name in _PREFERRED if callable(getattr(model, name, None)))
    if "predict_proba" in present:
        return tuple(name for name in present if name in {"predict", "predict_proba"})
    return present[:1]


def learn(model: Any, example: Any, public: str, methods: Sequence[str], where: Where) -> Inputs:
    """How requests become what the model takes.

    Raises ``CaptureError`` for an example that no JSON rows can carry.
    """
    names = tuple(str(name) for name in getattr(model, "feature_names_in_", ()))
    if example is None:
        # Fitted on a DataFrame: it wants one again, with the columns by name.
        return Inputs(features=names, frame=bool(names))
    try:
        if _is(example, "pandas", "DataFrame"):
            return _of_frame(_Served(model, public, tuple(methods), where), example)
        if _is(example, "numpy", "ndarray") and example.ndim:
            return _of_array(_Served(model, public, tuple(methods), where), example, names)
        if _is(example, "pandas", "Series"):
            return _of_list(_Served(model, public, tuple(methods), where), example.tolist())
        if isinstance(example, (list, tuple)):
            return _of_list(_Served(model, public, tuple(methods), where), list(example))
    except UnknownTypeError as error:
        raise CaptureError(
            f"the example has {error}",
            hint="give columns and rows of numbers, texts and dates, or write a handler that makes the rest",
            where=where,
        ) from None
    raise CaptureError(
        f"the example is a {type(example).__module__}.{type(example).__qualname__}, not rows",
        hint="give a DataFrame, a 2-D array or a list of rows, such as --example X_test[:3]",
        where=where,
    )


@dataclass(frozen=True)
class _Served:
    model: Any
    public: str
    methods: tuple[str, ...]
    where: Where

    def schema(self, writer: Writer, annotation: str) -> Schema:
        name = class_name(self.public, "Inputs")
        writer.bind(name, annotation)
        return Schema(name, writer.source, frozenset(writer.modules))

    @property
    def row_name(self) -> str:
        return class_name(self.public, "Row")

    @property
    def row_doc(self) -> str:
        return f"A row of what the model `{self.public}` takes."


def _of_frame(served: _Served, example: Any) -> Inputs:
    if not all(isinstance(column, str) for column in example.columns):
        raise CaptureError(
            "the example's columns have no names",
            hint="name them as texts: df.columns = [...], or give an array: --example X_test[:3].to_numpy()",
            where=served.where,
        )
    frame = example.reset_index(drop=True)
    known = known_columns(served.model, served.methods, frame, fitted_categories(served.model, list(frame.columns)))
    writer = Writer()
    found = table(writer, served.row_name, frame, known)
    writer.modules.add("pandas")
    row = writer.typed_dict(served.row_name, found.fields, served.row_doc)
    return Inputs(
        rows=example_as_json(frame, served.where),
        schema=served.schema(writer, f"Annotated[Any, Frame({row})]"),
        features=tuple(found.fields),
        dtypes=found.dtypes,
        frame=True,
    )


def _of_array(served: _Served, example: Any, names: tuple[str, ...]) -> Inputs:
    writer = Writer()
    null = takes_missing(served.model, served.methods, example)
    item, dtype = array_item(writer, served.row_name, example, null=null)
    writer.modules.add("numpy")
    rows = example_as_json(example, served.where)
    if names and example.ndim == 2 and len(names) == example.shape[1]:  # noqa: PLR2004
        row = writer.typed_dict(served.row_name, dict.fromkeys(names, item), served.row_doc)
        return Inputs(rows, served.schema(writer, f"Annotated[Any, Matrix({row}, {dtype!r})]"), names, (dtype,))
    shape = [None, *example.shape[1:]]
    return Inputs(rows, served.schema(writer, f"Annotated[Any, Array({item}, {dtype!r}, {shape!r})]"), (), (dtype,))


def _of_list(served: _Served, rows: list[Any]) -> Inputs:
    writer = Writer()
    if rows and all(isinstance(row, dict) for row in rows) and _takes_any_keys(served.model):
        row = f"dict[str, {writer.annotation('', [value for row in rows for value in row.values()])}]"
    elif rows and all(isinstance(row, dict) for row in rows):
        row = writer.record(served.row_name, rows, served.row_doc)
    else:
        row = writer.annotation(served.row_name, rows)
        width = getattr(served.model, "n_features_in_", None)
        if rows and isinstance(width, int) and all(isinstance(one, list) and len(one) == width for one in rows):
            row = f"Annotated[{row}, Field(min_length={width}, max_length={width})]"
    return Inputs(example_as_json(rows, served.where), served.schema(writer, f"list[{row}]"))


def _takes_any_keys(model: Any) -> bool:
    first = model.steps[0][1] if isinstance(getattr(model, "steps", None), list) else model
    return any(base.__name__ in _ANY_KEYS for base in type(first).__mro__)


def _is(value: object, package: str, name: str) -> bool:
    return any(base.__name__ == name and base.__module__.partition(".")[0] == package for base in type(value).__mro__)
