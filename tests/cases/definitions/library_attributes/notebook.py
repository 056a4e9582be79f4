# Settings that are plain attributes.

# %% [setting]
import decimal
import json.encoder

decimal.DefaultContext.prec = 5
json.encoder.INFINITY = float("1e308")

# %% [third]
%%endpoint --example {}
def third() -> list[str]:
    return [str(decimal.Decimal(1) / 3), str(json.encoder.INFINITY)]
