# Dataclasses with everything that they can have, across cells.

# %% [classes]
from dataclasses import asdict, dataclass, field, fields, replace

LIMIT = 3

def fresh():
    return {"limit": LIMIT}

@dataclass
class Basket:
    owner: str
    items: list[str] = field(default_factory=list)
    options: dict = field(default_factory=fresh)
    size: int = field(init=False)

    def __post_init__(self):
        self.size = len(self.items)

@dataclass(frozen=True, order=True)
class Price:
    amount: float
    currency: str = "EUR"

    def __add__(self, other):
        return replace(self, amount=self.amount + other.amount)

# %% [more]
@dataclass(slots=True)
class Point:
    x: float
    y: float = 0.0

    def moved(self, by):
        return Point(self.x + by, self.y)

@dataclass
class Named(Basket):
    label: str = "none"

    def __post_init__(self):
        super().__post_init__()
        self.label = f"{self.label}-{self.size}"

# %% [objects]
basket = Named("ada", ["x", "y"], label="first")
prices = {Price(2.0): "two", Price(1.0): "one"}
point = Point(1.0)

# %% [handler]
%%endpoint --example {"price": {"amount": 1.5}, "names": ["a"]}
def bought(price: Price, names: list[str]) -> Basket:
    return Basket("bob", [*names, *(f"{each.amount}" for each in sorted([price, *prices]))])

# %% [rest]
%%endpoint GET /rest --example {}
def rest() -> dict:
    return {
        "basket": asdict(basket),
        "sum": asdict(sum(prices, Price(0.0))),
        "found": prices[Price(1.0)],
        "point": asdict(point.moved(2)),
        "slots": hasattr(point, "__dict__"),
        "fields": [each.name for each in fields(Named)],
        "fresh": Basket("c").options,
    }
