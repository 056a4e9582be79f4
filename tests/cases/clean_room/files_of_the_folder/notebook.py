# The handler answers with what lies in the current folder, which is another one for a service.

# %% [handler]
%%endpoint GET /tables --example {}
def tables() -> list[str]:
    import os

    return sorted(name for name in os.listdir() if name.endswith(".csv"))
