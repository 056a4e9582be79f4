# Each call moves the notebook's generator on: the service begins with the generator's state.

# %% [make]
import numpy as np

rng = np.random.default_rng(7)

# %% [draw]
%%endpoint --example {"n": 2}
def draw(n: int) -> list[float]:
    return rng.random(n).tolist()
