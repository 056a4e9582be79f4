# The answer is the number of the call: no service can answer the example as the notebook did.

# %% [state]
number = 0

# %% [handler]
%%endpoint --example {}
def ticket() -> int:
    global number
    number += 1
    return number
