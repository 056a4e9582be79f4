# Two keys that are one text in JSON: the client would see one of them only.

# %% [handler]
%%endpoint POST /counts --example {"n": 3}
def counts(n):
    return {1: n, "1": n + 1}
