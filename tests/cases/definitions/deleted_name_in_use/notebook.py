# A helper uses a name that was deleted since; the branch of the example does not reach it.

# %% [factor]
factor = 2

def scale(x):
    return x * factor if x > 100 else x

# %% [delete]
del factor

# %% [scaled]
%%endpoint --example {"x": 3}
def scaled(x):
    return scale(x)
