# A notebook's own model gets a DataFrame with the dtypes of its example, whatever the request's rows hold.

# %% [model]
import datetime as dt
import numpy as np
import pandas as pd

class Seen:
    def predict(self, frame):
        dtypes = [str(dtype) for dtype in frame.dtypes]
        return [[*dtypes, str(row["level"]), type(row["born"]).__name__, row["sold"].year] for _, row in frame.iterrows()]

rows = pd.DataFrame(
    {
        "sold": pd.to_datetime(["2024-01-31", "2024-02-29"]),
        "at": pd.to_datetime(["2024-01-31T10:00Z", "2024-02-29T11:00Z"]),
        "level": pd.Categorical(["low", "high"], ["low", "mid", "high"], ordered=True),
        "rooms": pd.array([1, None], dtype="Int64"),
        "born": [dt.date(1990, 1, 1), dt.date(1991, 2, 3)],
        "size": np.array([1, 2], dtype="float32"),
        "took": pd.to_timedelta(["90s", "1h"]),
        "sure": [True, False],
        "note": ["x", None],
    }
)

# %% [serve]
%%serve_model seen --example rows
seen = Seen()
