# Two models share one fitted encoder, which a handler uses and changes as well: it stays one object.

# %% [fit]
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0], [3.0, 5.0]])
scaler = StandardScaler().fit(X)
first = make_pipeline(scaler, LogisticRegression()).fit(X, [0, 0, 1, 1])
second = make_pipeline(scaler, LogisticRegression()).fit(X, [0, 1, 0, 1])
alone = LogisticRegression().fit(X, [1, 1, 0, 0])
everything = {"models": [first, alone], "scaler": scaler}

# %% [first]
%%serve_model first --example [[1.0, 2.0], [2.0, 3.0]] --methods predict_proba
first

# %% [second]
%%serve_model second --example [[1.0, 2.0]] --methods predict_proba
second

# %% [alone]
%%serve_model alone --example [[1.0, 2.0]] --methods predict
alone

# %% [handler]
%%endpoint --example {"shift": 0.5}
def shifted(shift: float) -> dict:
    mean = scaler.mean_.copy()
    scaler.mean_ += shift
    try:
        seen = [model.predict_proba([[1.0, 2.0]]).round(9).tolist() for model in (first, second)]
    finally:
        scaler.mean_[:] = mean
    same = [
        first.steps[0][1] is scaler,
        second.steps[0][1] is scaler,
        everything["models"][0] is first,
        everything["models"][1] is alone,
        everything["scaler"] is scaler,
    ]
    return {"seen": seen, "same": same}
