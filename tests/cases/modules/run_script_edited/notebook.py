# Nobody knows any more what the script was when it ran: its text now gives other code than the kernel has.

# %% [run]
%run clean.py

# %% [edit]
from pathlib import Path

_ = Path("clean.py").write_text("def scale(x):\n    return x * 11\n")

# %% [load]
%load_ext nb2svc

# %% [handler]
%%endpoint POST /scale --example {"x": 2}
def handler(x: int) -> int:
    return scale(x)
