# Classes that code makes or changes while they are being made.

# %% [meta]
import functools

class Meta(type):
    def __new__(mcs, name, bases, namespace, **options):
        cls = super().__new__(mcs, name, bases, namespace)
        cls.options = options
        return cls

    def __len__(cls):
        return len(cls.options)

class Positive:
    def __set_name__(self, owner, name):
        self.name = f"_{name}"

    def __get__(self, instance, owner):
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        if value < 0:
            raise ValueError(f"{self.name} is negative")
        setattr(instance, self.name, value)

# %% [account]
class Account(metaclass=Meta, currency="EUR"):
    balance = Positive()

    def __init__(self, balance):
        self.balance = balance

account = Account(5)

# %% [plugins]
class Plugin:
    known = {}

    def __init_subclass__(cls, *, name, **rest):
        super().__init_subclass__(**rest)
        Plugin.known[name] = cls

# %% [plugin-one]
class Doubler(Plugin, name="double"):
    def __call__(self, x):
        return 2 * x

# %% [plugin-two]
class Adder(Plugin, name="add"):
    def __call__(self, x):
        return x + 1

# %% [decorated]
def with_label(label):
    def decorator(cls):
        cls.label = label
        return cls

    return decorator

@functools.total_ordering
@with_label("version")
class Version:
    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        return self.number == other.number

    def __lt__(self, other):
        return self.number < other.number

Made = type("Made", (Version,), {"twice": lambda self: self.number * 2})

def class_of(factor):
    class Local:
        def __call__(self, x):
            return x * factor

    return Local

Triple = class_of(3)
triple = Triple()

# %% [handler]
%%endpoint --example {"x": 4} --example {"x": -1}
def machinery(x: int) -> dict:
    try:
        balance = Account(x).balance
    except ValueError as error:
        balance = str(error)
    return {
        "meta": [Account.options, len(Account), type(Account).__name__, account.balance],
        "balance": balance,
        "plugins": {name: cls()(x) for name, cls in Plugin.known.items()},
        "ordered": [Version(x) >= Version(2), Version.label],
        "made": [Made(x).twice(), Made.__name__],
        "local": [triple(x), Triple()(x), isinstance(triple, Triple)],
    }
