# A framework of somebody else, installed with its own adapter for nb2svc: served, and inside an object.

# %% [install]
import subprocess
import sys

uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
subprocess.run([*uv, "--target", "installed", "./tinyml-source"], check=True)
sys.path.append("installed")

# %% [fit]
%%serve_model line --example [1, 2]
import tinyml

line = tinyml.fit([(0, 1), (2, 5)])

# %% [pair]
lines = {"up": tinyml.fit([(0, 0), (1, 3)]), "down": tinyml.fit([(0, 0), (1, -3)])}

# %% [both]
%%endpoint --example {"x": 2}
def both(x: float) -> dict:
    return {name: line.score(x) for name, line in lines.items()}
