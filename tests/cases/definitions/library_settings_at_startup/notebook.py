# A %%startup cell runs in the service too, so its settings hold there.

# %% [setting]
%%startup
import decimal

decimal.DefaultContext.prec = 5
decimal.setcontext(decimal.DefaultContext)

# %% [third]
%%endpoint --example {}
def third() -> str:
    return str(decimal.Context().divide(decimal.Decimal(1), 3))
