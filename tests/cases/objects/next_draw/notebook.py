# Generators of random numbers inside objects go on where they stood in the notebook.

# %% [make]
import random

import numpy as np

class Sampler:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.legacy = np.random.RandomState(seed)
        self.plain = random.Random(seed)

sampler = Sampler(11)
shared = {"rng": sampler.rng}
sampler.rng.random(5), sampler.legacy.rand(2), sampler.plain.random()

# %% [handler]
%%endpoint --example {"n": 2} --example {"n": 3}
def draw(n: int) -> dict:
    return {
        "numpy": sampler.rng.random(n).tolist(),
        "shared": float(shared["rng"].random()),
        "legacy": sampler.legacy.rand(n).tolist(),
        "plain": sampler.plain.random(),
    }
