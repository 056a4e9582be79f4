# Five handlers were good when their cells ran; since then things were deleted, written, edited and changed.

# %% [prepare]
import tools

factor = 2
state = {"divisor": 1}

# %% [loop]
class Divisor:
    def __call__(self):
        return state["divisor"]

# %% [one]
%%endpoint POST /first --example {"x": 1}
def first(x: int) -> int:
    return x * factor

# %% [two]
%%endpoint POST /second --example {"x": 1}
def second(x: int) -> int:
    try:
        return len(open("table.csv").read())
    except FileNotFoundError:
        return 0

# %% [three]
%%endpoint POST /third --example {"x": 1}
def third(x: int) -> int:
    return tools.twice(x)

# %% [four]
%%endpoint POST /fourth --example {"x": 1}
def fourth(x: int) -> float:
    return x / state["divisor"]

# %% [five]
%%endpoint POST /fifth --example {"x": 1}
def fifth(x: int) -> str:
    api_key = "9a8B7c6D5e4F3g2H1i0JkL"
    return api_key[:x]

# %% [later]
from pathlib import Path

del factor
state["divisor"] = 0
_ = Path("table.csv").write_text("a,b")
_ = Path("tools.py").write_text("def twice(x):\n    return 3 * x\n")
