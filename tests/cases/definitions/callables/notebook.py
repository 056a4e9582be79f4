# Things that are called and are no functions: partials, bound methods, instances, methods of built-in objects.

# %% [partials]
from functools import partial
from operator import attrgetter, itemgetter, methodcaller

def power(base, exponent, offset=0):
    return base**exponent + offset

square = partial(power, exponent=2)
moved = partial(square, offset=10)
to_int = partial(int, base=2)

# %% [methods]
class Counter:
    def __init__(self, words):
        self.words = words

    def count(self, word):
        return self.words.count(word)

    def __call__(self, word):
        return f"{word}: {self.count(word)}"

    @classmethod
    def empty(cls):
        return cls([])

    @staticmethod
    def shout(word):
        return word.upper()

counter = Counter(["a", "b", "a"])
count = counter.count
shout = Counter.shout
make_empty = Counter.empty
position = ["x", "y", "a"].index
counter_of = {"plain": counter, "bound": counter.count}

# %% [operators]
first = itemgetter(0)
words_of = attrgetter("words")
upper = methodcaller("upper")

# %% [handler]
%%endpoint --example {"word": "a"}
def called(word: str) -> list:
    return [
        square(3), moved(3), to_int("101"),
        count(word), counter(word), shout(word), make_empty().count(word), position(word),
        counter_of["bound"](word), counter_of["plain"] is counter, count.__self__ is counter,
        first(word), words_of(counter), upper(word),
    ]
