# Columns of a served pipeline take exactly what the fitted model takes: categories of encoders, nulls of imputers.

# %% [data]
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

people = pd.DataFrame(
    {
        "age": [39.0, np.nan, 51.0, 28.0, 45.0, 33.0],
        "hours": [40, 38, 60, 20, 45, 37],
        "city": ["Rome", "Paris", "Rome", "Oslo", "Paris", "Oslo"],
        "plan": ["a", "b", "a", "b", "a", "b"],
    }
)
bought = np.array(["no", "yes", "no", "yes", "yes", "no"])

# %% [fit]
%%serve_model model --example people[:3]
model = make_pipeline(
    make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
        (StandardScaler(), ["hours"]),
        (OneHotEncoder(), ["city"]),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), ["plan"]),
    ),
    LogisticRegression(),
).fit(people, bought)
