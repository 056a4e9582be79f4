# A handler still has its display() and print() calls.

# %% [helper]
from IPython.display import HTML, display

def shown(x):
    display(HTML(f"<b>{x}</b>"))
    return x

# %% [injected]
%%endpoint POST /injected --example {"x": 1}
def injected(x: int) -> int:
    display(x)
    print("asked for", x)
    return x + 1

# %% [imported]
%%endpoint POST /imported --example {"x": 1}
def imported(x: int) -> int:
    return shown(x) + 2
