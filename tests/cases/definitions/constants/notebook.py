# Values that are written down, of every type; some under names of builtins.

# %% [values]
import datetime as dt
import re
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

BIG = 12345678901234567890123
NEGATIVE, COMPLEX = -1.5e-7, 2 - 3j
NAN, INFINITE = float("nan"), -float("inf")
TEXT = 'quotes " and \' and \\ and \n and ü and \x00 and 🎉'
RAW = r"\d+\n"
LONG = """several
    lines
"""
BYTES = b"\x00\xff"
PATTERN = re.compile(r"(?P<word>[a-zé]+)", re.IGNORECASE)
EMPTY = ((), [], {}, set(), frozenset(), "")
FROZEN = frozenset({"a"})
PAIRS = {(1, "a"): None, True: ..., 2.5: NotImplemented}
SLICE, RANGE = slice(1, None, 2), range(2, 10, 3)
MONEY, THIRD = Decimal("1.10"), Fraction(1, 3)
DAY = dt.date(2024, 2, 29)
WHEN = dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone.utc)
ZONE = dt.timezone(dt.timedelta(hours=2))
PLACE = Path("data") / "x.csv"
ID = uuid.UUID(int=5)
COMPUTED = {word: len(word) for word in TEXT.split()}
KIND, FUNCTION = int, len
FORMATTED = f"{BIG:,} {MONEY!r}"

# %% [builtins]
sum = "no function"
list = [1, 2]
max = lambda values: "largest"
id = 7

# %% [handler]
%%endpoint --example {"word": "Élan vital"}
def constants(word: str) -> dict:
    return {
        "numbers": [str(BIG), NEGATIVE, str(COMPLEX), NAN != NAN, INFINITE < 0, str(MONEY), str(THIRD)],
        "texts": [TEXT, RAW, LONG, BYTES.hex(), FORMATTED],
        "match": PATTERN.match(word)["word"],
        "empty": [repr(each) for each in EMPTY],
        "pairs": repr(PAIRS),
        "ranges": [word[SLICE], [*RANGE]],
        "dates": [DAY, WHEN.astimezone(ZONE).isoformat()],
        "others": [str(PLACE), str(ID), sorted(FROZEN), COMPUTED["and"], KIND("3"), FUNCTION(word)],
        "builtins": [sum, list, max([1]), id, min(1, 2)],
    }
