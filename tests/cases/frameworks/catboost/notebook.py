# CatBoost: a classifier with a categorical column, in CatBoost's binary format.

# %% [data]
import catboost
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
X = pd.DataFrame({"size": rng.random(60), "kind": rng.choice(["a", "b"], 60)})
y = np.where((X["size"] > 0.5) | (X["kind"] == "b"), "yes", "no")

# %% [model]
%%serve_model model --example X[:3]
model = catboost.CatBoostClassifier(iterations=5, cat_features=["kind"], verbose=0, allow_writing_files=False)
model.fit(X, y)

# %% [importance]
%%endpoint GET /importance --example {}
def importance() -> dict:
    return dict(zip(model.feature_names_, model.feature_importances_))
