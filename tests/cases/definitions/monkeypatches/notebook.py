# Library classes and the notebook's own classes got methods after they were made.

# %% [imports]
import pandas as pd

# %% [patch]
def share(self, column):
    return (self[column] / self[column].sum()).round(3).tolist()

pd.DataFrame.share = share
pd.Series.doubled = property(lambda self: (self * 2).tolist())

# %% [own]
class Scaler:
    factor = 2

    def scale(self, x):
        return x * self.factor

scaler = Scaler()

# %% [patch-own]
def scale_up(self, x):
    return x * self.factor + 1

Scaler.scale = scale_up
Scaler.factor = 3

# %% [handler]
%%endpoint --example {"values": [1.0, 2.0, 5.0]}
def patched(values: list[float]) -> dict:
    frame = pd.DataFrame({"v": values})
    return {
        "share": frame.share("v"),
        "doubled": frame["v"].doubled,
        "scaled": [scaler.scale(10), Scaler().scale(10)],
    }
