# A cell changed a setting inside a library; no name of the handler leads there.

# %% [setting]
import numpy as np
import pandas as pd

np.set_printoptions(precision=3)
pd.set_option("display.precision", 1)

# %% [third]
%%endpoint --example {}
def third() -> list[str]:
    return [str(np.array([1 / 3])), pd.Series([1 / 3]).to_string()]
