# --format xgboost for what is no model of XGBoost is refused in the cell.

# %% [model]
%%serve_model model --example [[1.0], [2.0]] --format xgboost
from sklearn.linear_model import LinearRegression

model = LinearRegression().fit([[1.0], [2.0]], [1, 2])
