# Coroutines, generators and async generators, as handlers and as what handlers use.

# %% [helpers]
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

async def slowly(x):
    await asyncio.sleep(0)
    return x * FACTOR

FACTOR = 3
awaited_here = await slowly(5)

def countdown(n):
    while n > 0:
        yield n
        n -= 1
    return "done"

def through(n):
    result = yield from countdown(n)
    yield result

async def ticks(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i * FACTOR

@contextmanager
def bracket(parts):
    parts.append("(")
    yield parts
    parts.append(")")

@asynccontextmanager
async def session(name):
    yield name.upper()

# %% [async]
%%endpoint POST /awaited --example {"x": 2}
async def awaited(x: int) -> list:
    async with session("s") as name:
        both = await asyncio.gather(slowly(x), slowly(x + 1))
    return [name, both, awaited_here, [tick async for tick in ticks(x)]]

# %% [generator]
%%endpoint GET /lines --example {"n": 3}
def lines(n: int) -> Iterator[str]:
    for each in through(n):
        yield f"{each}\n"

# %% [async-generator]
%%endpoint GET /ticks --example {"n": 3}
async def ticking(n: int) -> AsyncIterator[dict]:
    async for tick in ticks(n):
        yield {"tick": tick}

# %% [lists]
%%endpoint GET /list --example {"n": 2}
def listed(n: int) -> list:
    with bracket([]) as parts:
        parts += through(n)
    return parts
