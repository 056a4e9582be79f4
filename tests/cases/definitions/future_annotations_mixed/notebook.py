# One module has the future import or has it not, but the handler reads the annotations of classes from before and after.

# %% [before]
from dataclasses import dataclass, fields

@dataclass
class Early:
    x: int = 1

# %% [future]
from __future__ import annotations

# %% [after]
@dataclass
class Late:
    x: int = 1

# %% [handler]
%%endpoint GET /types --example {}
def types() -> list:
    return [repr(field.type) for kind in (Early, Late) for field in fields(kind)]
