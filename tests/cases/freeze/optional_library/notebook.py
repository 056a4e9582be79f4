# Beautiful Soup parses with lxml where that is installed, and otherwise answers something else to some documents.

# %% [look]
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd
from bs4 import BeautifulSoup

pd.Series([1, 2, 3]).plot()
plt.close("all")

# %% [tree]
%%endpoint POST /tree --example {"html": "<html><head></head><body><p>both read this alike</p></body></html>"}
def tree(html):
    return {"tree": str(BeautifulSoup(html)), "mean": float(pd.Series([1.0, 2.0]).mean())}
