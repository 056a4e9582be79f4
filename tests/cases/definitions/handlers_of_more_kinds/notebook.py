# A handler may be a coroutine or a generator that is no plain function, a method of a class, of a library's object, or cached.

# %% [class]
import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache, partial

from sklearn.linear_model import LinearRegression

class Shop:
    base = 10.0

    def __init__(self, rate):
        self.rate = rate

    @classmethod
    def fee(cls, net: float) -> float:
        return net + cls.base

    @staticmethod
    def doubled(net: float) -> float:
        return net * 2

    async def later(self, net: float) -> float:
        await asyncio.sleep(0)
        return net * self.rate

    def lines(self, n: int) -> Iterator[str]:
        for i in range(n):
            yield f"{i * self.rate}\n"

    async def ticks(self, n: int) -> AsyncIterator[dict]:
        for i in range(n):
            yield {"tick": i * self.rate}

class Dear(Shop):
    base = 100.0

    async def __call__(self, net: float, times: int = 1) -> float:
        return await self.later(net) * times

shop, dear = Shop(1.5), Dear(3.0)
model = LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])

# %% [classmethod]
%%endpoint POST /fee --example {"net": 1.0}
fee = Dear.fee

# %% [staticmethod]
%%endpoint POST /doubled --example {"net": 1.0}
doubled = dear.doubled

# %% [async-method]
%%endpoint POST /later --example {"net": 2.0}
later = shop.later

# %% [async-instance]
%%endpoint POST /dear --example {"net": 2.0, "times": 2}
handler = dear

# %% [async-partial]
%%endpoint POST /thrice --example {"net": 2.0}
thrice = partial(dear, times=3)

# %% [generator-method]
%%endpoint GET /lines --example {"n": 2}
lines = shop.lines

# %% [async-generator-method]
%%endpoint GET /ticks --example {"n": 2}
ticks = dear.ticks

# %% [library-method]
%%endpoint POST /predict --example {"X": [[2.0], [3.0]]}
predict = model.predict

# %% [cached]
%%endpoint GET /fibonacci --example {"n": 30}
@lru_cache
def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
