# Functions and classes that are defined inside other statements; texts in them keep their indentation.

# %% [if]


FAST = True

if FAST:
    def root(x):
        return x**0.5
else:
    def root(x):
        raise NotImplementedError

# %% [try]
try:
    from a_module_that_nobody_has import quick
except ImportError:
    def quick(x):
        """Indented
    less than its function,
        and more.
        """
        return f"""{x}
    as written
"""

# %% [for]
powers = {}
for n in (2, 3):
    def power(x, n=n):
        return x**n

    powers[n] = power

def late():
    return n

# %% [while]
attempts = 0
while True:
    attempts += 1
    class Maker:
        number = attempts

        def make(self):
            return self.number * 10

    if attempts > 0:
        break

made = Maker()

# %% [handler]
%%endpoint --example {"x": 4.0}
def conditional(x: float) -> dict:
    return {
        "if": root(x),
        "try": [quick(x), quick.__doc__.split()],
        "for": [function(x) for function in powers.values()],
        "last": [power(x), late()],
        "class": [made.make(), Maker().make(), isinstance(made, Maker)],
    }
