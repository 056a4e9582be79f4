# A handler runs a shell command in IPython's syntax.

# %% [today]
%%endpoint --example {}
def today() -> str:
    lines = !echo today
    return lines[0]
