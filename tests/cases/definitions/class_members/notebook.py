# Everything that stands in a class body, and live instances.

# %% [class]
class Vector:
    __slots__ = ("x", "y", "__secret")
    zero = (0, 0)
    count = len(zero)

    class Part:
        def __init__(self, value):
            self.value = value

        def __repr__(self):
            return f"Part({self.value})"

    def __init__(self, x, y):
        self.x, self.y = x, y
        self.__secret = x * 100

    @property
    def length(self):
        return (self.x**2 + self.y**2) ** 0.5

    @length.setter
    def length(self, value):
        factor = value / self.length
        self.x, self.y = self.x * factor, self.y * factor

    @classmethod
    def unit(cls):
        return cls(1, 0)

    @staticmethod
    def parse(text):
        return Vector(*map(float, text.split(",")))

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def secret(self):
        return self.__secret

    def parts(self):
        return [self.Part(self.x), Vector.Part(self.y)]

# %% [objects]
vectors = {Vector(3, 4): "a", Vector.unit(): "b"}
part = Vector.Part(7)

# %% [handler]
%%endpoint --example {"text": "3,4"}
def vector(text: str) -> dict:
    parsed = Vector.parse(text)
    found = vectors[parsed]
    parsed.length = 10
    moved = parsed + Vector.unit()
    return {
        "found": found,
        "moved": [moved.x, moved.y, moved.length],
        "secret": [each.secret() for each in vectors],
        "parts": [repr(each) for each in [*moved.parts(), part]],
        "isinstance": isinstance(part, Vector.Part),
        "dict": hasattr(moved, "__dict__"),
        "count": Vector.count,
    }
