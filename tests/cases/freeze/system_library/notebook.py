# LightGBM's wheel expects libgomp of the system, and the base image has none.

# %% [train]
import lightgbm
import numpy as np

rows = np.arange(200.0).reshape(100, 2)
booster = lightgbm.train(
    {"verbose": -1, "min_data_in_leaf": 5, "num_threads": 1}, lightgbm.Dataset(rows, rows[:, 0] * 2), 5
)

# %% [predict]
%%endpoint POST /predict --example {"row": [3.0, 4.0]}
def predict(row):
    return {"value": float(booster.predict(np.array([row]))[0])}
