# A library class, one instance of another, and the notebook's own classes got methods after they were made.

# %% [imports]
import types

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

# %% [patch]
def share(self, column):
    return (self[column] / self[column].sum()).round(3).tolist()

pd.DataFrame.share = share
pd.Series.doubled = property(lambda self: (self * 2).tolist())

# %% [instance]
model = LinearRegression().fit(np.array([[0.0], [1.0]]), np.array([1.0, 3.0]))

def predict_clipped(self, rows):
    return np.clip(type(self).predict(self, rows), 0, 2)

model.predict = types.MethodType(predict_clipped, model)

# %% [own]
class Scaler:
    factor = 2

    def scale(self, x):
        return x * self.factor

scaler = Scaler()

# %% [patch-own]
def scale_up(self, x):
    return x * self.factor + 1

Scaler.scale = scale_up
Scaler.factor = 3

# %% [handler]
%%endpoint --example {"values": [1.0, 2.0, 5.0]}
def patched(values: list[float]) -> dict:
    frame = pd.DataFrame({"v": values})
    return {
        "share": frame.share("v"),
        "doubled": frame["v"].doubled,
        "clipped": model.predict(np.array([[x] for x in values])).tolist(),
        "scaled": [scaler.scale(10), Scaler().scale(10)],
    }
