# One parameter is annotated, the other is in no example.

# %% [handler]
%%endpoint POST /half --example {"x": 1}
def half(x: int, y):
    return (x + y) / 2
