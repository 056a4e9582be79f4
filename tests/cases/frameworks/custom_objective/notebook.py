# What a framework's own format cannot hold, here a function as objective, stays a pickle, and the export says so.

# %% [data]
import lightgbm as lgb
import numpy as np

rng = np.random.default_rng(0)
X = rng.random((60, 3))
y = X[:, 0]


def squared(truth, guess):
    return guess - truth, np.ones_like(truth)

# %% [model]
%%serve_model model --example X[:3]
model = lgb.LGBMRegressor(n_estimators=3, objective=squared, verbose=-1).fit(X, y)
