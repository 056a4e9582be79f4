# The way out: what cannot be saved is made when the service starts; objects leave it out of their state.

# %% [make]
import threading

class Counter:
    def __init__(self, start):
        self.start = start
        self.lock = threading.Lock()

    def __getstate__(self):
        return {"start": self.start}

    def __setstate__(self, state):
        self.__init__(**state)

    def next(self):
        with self.lock:
            return self.start + 1

counter = Counter(41)

# %% [start]
%%startup
import sqlite3
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table names (name text)")
database.executemany("insert into names values (?)", [("ada",), ("grace",)])
guard = threading.RLock()

# %% [handler]
%%endpoint --example {"starts": "g"}
def named(starts: str) -> dict:
    with guard:
        rows = database.execute("select name from names where name like ?", (starts + "%",)).fetchall()
    return {"names": [row[0] for row in rows], "next": counter.next()}
