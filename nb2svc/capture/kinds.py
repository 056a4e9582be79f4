"""What an object that cannot be saved is, in words, and what to do about it. No library is imported to tell."""

from __future__ import annotations

from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .objects import UnpicklableError

_AT_START = "make it when the service starts, in a %%startup cell"


@dataclass(frozen=True)
class Kind:
    """``words`` say what it is, ``hint`` what to do."""

    words: str
    hint: str


_OPEN = "open it when the service starts, in a %%startup cell, or keep its path and open it where it is read"
_LOCK = Kind("a lock", f"{_AT_START}; objects that hold one can leave it out in __getstate__ and make it anew")
_THREAD = Kind("a thread", "start it when the service starts, in a %%startup cell")
_POOL = Kind("a pool of workers", _AT_START)
_CONNECTION = Kind("a database connection", "connect when the service starts, in a %%startup cell")
_NETWORK = Kind("a network connection", "connect when the service starts, in a %%startup cell")
_CLIENT = Kind("a client with open connections", _AT_START)
_GENERATOR = Kind("a generator", "keep what it yields in a list, or call the function that makes it in the handler")
_ITERATOR = Kind("an iterator", "keep what it gives in a list, or make it anew in the handler")
_COROUTINE = Kind("a coroutine", "await it in the handler, and keep what it gives")
_TASK = Kind("a task of an event loop", "start it in a %%startup cell")
_QUEUE = Kind("a queue, which holds locks", f"{_AT_START}, or use collections.deque")
_WEAK = Kind("a weak reference", "keep the object itself, or leave the reference out in __getstate__")
_VIEW = Kind("a view of a dict", "keep a list, a set or the dict itself: list(…), dict(…)")
_MEMORY = Kind("a view of memory", "keep a copy of what it shows: bytes(…) or an array")
_POINTER = Kind("a pointer of ctypes", _AT_START)
_FRAME = Kind("a frame of running code", "keep what you need of it, not the frame or traceback itself")
_MODULE = Kind("a module that was not imported by its name", "import it by its name")

_RESTORED = "tensorflow.python.saved_model.load.Loader._recreate_base_user_object.<locals>._UserObject"

# Of the class or of one it inherits from, by module and name; the first that fits.
_BY_CLASS: dict[str, Kind] = {
    "_io._IOBase": Kind("an open file", _OPEN),
    "tempfile._TemporaryFileWrapper": Kind("an open file", _OPEN),
    "tempfile.TemporaryDirectory": Kind("a temporary folder, which goes away with the notebook", _AT_START),
    "multiprocessing.managers.BaseProxy": Kind("a proxy of another process", _AT_START),
    "multiprocessing.shared_memory.SharedMemory": Kind("memory shared with other processes", _AT_START),
    "zipfile.ZipFile": Kind("an open archive", _OPEN),
    "tarfile.TarFile": Kind("an open archive", _OPEN),
    "h5py._hl.base.HLObject": Kind("an open HDF5 file", _OPEN),
    "pandas.io.pytables.HDFStore": Kind("an open HDF5 file", _OPEN),
    "threading.Thread": _THREAD,
    "concurrent.futures._base.Executor": _POOL,
    "multiprocessing.pool.Pool": _POOL,
    "multiprocessing.process.BaseProcess": Kind("a process", "start it in a %%startup cell"),
    "subprocess.Popen": Kind("a running process", "start it when the service starts, in a %%startup cell"),
    "concurrent.futures._base.Future": Kind("the future of a task", "keep its result(), not the future"),
    "_asyncio.Task": _TASK,
    "_asyncio.Future": _TASK,
    "asyncio.events.AbstractEventLoop": Kind("an event loop", "use it where it runs: in an async handler"),
    "_queue.SimpleQueue": _QUEUE,
    "queue.Queue": _QUEUE,
    "logging.Handler": Kind("a handler of logging", "configure logging in a %%startup cell"),
    "socket.socket": _NETWORK,
    "_socket.socket": _NETWORK,
    "_ssl._SSLContext": Kind("settings of TLS", _AT_START),
    "_ssl._SSLSocket": _NETWORK,
    "http.client.HTTPConnection": _NETWORK,
    "httpx._client.BaseClient": _CLIENT,
    "aiohttp.client.ClientSession": _CLIENT,
    "openai._base_client.BaseClient": _CLIENT,
    "boto3.resources.base.ServiceResource": _CLIENT,
    "botocore.client.BaseClient": _CLIENT,
    "redis.client.Redis": _CONNECTION,
    "pymongo.mongo_client.MongoClient": _CONNECTION,
    "sqlalchemy.engine.base.Engine": _CONNECTION,
    "sqlalchemy.engine.base.Connection": _CONNECTION,
    "sqlalchemy.orm.session.Session": _CONNECTION,
    _RESTORED: Kind(
        "a loaded SavedModel", "load it when the service starts, in a %%startup cell, and %nb2svc include its folder"
    ),
    "tensorflow.python.trackable.resource.CapturableResource": Kind("a table or another resource", _AT_START),
    "tensorflow.python.data.ops.dataset_ops.DatasetV2": Kind("a dataset that TensorFlow reads as it goes", _AT_START),
    "tensorflow.python.eager.polymorphic_function.concrete_function.ConcreteFunction": Kind(
        "a traced function of TensorFlow", "define the tf.function in a cell, and call that"
    ),
    "builtins.generator": _GENERATOR,
    "builtins.async_generator": _GENERATOR,
    "builtins.coroutine": _COROUTINE,
    "builtins.dict_keys": _VIEW,
    "builtins.dict_values": _VIEW,
    "builtins.dict_items": _VIEW,
    "builtins.odict_keys": _VIEW,
    "builtins.odict_values": _VIEW,
    "builtins.odict_items": _VIEW,
    "builtins.mappingproxy": Kind("a read-only view of a dict", "keep the dict itself"),
    "builtins.memoryview": _MEMORY,
    "mmap.mmap": _MEMORY,
    "builtins.weakref": _WEAK,
    "weakref.ReferenceType": _WEAK,
    "builtins.weakproxy": _WEAK,
    "weakref.ProxyType": _WEAK,
    "weakref.WeakValueDictionary": Kind("a dict of weak references", "keep an ordinary dict"),
    "weakref.WeakKeyDictionary": Kind("a dict of weak references", "keep an ordinary dict"),
    "_weakrefset.WeakSet": Kind("a set of weak references", "keep an ordinary set"),
    "builtins.map": _ITERATOR,
    "builtins.filter": _ITERATOR,
    "builtins.zip": _ITERATOR,
    "builtins.enumerate": _ITERATOR,
    "builtins.reversed": _ITERATOR,
    "builtins.frame": _FRAME,
    "builtins.traceback": _FRAME,
    "builtins.code": Kind("compiled code", "keep its source, and compile it in the handler's cell"),
    "_contextvars.ContextVar": Kind("a context variable", "define it at the top level of a helper module"),
    "_contextvars.Context": Kind("a context", "make it in the handler"),
    "_ctypes._Pointer": _POINTER,
    "_ctypes.CFuncPtr": _POINTER,
    "ctypes.CDLL": Kind("a library loaded by ctypes", "load it when the service starts, in a %%startup cell"),
    "_tkinter.tkapp": Kind("a window", "leave it out of what the handler uses"),
    "builtins.module": _MODULE,
}
# What pickles without complaint, and is of no use elsewhere.
_ONLY_HERE = frozenset(
    {
        "tempfile.TemporaryDirectory",
        "multiprocessing.managers.BaseProxy",
        "multiprocessing.shared_memory.SharedMemory",
    }
)
_LOCKS = frozenset({"lock", "RLock", "Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier", "SemLock"})
_LOCK_MODULES = frozenset({"_thread", "threading", "multiprocessing.synchronize", "_multiprocessing", "filelock"})
_DATABASES = frozenset(
    {
        *(
            "sqlite3",
            "psycopg",
            "psycopg2",
            "psycopg_c",
            "pymysql",
            "MySQLdb",
            "mysql",
            "oracledb",
            "cx_Oracle",
            "pyodbc",
        ),
        *(
            "duckdb",
            "asyncpg",
            "aiosqlite",
            "snowflake",
            "clickhouse_driver",
            "cassandra",
            "neo4j",
            "trino",
            "prestodb",
        ),
        *("pyhive", "ibm_db", "adbc_driver_manager"),
    }
)


