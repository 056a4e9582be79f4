# Needed definitions stand in cells with magics; the service gets them without.

# %% [matplotlib]
%matplotlib inline
import math

DIGITS = 2

# %% [time]
%%time
def root(x):
    return round(math.sqrt(x), DIGITS)

# %% [capture]
%%capture captured
print("not shown")
class Box:
    def __init__(self, x):
        self.x = x

    def double(self):
        return self.x * 2

# %% [shell]
!echo hello
names = !echo ada grace
words = names[0].split()
def first_word():
    return words[0]

# %% [line]
%time slow = lambda x: x + 1
%time total = sum(range(10))
math.sqrt?

# %% [automagic]
%timeit -n1 -r1 math.sqrt(2)
def after(x):
    return x - 1

# %% [bash]
%%bash
echo from bash

# %% [prun]
%%prun -q
class Halved:
    def __init__(self, x):
        self.x = x / 2

# %% [handler]
%%endpoint --example {"x": 10}
def with_magics(x: float) -> list:
    return [root(x), Box(x).double(), first_word(), slow(x), total, after(x), len(names), Halved(x).x]
