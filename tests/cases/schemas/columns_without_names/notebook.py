# The columns of a served model's example are numbers, which keys of JSON are not.

# %% [model]
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

X = pd.DataFrame(np.eye(3))

# %% [serve]
%%serve_model model --example X
model = LinearRegression().fit(X.to_numpy(), [1, 2, 3])
