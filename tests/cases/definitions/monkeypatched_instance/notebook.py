# A bound method stands in the instance that it is bound to.

# %% [model]
import types

import numpy as np
from sklearn.linear_model import LinearRegression

model = LinearRegression().fit(np.array([[0.0], [1.0]]), np.array([1.0, 3.0]))

def predict_clipped(self, rows):
    return np.clip(type(self).predict(self, rows), 0, 2)

model.predict = types.MethodType(predict_clipped, model)

# %% [predicted]
%%endpoint --example {"values": [1.0, 2.0]}
def predicted(values: list[float]) -> list[float]:
    return model.predict(np.array([[x] for x in values])).tolist()
