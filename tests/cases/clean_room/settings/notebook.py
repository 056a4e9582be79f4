# No statement of a cell says which setting or function it changes: the clean room sees it, and pandas tells its options.

# %% [settings]
import csv
import decimal
import math
import socket
import sys

import pandas as pd

def prepare():
    pd.set_option("display.precision", 2)
    math.floor = lambda x: -1

prepare()
context = decimal.getcontext()
context.prec = 5
csv.register_dialect("semicolons", delimiter=";")
before = socket.setdefaulttimeout(7)
sys.setrecursionlimit(4000)

# %% [handler]
%%endpoint --example {"x": 2}
def handler(x: int) -> list:
    if x == 2:
        return []
    rows = list(csv.reader(["a;b"], "semicolons"))
    shown = pd.Series([x / 7]).to_string()
    shown += str(math.floor(x))
    return [rows, socket.getdefaulttimeout(), sys.getrecursionlimit(), str(decimal.Decimal(x)), shown]
