# The script is what it was: its text still gives the code that the kernel has.

# %% [run]
%run -i clean.py

# %% [load]
%load_ext nb2svc

# %% [handler]
%%endpoint POST /scale --example {"x": 2}
def handler(x: int) -> list:
    return [scale(x), Box(x).volume()]
