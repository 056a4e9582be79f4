# LightGBM: a classifier with labels and column names, in LightGBM's text and what the text does not hold.

# %% [data]
import lightgbm as lgb
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
X = pd.DataFrame({"width": rng.random(80), "colour": pd.Categorical(rng.choice(["red", "green"], 80))})
y = np.where(X["width"] > 0.5, "wide", "narrow")

# %% [model]
%%serve_model model --example X[:3]
model = lgb.LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1).fit(X, y)

# %% [booster]
booster = lgb.train({"objective": "regression", "verbose": -1}, lgb.Dataset(X[["width"]], X["width"]), 3)

# %% [describe]
%%endpoint --example {"width": 0.7}
def describe(width: float) -> dict:
    return {"classes": list(model.classes_), "features": model.feature_name_, "width": booster.predict([[width]])}
