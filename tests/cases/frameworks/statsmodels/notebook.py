# statsmodels: results of arrays, and of a formula that uses names of the notebook.

# %% [data]
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

rng = np.random.default_rng(0)
data = pd.DataFrame({"area": rng.uniform(20, 90, 50), "floor": rng.integers(0, 5, 50)})
data["price"] = 3 * data["area"] + 10 * data["floor"] + rng.normal(0, 5, 50)
cut = 2


def halved(values):
    return values / 2

# %% [linear]
%%serve_model linear --example sm.add_constant(data[["area"]])[:3]
linear = sm.OLS(data["price"], sm.add_constant(data[["area"]])).fit()

# %% [formula]
formula = smf.ols("price ~ np.log(area) + halved(floor) + C(floor > cut)", data).fit()

# %% [price]
%%endpoint --example {"area": 50, "floor": 3}
def price(area: float, floor: int) -> dict:
    new = pd.DataFrame({"area": [area], "floor": [floor]})
    return {"price": float(formula.predict(new)[0]), "r2": formula.rsquared, "names": list(formula.params.index)}
