# scikit-learn without a pickle: --format skops.

# %% [data]
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

rng = np.random.default_rng(0)
X = rng.random((60, 3))
y = np.where(X[:, 0] > 0.5, "high", "low")


def halved(values):
    return values / 2

# %% [model]
%%serve_model model --example X[:3] --format skops
model = make_pipeline(FunctionTransformer(halved), RandomForestClassifier(5, random_state=0)).fit(X, y)
