# Answers without annotations are written by one rule, in the notebook and in the service.

# %% [imports]
import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from uuid import UUID
import numpy as np
import pandas as pd

class Color(Enum):
    RED = "red"

@dataclass
class Box:
    width: float
    color: Color

# %% [plain]
%%endpoint POST /plain --example {"n": 3}
def plain(n):
    return {
        "nan": [float("nan"), float("inf"), n],
        "set": {"c", "a", "b"},
        "decimal": [Decimal("10"), Decimal("1.50"), Fraction(1, 4)],
        "dates": [dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 1, 2, tzinfo=dt.timezone.utc), dt.timedelta(minutes=1)],
        "objects": [Box(1.5, Color.RED), Path("a/b"), UUID(int=n), b"text", Counter("aab")],
        "keys": {1: "int", np.int64(2): "numpy", dt.date(2024, 1, 2): "date", Color.RED: "enum"},
    }

# %% [arrays]
%%endpoint POST /arrays --example {"n": 3}
def arrays(n):
    return {
        "array": np.arange(n * 1.0).reshape(1, n),
        "masked": np.ma.array([1, 2], mask=[False, True]),
        "structured": np.array([(1, "a")], dtype=[("n", "i8"), ("s", "U1")]),
        "times": np.array(["2024-01-02T03:04:05.123456789", "NaT"], "M8[ns]"),
        "frame": pd.DataFrame({"k": ["x", "x"], "v": [1, 3]}).groupby("k").mean(),
        "series": pd.Series([1, None], dtype="Int64"),
        "scalars": [pd.NaT, pd.NA, pd.Period("2024-01"), pd.Interval(0, 1), pd.Timedelta("90s"), np.float32(0.5)],
    }
