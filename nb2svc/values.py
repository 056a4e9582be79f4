"""The records that the stages hand on, in flow order.

``CapturedCell → ServiceSpec → Lock → Project → Image → RunningService → Report``

Every record is frozen. Sizes are bytes, durations seconds, digests ``sha256:<hex>`` where a registry
would write them so and bare hex for files. :func:`to_json` and :func:`from_json` are their file form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

# --- where something is -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place a person can go to: notebook › cell › name. Every part may be unknown."""

    notebook: str = ""
    cell: int | None = None  # the execution count, the number in the cell's prompt
    name: str = ""

    def __str__(self) -> str:
        cell = "" if self.cell is None else f"cell [{self.cell}]"
        return " › ".join(part for part in (self.notebook, cell, self.name) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong (an error) or could surprise (a warning), and the next step."""

    message: str
    hint: str = ""
    where: Where = Where()

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if str(self.where) else self.message
        return f"{head}\n  → {self.hint}" if self.hint else head


# --- capture ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedCell:
    """One execution of one cell, as the log keeps it."""

    number: int  # execution count
    raw: str  # what the user typed
    code: str  # what IPython ran: magics transformed, line numbers those of ``raw``
    filename: str  # ``co_filename`` of everything defined in it
    cell_id: str | None = None  # the notebook's id of the cell, where the front end sends it
    ok: bool = True  # ran to its end


#: In place of an address: an artifact that is in the image, and one that is mounted where the service runs.
BAKE: Final = "bake"
MOUNT: Final = "mount"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactFile:
    """One file of an artifact that is a folder."""

    path: str  # in the folder
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file or folder that holds a live object. ``staged`` is where capture wrote it until export moves it.

    A folder's ``sha256`` is that over the sorted lines ``<sha256>  <path in it>`` of its ``files``.
    """

    path: str  # in the project: ``models/model.joblib``
    format: str  # ``joblib``, ``pickle``, ``pickle-buffers``, or the name of an adapter: ``xgboost``, ``skops``, …
    sha256: str
    size: int
    type: str  # ``sklearn.pipeline.Pipeline``
    why: str  # ``the model served as "model"``, ``SPECIES, VOCABULARY, used by predict``
    modules: tuple[str, ...] = ()  # modules that loading imports
    staged: Path | None = None
    files: tuple[ArtifactFile, ...] = ()  # of a folder
    loader: str = ""  # ``package.module:function`` that reads it; "" for what the runtime reads itself
    options: dict[str, Any] = field(default_factory=dict)  # what the loader is told
    environment: dict[str, str] = field(default_factory=dict)  # variables to be set before the service imports anything
    location: str = BAKE  # or MOUNT, or the address that the service fetches it from
    fetched_by: tuple[str, ...] = ()  # modules that fetch it from there


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A live object served by its methods."""

    name: str  # the variable in the notebook
    public: str  # the name in the URL
    methods: tuple[str, ...]  # ``predict``, ``predict_proba``, …
    artifact: Artifact
    features: tuple[str, ...] = ()  # column names, where known, in order
    frame: bool = False  # the methods get a pandas DataFrame (the example was one), else a 2-D array or list
    dtypes: tuple[str, ...] = ()  # of the example's columns, aligned with ``features``; () where unknown
    inputs: str = ""  # name of the type of its rows in ``service/schemas.py``; "" without an example
    outputs: tuple[tuple[str, str], ...] = ()  # (method, name of the type of its answers in ``service/schemas.py``)
    batch: bool = True
    alone: tuple[str, ...] = ()  # methods whose concurrent calls do not become one all the same
    max_batch: int | None = None
    where: Where = Where()

    @property
    def batched(self) -> tuple[str, ...]:
        """The methods whose concurrent calls become one."""
        return tuple(method for method in self.methods if self.batch and method not in self.alone)


#: In place of a method: an endpoint that clients connect to, for messages both ways.
WEBSOCKET: Final = "WEBSOCKET"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSpec:
    """A handler with its method and path."""

    name: str  # public name, unique in the service
    handler: str  # the function's name in ``service/notebook.py``
    method: str  # ``POST``, or :data:`WEBSOCKET`
    path: str  # ``/predict``
    status: int = 200
    timeout: float | None = None  # seconds
    batch: bool = False
    body: str = ""  # name of the inferred request schema in ``service/schemas.py``; "" where the handler is annotated
    spread: bool = False  # the inferred body's keys are the handler's parameters
    parameters: str = ""  # the same of inferred types of parameters, by name; "" for none
    answer: str = ""  # the same of what its answers look like, which documents them; "" where the handler says so
    where: Where = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartupSpec:
    """A cell to be run once when the service starts: a function of ``service/notebook.py``."""

    handler: str
    where: Where = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A recorded request with the answer that the live kernel gave.

    ``request`` and ``response`` are what ``examples/<name>.json`` holds: ``request`` has ``method``, ``path``
    (with query), and one of ``json`` · ``form`` with ``files`` ({field: {filename, content_type, base64}}) ·
    ``base64`` with ``content_type`` · nothing. ``response`` has ``status``, ``content_type`` and one of
    ``json`` · ``text`` · ``base64``.
    """

    name: str  # ``predict-1``
    endpoint: str  # public name of the endpoint or model
    request: dict[str, Any]
    response: dict[str, Any]
    where: Where = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A top-level piece of ``service/notebook.py``, in the order in which it must stand.

    ``kind``: ``constant`` (a literal, from the user's own line) · ``function`` · ``class`` · ``statement``
    (anything bound by running it, such as ``Base = declarative_base()``) · ``model`` and ``object`` (loaded
    from an artifact) · ``environment`` (a secret, read from the environment) · ``startup``.
    """

    name: str
    kind: Literal["constant", "function", "class", "statement", "model", "object", "environment", "startup"]
    source: str  # dedented, comments kept, no trailing newline
    where: Where = Where()
    fingerprint: dict[str, str] = field(default_factory=dict)  # of the live function or class; {} for the rest
    held: dict[str, str] = field(default_factory=dict)  # what is in it and says itself what a pickle has: see pickled


@dataclass(frozen=True, slots=True, kw_only=True)
class HelperModule:
    """A module or package owned by no distribution, copied to ``lib/``."""

    name: str  # import name, ``features`` or ``tools.text``
    path: str  # in the project: ``lib/features.py``
    source: bytes
    where: Where = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveObjects:
    """Live objects that share parts, in one file so that what they share stays shared."""

    names: tuple[str, ...]  # variables of the notebook, sorted
    artifact: Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Everything the handlers and models need beside the models themselves."""

    imports: tuple[str, ...] = ()  # statements, one name group each, of ``service/notebook.py``
    modules: tuple[str, ...] = ()  # import names of third-party modules used by code, artifacts or helpers
    definitions: tuple[Definition, ...] = ()
    helpers: tuple[HelperModule, ...] = ()
    objects: tuple[LiveObjects, ...] = ()  # that are no served models
    files: tuple[tuple[str, Path], ...] = ()  # (path in the project, source) of included data files
    environment: tuple[str, ...] = ()  # environment variables the service needs
    set_here: tuple[tuple[str, str], ...] = ()  # (variable, value) that cells set: its default in the service


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """What one notebook becomes, before anything is resolved or written."""

    name: str
    python: str  # ``3.11``: the kernel's minor version
    notebook: str = ""  # file name, "" where unknown
    notebook_sha256: str = ""  # of the captured cells' sources, in order
    description: str = ""  # first Markdown heading or paragraph, where the notebook is at hand
    models: tuple[ModelSpec, ...] = ()
    endpoints: tuple[EndpointSpec, ...] = ()
    startup: tuple[StartupSpec, ...] = ()
    examples: tuple[Example, ...] = ()
    closure: Closure = Closure()
    schemas: str = ""  # source of ``service/schemas.py``: types inferred from examples and models; "" for none
    requires: tuple[str, ...] = ()  # distributions asked for by ``%nb2svc require``
    ambient: dict[str, str] = field(default_factory=dict)  # settings of the kernel's process: see ambient
    warnings: tuple[Problem, ...] = ()


# --- freeze -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One frozen distribution of the lock."""

    name: str  # normalized
    version: str
    root: bool = False
    why: str = ""  # for roots: ``imported by predict``; else the distributions that need it
    via: tuple[str, ...] = ()  # the distributions of the lock that require it, sorted
    size: int | None = None  # installed bytes in the kernel, where known


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPackage:
    """A package of the base image's distribution that the image needs."""

    name: str  # ``libgomp1``
    why: str  # ``libgomp.so.1 for lightgbm``


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The frozen distributions of a closure for one target platform."""

    python: str  # ``3.11``
    platform: str  # ``linux/amd64``
    distributions: tuple[Distribution, ...]  # sorted by name
    requirements_in: str  # roots with the reason of each
    requirements_txt: str  # full closure, exact versions, hashes, no addresses
    wheels: tuple[Path, ...] = ()  # local wheels that ship in ``wheels/``
    system: tuple[SystemPackage, ...] = ()  # sorted by name
    indexes: tuple[tuple[str, str], ...] = ()  # (distribution, name of the index that it is only from), no addresses
    warnings: tuple[Problem, ...] = ()


Files = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a service looked for in the clean room beside its lock; the files are those whose code did."""

    modules: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (module, files), sorted
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (group of entry points, files), sorted; "" is all groups

    @classmethod
    def of(cls, modules: Mapping[str, Iterable[str]], groups: Mapping[str, Iterable[str]]) -> Sought:
        return cls(
            modules=tuple((name, tuple(files)) for name, files in sorted(modules.items())),
            groups=tuple((name, tuple(files)) for name, files in sorted(groups.items())),
        )

    def __or__(self, other: Sought) -> Sought:
        return Sought.of(_united(self.modules, other.modules), _united(self.groups, other.groups))


def _united(one: tuple[tuple[str, tuple[str, ...]], ...], other: tuple[tuple[str, tuple[str, ...]], ...]) -> Files:
    found: Files = {}
    for name, files in (*one, *other):
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *files)))
    return found


