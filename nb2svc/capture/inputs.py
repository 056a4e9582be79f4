"""What a served model takes: rows as JSON, with the names and types that the example shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import CaptureError
from .json_form import example_as_json, json_form

if TYPE_CHECKING:
    from .registry import MarkedModel

_PREFERRED = ("predict", "predict_proba", "decision_function", "transform", "score_samples")


@dataclass(frozen=True)
class Inputs:
    """``rows`` is the example as JSON rows, None without one; ``dtypes`` aligns with ``features``."""

    rows: list[Any] | None = None
    features: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    frame: bool = False

    def options(self) -> dict[str, Any]:
        """As keyword arguments of ``runtime.model_routes``."""
        return {"features": self.features, "dtypes": self.dtypes, "frame": self.frame}


def default_methods(model: object) -> tuple[str, ...]:
    """What a model is called for when ``--methods`` does not say: its predictions, else its transformation."""
    present = tuple(name for name in _PREFERRED if callable(getattr(model, name, None)))
    if "predict_proba" in present:
        return tuple(name for name in present if name in {"predict", "predict_proba"})
    return present[:1]


def inputs_of(mark: MarkedModel) -> Inputs:
    """How requests become what the model takes.

    Raises ``CaptureError`` for an example that no JSON rows can carry.
    """
    example = mark.example
    names = tuple(str(name) for name in getattr(mark.value, "feature_names_in_", ()))
    if example is None:
        # Fitted on a DataFrame: it wants one again, with the columns by name.
        return Inputs(features=names, frame=bool(names))
    if _is(example, "pandas", "DataFrame"):
        return _of_frame(mark, example)
    if _is(example, "pandas", "Series"):
        return Inputs(rows=example_as_json(example.tolist(), mark.where))
    if _is(example, "numpy", "ndarray") and example.ndim:
        known = names if example.ndim == 2 and len(names) == example.shape[1] else ()  # noqa: PLR2004
        dtype = (str(example.dtype),) if example.dtype.kind in "fiub" else ()
        return Inputs(rows=example_as_json(example, mark.where), features=known, dtypes=dtype)
    if isinstance(example, (list, tuple)):
        return Inputs(rows=example_as_json(list(example), mark.where))
    raise CaptureError(
        f"the example is a {type(example).__module__}.{type(example).__qualname__}, not rows",
        hint="give a DataFrame, a 2-D array or a list of rows, such as --example X_test[:3]",
        where=mark.where,
    )


def _of_frame(mark: MarkedModel, example: Any) -> Inputs:
    if not all(isinstance(column, str) for column in example.columns):
        raise CaptureError(
            "the example's columns have no names",
            hint="name them as texts: df.columns = [...], or give an array: --example X_test[:3].to_numpy()",
            where=mark.where,
        )
    return Inputs(
        rows=example_as_json(example.reset_index(drop=True), mark.where),
        features=tuple(example.columns),
        dtypes=tuple(_dtype(dtype) for dtype in example.dtypes),
        frame=True,
    )


def _dtype(dtype: Any) -> str:
    """A column's type by name; a categorical's with its categories, which the rows of one request need not show."""
    if str(dtype) != "category":
        return str(dtype)
    return "category" + json.dumps(json_form(list(dtype.categories)), ensure_ascii=False)


def _is(value: object, package: str, name: str) -> bool:
    return any(base.__name__ == name and base.__module__.partition(".")[0] == package for base in type(value).__mro__)