def kind_of(value: object) -> Kind | None:
    """What sort of thing that cannot be saved ``value`` is; None where there is no word for it."""
    kind = type(value)
    if kind.__module__ == "itertools":
        return _ITERATOR
    for base in kind.__mro__:
        found = _BY_CLASS.get(f"{base.__module__}.{base.__qualname__}")
        if found is not None:
            return found
        if base.__name__ in _LOCKS and base.__module__ in _LOCK_MODULES:
            return _LOCK
        if base.__module__.partition(".")[0] in _DATABASES and _talks(base):
            return _CONNECTION
    return _CONNECTION if _is_a_connection(kind) else None


def is_only_here(kind: type) -> bool:
    """Whether objects of this class can be pickled, but mean nothing on another machine."""
    return any(f"{base.__module__}.{base.__qualname__}" in _ONLY_HERE for base in kind.__mro__)


def words(error: UnpicklableError) -> tuple[str, str]:
    """What is wrong, and what to do."""
    culprit, kind = error.culprit, kind_of(error.culprit)
    name = f"{type(culprit).__module__}.{type(culprit).__qualname__}"
    otherwise = f"{_AT_START}, or leave it out of what the handler uses"
    if isinstance(error.__cause__, RecursionError):
        flat = "keep the parts in one list or dict, and let them name each other by their place in it"
        return f"{error.path} cannot be saved: it is nested too deeply, a {name} in another and so on", flat
    if kind is not None:
        return f"{error.path} cannot be saved: it is {kind.words} ({name})", kind.hint
    if isinstance(culprit, FunctionType) and "<" in culprit.__qualname__:
        place = f"{culprit.__module__}.{culprit.__qualname__}"
        return f"{error.path} cannot be saved: it is a function that another one made ({place})", otherwise
    return f"{error.path} cannot be saved: {name}: {error.reason}", otherwise


def _talks(kind: type) -> bool:
    return any(
        word in kind.__name__.lower() for word in ("connection", "cursor", "client", "session", "pool", "driver")
    )


def _is_a_connection(kind: type) -> bool:
    """As Python's database interface (PEP 249) has it."""
    return all(callable(getattr(kind, name, None)) for name in ("cursor", "commit", "rollback", "close"))
