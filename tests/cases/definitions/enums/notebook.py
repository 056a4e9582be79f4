# Enum, IntEnum, Flag and enums of text; members keep their identity.

# %% [enums]
from enum import Enum, Flag, IntEnum, auto

class Color(Enum):
    RED = "red"
    GREEN = "green"

    @property
    def shout(self):
        return self.value.upper()

    @classmethod
    def default(cls):
        return cls.GREEN

class Level(IntEnum):
    LOW = auto()
    HIGH = auto()

class Size(str, Enum):
    S = "small"
    L = "large"

class Rights(Flag):
    READ = auto()
    WRITE = auto()

Planet = Enum("Planet", {"EARTH": 3, "MARS": 4})

# %% [objects]
prices = {Color.RED: 1, Color.GREEN: 2, Size.L: 3}
chosen = Color.RED
rights = Rights.READ | Rights.WRITE
planets = [Planet.MARS]

# %% [handler]
%%endpoint --example {"color": "red", "level": 2, "size": "large"}
def chosen_color(color: Color, level: Level, size: Size) -> dict:
    return {
        "price": prices[color] + prices[size],
        "same": [color is chosen, chosen in list(Color), planets[0] is Planet.MARS],
        "shout": Color.default().shout,
        "level": level > Level.LOW,
        "rights": [Rights.WRITE in rights, (rights & Rights.READ).name],
        "answer": color,
        "planet": Planet(3).name,
    }
