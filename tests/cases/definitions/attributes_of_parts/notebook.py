# Attributes of methods, enum members and NewTypes are set again; what only a statement can say is told.

# %% [definitions]
import enum
from typing import NewType

class Rates:
    def gross(self, net):
        return net * self.gross.__func__.factor

class Size(enum.Enum):
    SMALL = 1
    LARGE = 2

Meters = NewType("Meters", int)

def shown(x):
    return x

rates = Rates()

# %% [afterwards]
rates.gross.__func__.factor = 3
Size.LARGE.label = "L"
Meters.unit = "m"
shown.__qualname__ = "Shown.shown"

# %% [handler]
%%endpoint --example {"x": 1}
def handler(x: int) -> list:
    return [rates.gross(x), Size.LARGE.label, Meters.unit, shown(x)]
