# Arrays and fitted models as class attributes and as defaults of functions and methods.

# %% [objects]
import numpy as np
from sklearn.linear_model import LinearRegression

TABLE = np.arange(12.0).reshape(3, 4)
line = LinearRegression().fit(np.array([[0.0], [1.0]]), np.array([1.0, 3.0]))
shared = {"n": [1, 2]}

# %% [class]
class Lookup:
    table = TABLE
    model = line
    sizes = [len(row) for row in TABLE]
    total = float(TABLE.sum())

    def __init__(self, shared=shared):
        self.shared = shared

    def at(self, row, column, table=TABLE[1:]):
        return [float(self.table[row, column]), float(table[row, column])]

def predict(x, model=line, *, offset=np.float64(0.5), options={"digits": 3}):
    return round(float(model.predict([[x]])[0]) + float(offset), options["digits"])

lookup = Lookup()

# %% [handler]
%%endpoint --example {"row": 1, "column": 2}
def looked_up(row: int, column: int) -> dict:
    return {
        "at": lookup.at(row, column),
        "predicted": predict(row),
        "sizes": Lookup.sizes,
        "total": Lookup.total,
        "same": [Lookup.table is TABLE, Lookup.model is line, lookup.shared is shared, Lookup().shared is shared],
    }
