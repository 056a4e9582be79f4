# A %%startup cell runs in the service too, so its settings hold there.

# %% [imports]
import pandas as pd

# %% [setting]
%%startup
pd.set_option("display.precision", 1)

# %% [third]
%%endpoint --example {}
def third() -> str:
    return pd.Series([1 / 3]).to_string()
