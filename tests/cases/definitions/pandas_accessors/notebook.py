# An accessor is registered under a name that only an attribute of a data frame mentions.

# %% [accessor]
import pandas as pd

RATE = 0.2

@pd.api.extensions.register_dataframe_accessor("tax")
class TaxAccessor:
    def __init__(self, frame):
        self.frame = frame

    def gross(self):
        return (self.frame["net"] * (1 + RATE)).round(2).tolist()

@pd.api.extensions.register_series_accessor("stats")
class StatsAccessor:
    def __init__(self, series):
        self.series = series

    @property
    def span(self):
        return float(self.series.max() - self.series.min())

# %% [handler]
%%endpoint --example {"net": [1.0, 2.5]}
def taxed(net: list[float]) -> dict:
    frame = pd.DataFrame({"net": net})
    return {"gross": frame.tax.gross(), "span": frame["net"].stats.span}
