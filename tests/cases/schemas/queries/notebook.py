# Text of a path and a query becomes the types of the example's values.

# %% [imports]
import datetime as dt

# %% [handler]
%%endpoint GET /shops/{shop}/days/{day} --example {"shop": "007", "day": dt.date(2024, 2, 29), "top": 3, "share": 0.5, "exact": True, "tags": ["a", "b"]}
def days(shop, day, top, share, exact, tags, page=1):
    return [shop, day.isoformat(), top * 2, share * 2, exact, tags, page + 1, day.weekday()]

# %% [partly]
%%endpoint GET /half --example {"x": 3, "y": 0.5}
def half(x: int, y):
    return (x + y) / 2

# %% [deleting]
%%endpoint DELETE /shops/{number} --example {"number": 7}
def deleted(number):
    return {"deleted": number}
