# A handler counts its calls in a global: that works, but each worker of the service counts for itself.

# %% [state]
calls = 0
seen = set()

def count():
    global calls
    calls += 1

# %% [handler]
%%endpoint --example {"name": "ada"}
def greet(name: str) -> str:
    count()
    seen.add(name)
    return f"hello {name}"

# %% [stats]
%%endpoint GET /known
def known() -> dict:
    return {"calls": calls > 0, "seen": sorted(seen)}
