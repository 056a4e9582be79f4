# What a function holds in its closure may be an array, a data frame or a fitted model, and the notebook may hold it too.

# %% [imports]
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

# %% [factories]
def by_row(weights):
    def dot(row):
        return float(weights @ np.asarray(row))

    return dot

def lookup(frame):
    return lambda name: int(frame.loc[name, "price"])

def predictor(model):
    def predict_one(x):
        return round(float(model.predict(np.array([[x]]))[0]), 6)

    return predict_one

# %% [make]
weights = np.array([0.5, 2.0, -1.0])
prices = pd.DataFrame({"price": [3, 5]}, index=["apple", "pear"])
score = by_row(weights)
price_of = lookup(prices)
predict_one = predictor(LinearRegression().fit(np.array([[0.0], [1.0]]), np.array([1.0, 3.0])))

# %% [handler]
%%endpoint --example {"row": [1, 2, 3], "name": "pear"}
def answer(row: list[float], name: str) -> dict:
    return {
        "score": score(row),
        "price": price_of(name),
        "predicted": predict_one(row[0]),
        "shared": score.__closure__[0].cell_contents is weights,
    }
