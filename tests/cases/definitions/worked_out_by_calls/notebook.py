# Defaults and attributes that calls gave: what they were, not what the calls would give once more.

# %% [make]
import typing

taken = []
step = 2

def number() -> int:
    taken.append(len(taken))
    return len(taken)

def faster():
    global step
    step += 1

class Ticket:
    first = number()

    def __init__(self, v: int, own: int = number()):
        self.v, self.own = v, own

    class Kind:
        k = number() * 10

class Row(typing.NamedTuple):
    v: int
    w: int = number()

def twice(x: int, k: int = step * 2, n: int = sum(taken)) -> int:
    return x * k + n

# %% [later]
number()
faster()

# %% [handler]
%%endpoint --example {"x": 2}
def numbers(x: int) -> list:
    return [Ticket.first, Ticket(x).own, Ticket.Kind.k, Row(x).w, twice(x), taken, step]
