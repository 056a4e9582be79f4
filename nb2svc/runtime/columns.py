"""One column or array of JSON values, checked, as pandas or numpy has it."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

_NUMBERS = (bool, int, float, type(None))

#: What numpy and pandas raise for values that do not fit.
MISFIT = (ValueError, TypeError, OverflowError, FloatingPointError)


@dataclass(frozen=True)
class Dtype:
    """The pandas or numpy type of a column, beside the type that its values have in JSON.

    ``missing`` is what null becomes in a column of objects; other columns have a value of their own for that, and one
    of whole numbers becomes one of floats, as in pandas. ``categories`` are those of a categorical, in order.
    """

    name: str = ""
    missing: Any = None
    categories: Sequence[Any] = ()
    ordered: bool = False

    def column(self, values: list[Any]) -> Any:
        """The values as a pandas column. Raises one of ``MISFIT``."""
        if not self.name:
            return values
        if self.name == "object":
            return _objects([self.missing if value is None else value for value in values])
        kind = self.name.rstrip("0123456789")
        if kind in ("int", "uint", "float", "bool"):
            return _numbers(values, "float64" if kind in ("int", "uint") and None in values else self.name)
        import pandas as pd

        if self.name == "category":
            return pd.Categorical(values, dtype=self._category(values))
        return pd.array(values, dtype=self.name)

    def kind(self, values: Sequence[Any]) -> Hashable:
        """What of the column depends on the values: those of one kind may stand in one column. None: it is unknown."""
        if self.name.startswith(("int", "uint")):
            return None in values
        if self.name == "category":
            return frozenset(values).difference(self.categories, (None,))
        return self.fixed or None

    @property
    def fixed(self) -> bool:
        """Whether nothing of the column depends on the values."""
        return bool(self.name) and self.name != "category" and not self.name.startswith(("int", "uint"))

    def _category(self, values: list[Any]) -> Any:
        """With the values outside of the categories: those that may not stand there were refused before."""
        import pandas as pd

        new = set(values).difference(self.categories, [None])
        return pd.CategoricalDtype([*self.categories, *sorted(new)], ordered=self.ordered)


def stacked(rows: Sequence[Any], dtype: str = "") -> Any:
    """Rows as an array, of the natural type where none is given. Raises pydantic's ValidationError."""
    if not dtype and "numpy" not in sys.modules:  # a model that takes arrays has imported it
        return rows
    import numpy as np

    try:
        if not dtype:
            return np.asarray(rows, dtype=_natural_dtype(rows))
        if dtype.startswith(("datetime64", "timedelta64")):
            return np.asarray(rows, dtype=dtype.partition("[")[0] + "[us]").astype(dtype)
        return _numbers(rows, dtype)
    except MISFIT as error:
        raise refused((), rows, f"the rows do not fit together: {error}") from error


def refused(place: tuple[int | str, ...], value: Any, sentence: str) -> ValidationError:
    """As pydantic refuses the value at ``place``."""
    error = PydanticCustomError("value_error", "{sentence}", {"sentence": sentence})
    return ValidationError.from_exception_data("rows", [InitErrorDetails(type=error, loc=place, input=value)])


def _numbers(values: Any, dtype: str) -> Any:
    import numpy as np

    if dtype in ("float32", "float16"):
        with np.errstate(over="raise"):  # else a number that is too large were infinity
            return np.asarray(values, dtype="float64").astype(dtype)
    return np.asarray(values, dtype=dtype)


def _objects(values: list[Any]) -> Any:
    import numpy as np
    import pandas as pd

    array = np.fromiter(values, dtype=object, count=len(values))  # np.array would look into lists
    return pd.Series(array, dtype=object)  # a DataFrame would look for texts in a bare array


def _natural_dtype(rows: Sequence[Any]) -> type | None:
    """None leaves it to numpy, which must not see text beside numbers: it would make all of it text."""
    values = list(chain.from_iterable(rows))
    if any(isinstance(value, (list, dict)) for value in values):
        return None
    if all(isinstance(value, _NUMBERS) for value in values):
        return float if None in values else None
    return object
