# A fitted pipeline that holds a transformer of the notebook, a function and a lambda; the transformer was edited since.

# %% [imports]
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

# %% [class]
class Shift(BaseEstimator, TransformerMixin):
    def __init__(self, by=1.0):
        self.by = by

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X + self.by

# %% [function]
FACTOR = 2.0

def scale(X):
    return X * FACTOR

# %% [fit]
X, y = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])
model = make_pipeline(
    Shift(0.5), FunctionTransformer(scale), FunctionTransformer(lambda X: X - 1), LinearRegression()
).fit(X, y)

# %% [class]
class Shift(BaseEstimator, TransformerMixin):
    def __init__(self, by=1.0):
        self.by = by

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X - self.by

# %% [model]
%%serve_model model --example X[:2]
pass

# %% [handler]
%%endpoint --example {"x": 3.0}
def both(x: float) -> list:
    return [round(float(model.predict(np.array([[x]]))[0]), 6), Shift(1.0).transform(np.array([x])).tolist()]
