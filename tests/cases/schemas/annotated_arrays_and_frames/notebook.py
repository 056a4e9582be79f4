# Handlers annotated with numpy's and pandas' classes, as people write them: the examples say shapes, columns and types.

# %% [imports]
from __future__ import annotations

from typing import Optional

import numpy as np
import numpy.typing as npt
import pandas as pd

# %% [plain]
%%endpoint POST /double --example {"x": [1.0, 2.0]}
def double(x: np.ndarray) -> np.ndarray:
    return x * 2

# %% [single]
%%endpoint POST /scaled --example {"x": [[1, 2]], "k": 2}
def scaled(x: npt.NDArray[np.float32], k: int = 1) -> dict:
    return {"dtype": str(x.dtype), "x": (x * k).tolist()}

# %% [frame]
%%endpoint POST /totals --example [{"net": 1.5, "shop": "x"}, {"net": 2.5, "shop": "y"}]
def totals(sales: pd.DataFrame) -> pd.DataFrame:
    return sales.assign(gross=sales["net"] * 1.2)

# %% [series]
%%endpoint POST /sums --example {"s": [1, 2, 3], "weights": [1.0, 2.0, 0.5]} --example {"s": pd.Series([4, 5])}
def sums(s: pd.Series, weights: Optional[np.ndarray] = None) -> pd.Series:
    return (s if weights is None else s * weights).cumsum()

# %% [query]
%%endpoint GET /weekday --example {"day": "2024-05-01T10:00:00"}
def weekday(day: pd.Timestamp) -> str:
    return day.day_name()
