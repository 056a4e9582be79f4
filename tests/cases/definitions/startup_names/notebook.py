# A startup cell that annotates what it binds, tries a name that may be there, and fills what it made in loops.

# %% [start]
%%startup
factor: float = (
    1.5
)
note: str
try:
    cache
except NameError:
    cache: dict = {}
for number in range(3):
    cache[number] = number * factor

# %% [handler]
%%endpoint --example {"x": 2}
def scaled(x: int) -> list:
    return [cache.get(x, 0), factor]
