# What requests may hold is learned from the model as it is at the export.

# %% [data]
import pandas as pd
from sklearn.preprocessing import OneHotEncoder

cities = pd.DataFrame({"city": ["Rome", "Oslo"]})

# %% [serve]
%%serve_model encoder --methods transform --example cities[:1]
encoder = OneHotEncoder(sparse_output=False).fit(cities)

# %% [again]
_ = encoder.fit(pd.DataFrame({"city": ["Rome", "Paris"]}))
