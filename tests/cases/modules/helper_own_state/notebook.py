# A helper module has filled its own cache; the service begins with an empty one, and a warning says so.

# %% [imports]
from words import length, twice

length("rose"), twice("a")

# %% [handler]
%%endpoint POST /length --example {"word": "iris"}
def handler(word: str) -> list:
    return [length(word), twice(word)]
