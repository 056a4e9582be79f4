# Every path in the code of the handler and of what it calls is followed, and all missing files are named at once.

# %% [prepare]
import json
import os
import sqlite3
from pathlib import Path

import pandas as pd

DATA = Path("data")
ABSOLUTE = str(DATA.absolute() / "absolute.txt")
with sqlite3.connect("shop.db") as db:
    db.execute("create table items (name text)")


def stock(name):
    with open(os.path.join("data", "stock" + ".json")) as file:
        return json.load(file)[name]

# %% [handler]
%%endpoint POST /price --example {"name": "a"}
def handler(name: str) -> list:
    source = "names.txt"
    prices = pd.read_csv(DATA / "prices.csv")
    known = Path(source).read_text().split()
    rows = sqlite3.connect("shop.db").execute("select count(*) from items").fetchone()
    return [stock(name), int(prices.price[0]), known, rows[0], open(ABSOLUTE).read()]
