# Answers that count the calls before them: the service begins where the notebook was, and each worker counts for itself.

# %% [state]
number = 10
history = []

# %% [ticket]
%%endpoint POST /ticket --example {"name": "ada"} --example {"name": "bob"}
def ticket(name: str) -> dict:
    global number
    number += 1
    history.append(name)
    return {"number": number, "before": history[:-1]}

# %% [back]
%%endpoint POST /back --example {"name": "ada"}
def back(name: str) -> dict:
    global number
    number -= 1
    return {"number": number, "known": name in history}
