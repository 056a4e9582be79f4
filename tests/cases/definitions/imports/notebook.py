# Names come from modules in every way that Python has.

# %% [plain]
import collections.abc
import os.path
import xml.etree.ElementTree as ET
from math import *
from statistics import mean as average, median

# %% [conditional]
import sys

if sys.version_info >= (3, 0):
    from json import dumps as to_json
else:
    from simplejson import dumps as to_json

try:
    import ujson_that_nobody_has as fast_json
except ImportError:
    fast_json = None

try:
    from tomllib import loads as toml
except ImportError:
    from tomli import loads as toml

# %% [aliases]
join = os.path.join
Mapping = collections.abc.Mapping
root = sqrt

# %% [uses]
def in_function(x):
    import fractions
    from decimal import Decimal as D

    return [str(fractions.Fraction(x, 4)), str(D(x) / 8)]

class InClass:
    from math import floor

    import string as letters

    def first(self):
        return self.letters.ascii_lowercase[InClass.floor(1.9)]

# %% [handler]
%%endpoint --example {"x": 3}
def imported(x: int) -> dict:
    return {
        "star": [root(x) == sqrt(x), floor(pi * x), factorial(x)],
        "aliases": [join("a", "b"), isinstance({}, Mapping), average([x, 5]), median([1, x, 9])],
        "xml": ET.fromstring(f"<a n='{x}'/>").get("n"),
        "conditional": [to_json({"x": x}), fast_json is None, toml("x = 1")],
        "inside": [in_function(x), InClass().first()],
    }
