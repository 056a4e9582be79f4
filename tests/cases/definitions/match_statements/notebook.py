# Patterns name classes and constants of the notebook.

# %% [classes]
from dataclasses import dataclass

class Codes:
    OK = 200

@dataclass
class Move:
    x: int
    y: int = 0

class Say:
    __match_args__ = ("text",)

    def __init__(self, text):
        self.text = text

LIMIT = 10

# %% [describe]
def describe(command):
    match command:
        case Move(x, y) if x > LIMIT:
            return f"far {x} {y}"
        case Move(x=x):
            return f"move {x}"
        case Say(text):
            return f"say {text}"
        case [first, *rest]:
            return f"{first} and {len(rest)}"
        case {"code": Codes.OK, **others}:
            return f"ok {sorted(others)}"
        case str() | int() as plain:
            return f"plain {plain}"
        case _:
            return "unknown"

# %% [handler]
%%endpoint --example {"x": 3} --example {"x": 30}
def described(x: int) -> list[str]:
    return [describe(each) for each in (Move(x, 1), Say("hi"), [x, 1, 2], {"code": 200, "x": x}, x, None)]
