# Positional-only, keyword-only and star parameters of helpers; defaults, constraints and dependencies of handlers.

# %% [helpers]
from fastapi import Body, Depends, Header, Query

def default_limit():
    return 5

LIMIT = default_limit()

def combined(a, /, b, *c, d, e=LIMIT, **f):
    return [a, b, *c, d, e, *f.values()]

class Paging:
    def __init__(self, limit: int = LIMIT, offset: int = 0):
        self.limit, self.offset = limit, offset

def doubled(x: int = Query(default=default_limit(), ge=0)) -> int:
    return 2 * x

# %% [handler]
%%endpoint POST /parameters --example {"x": 2, "word": "a"}
def parameters(
    word: str = Body(embed=True),
    twice: int = Depends(doubled),
    paging: Paging = Depends(),
    agent: str | None = Header(default=None),
) -> list:
    return [word, twice, paging.limit, paging.offset, agent, combined(1, 2, 3, d=4, g=6)]
