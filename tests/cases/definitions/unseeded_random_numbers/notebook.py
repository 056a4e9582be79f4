# The answer cannot be given twice, by no service.

# %% [dice]
%%endpoint --example {}
def dice() -> float:
    import random

    return random.random()
