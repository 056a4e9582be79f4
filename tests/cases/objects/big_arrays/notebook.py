# Arrays of some MB are mapped into memory; code may write to those that it could write to, and to no others.

# %% [make]
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
table = rng.random((400, 1000))
columns = np.asfortranarray(table)
fixed = rng.random(200_000)
fixed.flags.writeable = False
times = np.datetime64("2024-01-01") + np.arange(200_000)
frame = pd.DataFrame({"n": np.arange(200_000), "x": rng.random(200_000), "kind": pd.Categorical(["a", "b"] * 100_000)})

class Nearest:
    def __init__(self, points):
        self.points = points

    def predict(self, rows):
        return [int(np.abs(self.points - row).argmin()) for row in rows]

model = Nearest(fixed)

# %% [model]
%%serve_model model --example [0.25, 0.5]
model

# %% [handler]
%%endpoint --example {"row": 3}
def look(row: int) -> dict:
    kept = table[row].copy()
    table[row] += 1.0
    changed = float(table[row].sum())
    table[row] = kept
    try:
        fixed[0] = 1.0
        refused = False
    except ValueError:
        refused = True
    part = frame[frame["kind"] == "b"].iloc[:row]
    return {
        "changed": round(changed, 6),
        "back": float(table[row].sum()),
        "refused": refused,
        "order": [columns.flags.f_contiguous, table.flags.c_contiguous, type(table).__name__],
        "column": float(columns[:, row].sum()),
        "time": str(times[row]),
        "frame": [part["n"].tolist(), float(frame["x"].sum()), str(frame.dtypes["kind"])],
        "one": model.points is fixed,
    }
