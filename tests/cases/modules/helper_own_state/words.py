from functools import lru_cache

_CACHE = {}
calls = 0


def length(word):
    global calls
    calls += 1
    if word not in _CACHE:
        _CACHE[word] = len(word)
    return _CACHE[word]


@lru_cache(maxsize=None)
def twice(word):
    return word * 2
