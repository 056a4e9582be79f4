# Classes without a class statement, used as body and answer and by live objects.

# %% [make]
from dataclasses import asdict, make_dataclass
from enum import Enum

from pydantic import create_model
from typing_extensions import TypedDict

COLUMNS = ["net", "tax"]
Body = create_model("Body", **{name: (float, ...) for name in COLUMNS})
Row = make_dataclass("Row", [("name", str), ("size", int, 1)])
Kind = Enum("Kind", [name.upper() for name in COLUMNS])
Answer = TypedDict("Answer", {"sum": float, "rows": list, "kind": str})
Base = type("Base", (), {"scale": lambda self, x: x * len(COLUMNS)})

class Child(Base):
    pass

rows = [Row("a"), Row("b", 2)]
child = Child()
kinds = {Kind.NET: "n"}

# %% [handler]
%%endpoint --example {"net": 1.5, "tax": 2}
def made(body: Body) -> Answer:
    return {"sum": child.scale(body.net + body.tax), "rows": [asdict(row) for row in rows], "kind": kinds[Kind["NET"]]}
