# Factories: each function keeps the cells of its own call, and two of one call share theirs.

# %% [factory]
def scale(factor, offset=0):
    def scaled(x):
        return factor * x + offset

    return scaled

double = scale(2)
by_ten = scale(10, offset=1)

# %% [counter]
def make_counter(start):
    count = start

    def bump():
        nonlocal count
        count += 1
        return count

    def read():
        return count

    return bump, read

bump, read = make_counter(100)
other_bump, other_read = make_counter(0)

# %% [recursion]
def make_factorial():
    def factorial(n):
        return 1 if n < 2 else n * factorial(n - 1)

    return factorial

factorial = make_factorial()

# %% [functions]
def compose(*functions):
    def composed(x):
        for function in functions:
            x = function(x)
        return x

    return composed

def increment(x):
    return x + 1

pipeline = compose(increment, double, increment, lambda x: x * 100)

# %% [nested]
def outer(a):
    b = a * 2

    def middle(c):
        def inner(d):
            return (a, b, c, d)

        return inner

    return middle

inner = outer(1)(3)

# %% [handler]
%%endpoint --example {"x": 5}
def all_closures(x: int) -> dict:
    before, other_before = read(), other_read()
    bump()
    return {
        "scaled": [double(x), by_ten(x)],
        "shared": [read() - before, other_read() - other_before],
        "factorial": factorial(x),
        "composed": pipeline(x),
        "nested": inner(x),
        "name": double.__name__,
    }
