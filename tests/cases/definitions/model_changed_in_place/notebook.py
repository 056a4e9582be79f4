# The very object was fitted again, in another cell: the service has it as it is now.

# %% [imports]
import numpy as np
from sklearn.linear_model import LinearRegression

X = np.array([[0.0], [1.0]])

# %% [model]
%%serve_model model --example X
model = LinearRegression().fit(X, [0.0, 1.0])

# %% [again]
model.fit(X, [10.0, 30.0])

# %% [handler]
%%endpoint --example {"x": 2.0}
def predicted(x: float) -> float:
    return round(float(model.predict([[x]])[0]), 6)
