# A model that the service fetches from a store when its file is not in the project: here from a folder, as from any other.

# %% [data]
import numpy as np
from sklearn.linear_model import LogisticRegression

X = np.array([[0.0], [1.0], [2.0], [3.0]])

# %% [model]
%%serve_model model --location file:///tmp/nb2svc-case-model-fetched/ --example X[:2]
model = LogisticRegression().fit(X, [0, 0, 1, 1])

# %% [handler]
%%endpoint --example {"x": 2.5}
def classify(x: float) -> dict:
    return {"class": int(model.predict([[x]])[0])}
