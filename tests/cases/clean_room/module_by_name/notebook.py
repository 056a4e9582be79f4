# Only the request says which library is imported. The clean room sees which one the kernel has and the lock lacks.

# %% [handler]
%%endpoint POST /has --example ["yaml", "bs4", "library_that_nobody_has"]
def has(libraries: list[str]) -> list[bool]:
    found = []
    for library in libraries:
        try:
            found.append(bool(__import__(library).__version__))
        except ImportError:
            found.append(False)
    return found
