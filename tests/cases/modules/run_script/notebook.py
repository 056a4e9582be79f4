# The script is edited after it ran; the kernel has, and the service gets, what it was then.

# %% [run]
%run clean.py

# %% [edit]
from pathlib import Path

_ = Path("clean.py").write_text(Path("clean.py").read_text().replace("x * FACTOR", "x * FACTOR + 1").replace("**3", "**2"))
box = Box(3)

# %% [handler]
%%endpoint POST /scale --example {"x": 2}
def handler(x: int) -> list:
    return [scale(x), box.volume(), Box(x).volume()]
