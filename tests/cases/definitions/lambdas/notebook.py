# Lambdas wherever notebooks have them; two on one line differ only by their columns.

# %% [one-line]
double, triple = lambda x: 2 * x, lambda x: 3 * x
half = lambda x: x / 2; third = lambda x: x / 3

# %% [containers]
from functools import partial

OFFSET = 10
steps = [lambda x: x + 1, lambda x: x + OFFSET, double]
named = {"square": lambda x: x**2, "nested": {"cube": lambda x: x**3}}
power = partial(lambda base, exponent: base**exponent, exponent=4)

# %% [closures]
def shifted(by):
    return lambda x: x + by

adders = [(lambda n: lambda x: x + n)(n) for n in (1, 2, 3)]
late = [lambda x: x * n for n in (1, 2, 3)]
shift = shifted(100)

# %% [default]
def applied(x, f=lambda x: -x, *, g=lambda x: x - 0.5):
    return f(x) + g(x)

choose = (lambda x: "big") if OFFSET > 5 else (lambda x: "small")
same = double
immediate = (lambda n: n * 7)(6)
recursive = lambda n: 1 if n < 2 else n * recursive(n - 1)
by_length = sorted(["ccc", "a", "bb"], key=lambda word: -len(word))

# %% [handler]
%%endpoint --example {"x": 3} --example {"x": 0}
def all_lambdas(x: int) -> dict:
    return {
        "line": [double(x), triple(x), half(x), third(x)],
        "steps": [step(x) for step in steps],
        "named": [named["square"](x), named["nested"]["cube"](x)],
        "power": power(x),
        "closures": [shift(x), *[add(x) for add in adders], *[one(x) for one in late]],
        "default": applied(x),
        "choose": choose(x),
        "identity": [same is double, steps[2] is double],
        "immediate": immediate,
        "recursive": recursive(x),
        "sorted": by_length + sorted(["b", "a"], key=lambda word: word),
    }
