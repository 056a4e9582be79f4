# A cell changes what a startup cell made: the service begins with what the startup cell makes, and nb2svc says so.

# %% [start]
%%startup
rates = {"eur": 1.0, "usd": 1.1}
calls = []

# %% [handler]
%%endpoint --example {"currency": "usd"}
def rate(currency: str) -> list:
    calls.append(currency)
    return [rates.get(currency, 0)]

# %% [change]
rates["chf"] = 0.9

# %% [handler]
%%endpoint --example {"currency": "eur"}
def rate(currency: str) -> list:
    calls.append(currency)
    return [rates.get(currency, 0)]
