# Both files are edited while the kernel runs; the kernel then has the new code, so the service may.

# %% [autoreload]
%load_ext autoreload
%autoreload 2

# %% [imports]
import prices
import taxes
from taxes import Tax, of

tax = Tax()

# %% [edit]
import os
from pathlib import Path

def edit(name, *pairs):
    path = Path(name)
    text = path.read_text()
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text)
    os.utime(path, (path.stat().st_mtime + 5,) * 2)  # some file systems count whole seconds

edit("taxes.py", ("net * RATE *", "1 + net * RATE *"), ("RATE = 2", "RATE = 4"), ('"tax"', '"duty"'), ("share = 3", "share = 5"))

# %% [touch]
tax.of(1), taxes.RATE

# %% [edit-prices]
%autoreload 0
edit("prices.py", ("net * 2", "net * 3"))

# %% [reload]
import importlib

_ = importlib.reload(prices)

# %% [handler]
%%endpoint POST /gross --example {"net": 10}
def gross(net: int) -> list:
    return [prices.gross(net), taxes.RATE, of(net), tax.of(net), Tax().name, tax.share]
