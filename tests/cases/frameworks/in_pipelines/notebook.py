# A booster inside a scikit-learn pipeline stays with its pipeline, in a joblib file.

# %% [data]
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

rng = np.random.default_rng(0)
X = rng.random((60, 3))
y = (X[:, 0] > 0.5).astype(int)

# %% [model]
%%serve_model model --example X[:3]
model = make_pipeline(StandardScaler(), XGBClassifier(n_estimators=3)).fit(X, y)
