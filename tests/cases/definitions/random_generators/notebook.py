# A generator is made of a seed for each request; a shared generator's state is part of what the notebook holds.

# %% [make]
import random

import numpy as np

generator = np.random.default_rng(7)
plain = random.Random(3)

def state_of(rng):
    return int(rng.bit_generator.state["state"]["state"] % 1000)

# %% [handler]
%%endpoint --example {"seed": 5, "n": 3}
def sample(seed: int, n: int) -> dict:
    return {
        "numpy": np.random.default_rng(seed).random(n).round(6).tolist(),
        "legacy": np.random.RandomState(seed).randint(0, 100, n).tolist(),
        "python": [random.Random(seed).random() for _ in range(n)],
        "state": [state_of(generator), plain.getstate()[1][0]],
    }
