# Abstract classes, protocols and a chain of classes, each in a cell of its own.

# %% [abc]
from abc import ABC, abstractmethod
from typing import Protocol, runtime_checkable

class Shape(ABC):
    @property
    @abstractmethod
    def area(self): ...

    def describe(self):
        return f"{type(self).__name__} of {self.area:g}"

@runtime_checkable
class Named(Protocol):
    name: str

# %% [square]
class Square(Shape):
    def __init__(self, side):
        self.side = side

    @property
    def area(self):
        return self.side**2

# %% [mixin]
class Loud:
    def describe(self):
        return super().describe().upper()

# %% [both]
class LoudSquare(Loud, Square):
    name = "loud"

# %% [virtual]
class Circle:
    area = 3.14

Shape.register(Circle)

# %% [objects]
shapes = [Square(2), LoudSquare(3)]

# %% [handler]
%%endpoint --example {"side": 4}
def shapes_of(side: float) -> dict:
    try:
        Shape()
        abstract = False
    except TypeError:
        abstract = True
    return {
        "described": [shape.describe() for shape in [*shapes, LoudSquare(side)]],
        "order": [each.__name__ for each in LoudSquare.__mro__],
        "virtual": [isinstance(Circle(), Shape), issubclass(Circle, Shape)],
        "named": [isinstance(shape, Named) for shape in shapes],
        "abstract": abstract,
    }
