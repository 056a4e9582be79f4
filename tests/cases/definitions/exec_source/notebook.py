# A function was made from text; there is no cell that defines it.

# %% [exec]
exec("def double(x):\n    return 2 * x\n")

# %% [made]
%%endpoint --example {"x": 2}
def made(x):
    return double(x)
