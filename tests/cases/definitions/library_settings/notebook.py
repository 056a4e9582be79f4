# A cell changed a setting inside a library; no name of the handler leads there. The way out is %%startup.

# %% [setting]
import decimal

decimal.getcontext().prec = 5
decimal.DefaultContext.prec = 5

# %% [third]
%%endpoint --example {}
def third() -> str:
    return str(decimal.Decimal(1) / 3)
