# XGBoost: a classifier served by its methods, and a booster inside a handler, each in XGBoost's own format.

# %% [data]
import numpy as np
import xgboost as xgb

rng = np.random.default_rng(0)
X = rng.random((80, 3))
y = (X[:, 0] + X[:, 1] > 1).astype(int)

# %% [classifier]
%%serve_model classifier --example X[:3]
classifier = xgb.XGBClassifier(n_estimators=5, missing=-1, early_stopping_rounds=3)
classifier.fit(X, y, eval_set=[(X, y)], verbose=False)

# %% [booster]
booster = xgb.train({"objective": "binary:logistic", "seed": 1}, xgb.DMatrix(X, y), num_boost_round=3)

# %% [score]
%%endpoint --example {"rows": [[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]]}
def score(rows: list[list[float]]) -> list[float]:
    return booster.predict(xgb.DMatrix(np.array(rows))).tolist()

# %% [about]
%%endpoint GET /about --example {}
def about() -> dict:
    return {"missing": classifier.missing, "best": classifier.best_iteration, "losses": classifier.evals_result()}
