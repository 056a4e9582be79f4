# A startup cell runs again in the service, and needs its file there.

# %% [start]
%%startup
words = open("words.txt").read().split()

# %% [handler]
%%endpoint GET /words --example {}
def handler() -> list:
    return words
