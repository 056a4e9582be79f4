# A mock, a function and a loop change a helper module; the service imports the file as it is on disk.

# %% [imports]
import types
from unittest import mock

import prices

# %% [patch]
mock.patch.object(prices, "gross", lambda net: -net).start()


def treble(module):
    module.RATE = 3.0


treble(prices)
for name in ["json"]:
    vars(prices)[name] = types.SimpleNamespace(dumps=str, loads=float)

# %% [handler]
%%endpoint POST /gross --example {"net": 5}
def handler(net: float) -> float:
    return prices.gross(net)
