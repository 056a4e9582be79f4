# Locks, threads, pools, connections and generators: all are named at once, each with its path and its way out.

# %% [make]
import queue
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

class Cache:
    def __init__(self):
        self.values = {}
        self.lock = threading.Lock()

def counting():
    n = 0
    while True:
        yield n
        n += 1

cache = Cache()
pool = ThreadPoolExecutor(2)
worker = threading.Thread(target=print)
jobs = {"waiting": [queue.Queue()]}
database = {"orders": sqlite3.connect(":memory:")}
numbers = counting()

# %% [handler]
%%endpoint --example {"x": 1}
def use(x: int) -> int:
    with cache.lock:
        jobs["waiting"][0].put(x)
    return pool.submit(int, x).result() + next(numbers) + database["orders"].total_changes + (worker.ident or 0)
