"""``nb2svc.json``: what the service is made of, from which cells, and the digest of every file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import ManifestError

FILE_NAME = "nb2svc.json"

#: Formats of artifacts that hold any Python object.
PICKLES = ("joblib", "pickle", "pickle-buffers")

#: What every service answers itself; no endpoint may take these.
OWN_PATHS = ("/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc")

#: Distributions that every service needs beside those of the notebook, with the reason of each.
RUNTIME_DISTRIBUTIONS = {
    "fastapi": "serves the routes",
    "prometheus-client": "writes /metrics",
    "pydantic": "validates requests and answers",
    "uvicorn": "runs the server",
}

#: Distributions that the runtime needs only for what the reason says.
OPTIONAL_DISTRIBUTIONS = {
    "greenlet": "lets handlers wait for a batch without a thread each",
    "httptools": "parses HTTP",
    "joblib": "loads model files of the joblib format",
    "pandas": "gives models their rows as a DataFrame",
    "python-multipart": "reads form fields and uploaded files",
    "uvloop": "runs the event loop",
    "websockets": "speaks WebSocket",
}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class NotebookEntry(_Record):
    file: str = ""
    sha256: str = ""  # over the captured cells' sources


class ModelEntry(_Record):
    """A served model. ``path`` names its artifact."""

    name: str  # the variable in the notebook
    public: str  # the name in the URL
    methods: tuple[str, ...]
    path: str
    features: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    frame: bool = False
    inputs: str = ""
    outputs: dict[str, str] = Field(default_factory=dict)
    batch: tuple[str, ...] = ()  # methods whose concurrent calls become one
    max_batch: int | None = None
    cell: int | None = None


class ArtifactEntry(_Record):
    """A file or folder with live objects. ``sha256`` is bare hex (see :mod:`.digests`), ``size`` bytes.

    A folder's is the SHA-256 of the sorted lines ``<sha256>  <path in it>`` of its files. ``loader`` is
    ``package.module:function`` where the runtime does not read the format itself, ``options`` is what it is told.
    ``location`` is ``bake`` (in the image), ``mount`` (on a volume), or the address that it is fetched from.
    """

    path: str
    format: str
    sha256: str
    size: int
    type: str
    why: str
    modules: tuple[str, ...] = ()
    loader: str = ""
    options: dict[str, Any] = Field(default_factory=dict)
    location: str = "bake"

    @property
    def is_fetched(self) -> bool:
        """Whether it has an address."""
        return "://" in self.location


class ObjectsEntry(_Record):
    """Live objects that share parts, by name in one pickled dict; or one object in a format of its own. ``path`` names
    the artifact.
    """

    names: tuple[str, ...]
    path: str


class EndpointEntry(_Record):
    name: str
    handler: str
    method: str
    path: str
    status: int = 200
    timeout: float | None = None  # seconds
    batch: bool = False
    body: str = ""
    spread: bool = False
    parameters: str = ""
    answer: str = ""
    cell: int | None = None


class StartupEntry(_Record):
    handler: str
    cell: int | None = None


class DistributionEntry(_Record):
    name: str
    version: str
    root: bool = False
    why: str = ""
    via: tuple[str, ...] = ()  # the distributions that require it


class DefinitionEntry(_Record):
    name: str
    kind: str
    cell: int | None = None


class Manifest(_Record):
    """The file form of ``nb2svc.json``, keys in this order.

    ``files`` gives the SHA-256 (bare hex) of every other file of the project by its path; ``verified`` says that
    the clean room answered every example as the kernel did.
    """

    format: Literal[1] = 1
    name: str
    description: str = ""
    nb2svc: str = ""  # the version that wrote the project
    python: str = ""
    platform: str = ""
    notebook: NotebookEntry = NotebookEntry()
    models: tuple[ModelEntry, ...] = ()
    artifacts: tuple[ArtifactEntry, ...] = ()
    endpoints: tuple[EndpointEntry, ...] = ()
    startup: tuple[StartupEntry, ...] = ()
    objects: tuple[ObjectsEntry, ...] = ()
    environment: tuple[str, ...] = ()  # variables that must be set where the service runs
    distributions: tuple[DistributionEntry, ...] = ()
    system: tuple[str, ...] = ()  # packages of the base image's distribution
    definitions: tuple[DefinitionEntry, ...] = ()
    examples: tuple[str, ...] = ()  # by name, in the order in which the notebook answered them
    verified: bool = False
    allowed_secrets: tuple[str, ...] = ()  # names that a person let through, though they look like secrets
    warnings: tuple[str, ...] = ()
    files: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None = None) -> Manifest:
        """Read a manifest: of the project in which this runtime lies, or ``path`` (the file or its folder).

        Raises ManifestError where there is none or it is not a manifest of this format.
        """
        file = project_root() if path is None else Path(path)
        if file.is_dir():
            file /= FILE_NAME
        try:
            return cls.model_validate_json(file.read_bytes())
        except OSError as error:
            message = f"The manifest {file} cannot be read: {error.strerror}."
            raise ManifestError(message, hint="Run it in a folder that `nb2svc export` wrote.") from error
        except ValidationError as error:
            message = f"{file} is no manifest that this version understands: {_first(error)}"
            raise ManifestError(message, hint="Export the notebook again with the nb2svc you have now.") from error

    @property
    def digest(self) -> str:
        """SHA-256 (bare hex) over the sorted ``files``, so over the whole project."""
        lines = (f"{sha256}  {path}\n" for path, sha256 in sorted(self.files.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def artifact(self, path: str) -> ArtifactEntry | None:
        return next((entry for entry in self.artifacts if entry.path == path), None)


def project_root() -> Path:
    """The folder that holds ``service/runtime/``."""
    return Path(__file__).resolve().parent.parent.parent


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {problem['msg']}" if place else problem["msg"]
