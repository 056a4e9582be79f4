# What was one object in the notebook is one object in the service, however many names and containers hold it.

# %% [state]
first = second = []
settings = {"log": first, "depth": 1}
log = settings["log"]

class Logger:
    target = first

    def __init__(self):
        self.own = log

logger = Logger()

# %% [functions]
def note(text):
    first.append(text)

def forget():
    while log:
        settings["log"].pop()

def noting(text, into=second):
    into.append(text)

# %% [handler]
%%endpoint --example {"text": "a"}
def noted(text: str) -> list:
    forget()
    note(text)
    noting(text + "!")
    Logger.target.append("class")
    logger.own.append("instance")
    return [list(log), len(second), first is second is log is settings["log"] is Logger.target is logger.own]
