# The cell that defines a name was never run in this kernel.

# %% [doubled]
%%endpoint --example {"x": 2}
def doubled(x):
    return 2 * x

# %% [scaled]
%%endpoint --example {"x": 2}
def scaled(x):
    return x * factor
