# A %%startup cell runs in the service too, so its settings hold there.

# %% [setting]
%%startup
import numpy as np

np.set_printoptions(precision=3)

# %% [third]
%%endpoint --example {}
def third() -> str:
    return str(np.array([1 / 3]))
