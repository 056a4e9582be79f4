# What frameworks ask for the devices of this machine: a handler that says which one it takes.

# %% [ask]
import os

def devices():
    return [name for name in {**os.environ}.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]

# %% [handler]
%%endpoint --example {}
def device() -> str:
    return "cuda" if devices() else "cpu"
