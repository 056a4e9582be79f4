# The way out of a missing file; a helper's own files come along, and a file that only training reads is not asked for.

# %% [include]
%nb2svc include names.txt data more/*.txt

# %% [handler]
%%endpoint GET /names --example {"name": "ada"}
import csv
import glob
from greet import greet

def names(name: str) -> list:
    with open("data/prices.csv") as file:
        rows = list(csv.reader(file))
    return [open("names.txt").read().split(), rows, sorted(glob.glob("more/*.txt")), greet(name)]