# --- export, image, engine ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An exported folder."""

    root: Path
    name: str
    digest: str  # SHA-256 over all files, from the manifest
    python: str
    platform: str
    files: tuple[str, ...] = ()
    size: int = 0
    verified: bool = False  # the clean room answered every example as the kernel did
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    digest: str
    size: int
    created_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A built image, as the engine or the store names it."""

    reference: str  # ``iris:latest``
    id: str  # ``sha256:…``
    size: int  # bytes of all layers, uncompressed
    base_size: int | None = None  # bytes of the base image's layers
    created: str = ""  # ISO 8601
    platform: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service that answers (or is about to)."""

    name: str
    url: str  # ``http://127.0.0.1:8000``
    engine: str  # ``docker`` · ``process`` · ``kernel`` · ``url`` (started by somebody else)
    id: str = ""  # container id or process id
    image: str = ""
    started: float = 0.0  # seconds since the epoch
    log_path: Path | None = None


# --- report -------------------------------------------------------------------------------------

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report."""

    name: str  # ``parity predict-1``, ``health /readyz``, ``not root``
    outcome: Outcome
    detail: str = ""  # a figure, or why it was skipped or failed
    difference: str = ""  # expected and got, as a person reads it; "" where there is none
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a smoke and parity test of a running service found."""

    service: str
    url: str
    engine: str
    checks: tuple[Check, ...]
    startup_seconds: float | None = None
    memory_bytes: int | None = None
    image_bytes: int | None = None
    p50_seconds: float | None = None
    p99_seconds: float | None = None
    logs: str = ""  # last lines, where something failed

    @property
    def passed(self) -> bool:
        return all(check.outcome != "failed" for check in self.checks)


# --- file form ----------------------------------------------------------------------------------

Record = TypeVar("Record")


def to_json(value: object) -> str:
    """The file form of a record: JSON, keys in the record's own order, two spaces, a final newline."""
    from pydantic import TypeAdapter

    text: bytes = TypeAdapter(type(value)).dump_json(value, indent=2)
    return text.decode() + "\n"


def from_json(record: type[Record], text: str | bytes) -> Record:
    """Read a record back. Raises ``pydantic.ValidationError`` where the text is none."""
    from pydantic import TypeAdapter

    value: Record = TypeAdapter(record).validate_json(text)
    return value
