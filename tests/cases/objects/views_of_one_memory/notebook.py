# Requests change one array, and others that see the same memory follow: pickle would make a copy of each.

# %% [imports]
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

# %% [views]
class Window:
    def __init__(self, values):
        self.values = values

table = np.zeros((300, 500))  # large enough for the file's own mapping
turned, rows, window = table.T, {"second": table[1]}, Window(table[:2, ::-1])
shown = table[:1].view()
shown.flags.writeable = False
raw = bytearray(16)
numbers = np.frombuffer(raw)
frame = pd.DataFrame(np.zeros((2, 2)), columns=["a", "b"])
column = frame["a"]  # pandas copies it before it writes to the frame
block = np.zeros((2, 2))
over_block = pd.DataFrame(block, copy=False)
model = LinearRegression().fit([[1.0], [2.0]], [2.0, 4.0])
slope = model.coef_[:]

# %% [handler]
%%endpoint --example {"x": 2}
def written(x: float) -> list:
    table[1, 499] = x
    table[0, 1] = x
    numbers[1] = x
    frame.iloc[0, 0] = x
    block[1, 1] = x
    slope[0] = x
    return [
        turned[499, 1], rows["second"][499], window.values[1, 0], shown[0, 1], shown.flags.writeable, raw[8:].hex(),
        column[0], over_block.iloc[1, 1], round(model.predict([[1.0]])[0], 6), np.shares_memory(table, turned),
    ]
