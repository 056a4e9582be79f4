# A handler uses the last output, which the next cell changes.

# %% [value]
21 * 2

# %% [last]
%%endpoint --example {"x": 1}
def last(x: int) -> int:
    return x + _
