# Nothing that is shipped imports the library: only an object's pickle names it.

# %% [zone]
from dateutil import tz

OFFICE = tz.tzoffset("office", 3600)
del tz

# %% [now]
%%endpoint GET /offset --example {}
def offset():
    from datetime import datetime

    return {"hours": OFFICE.utcoffset(datetime(2024, 1, 1)).total_seconds() / 3600}
