# Decorators of the notebook's own, in every form.

# %% [decorators]
import functools

calls = []

def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return ["logged", function(*args, **kwargs)]

    return wrapper

def bare(function):
    def wrapper(*args):
        return ["bare", function(*args)]

    return wrapper

def times(n):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return [function(*args, **kwargs) for _ in range(n)]

        return wrapper

    return decorator

class Tagged:
    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args):
        return [self.function.__name__, self.function(*args)]

def identity(function):
    calls.append(function.__name__)
    return function

# %% [registry]
REGISTRY = {}

def register(name):
    def decorator(function):
        REGISTRY[name] = function
        return function

    return decorator

@register("double")
def _double(x):
    return 2 * x

@register("negative")
def _negative(x):
    return -x

# %% [decorated]
REPEATS = 2

@logged
def one(x):
    return x + 1

@bare
def two(x):
    return x + 2

@times(REPEATS)
@logged
@bare
def three(x):
    return x + 3

@Tagged
def four(x):
    return x + 4

@identity
def five(x):
    return x + 5

class Model:
    @logged
    def score(self, x):
        return x * 10

def six(x):
    return x + 6

six_logged = logged(six)

# %% [handler]
%%endpoint --example {"x": 1}
@logged
def decorated(x: int) -> list:
    return [
        one(x), two(x), three(x), four(x), five(x), Model().score(x), six_logged(x), six(x),
        [one.__name__, two.__name__, four.__name__, six_logged.__name__],
        {name: function(x) for name, function in REGISTRY.items()},
    ]
