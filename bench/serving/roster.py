"""Who is compared: how each server is started for a workload, and in which forms it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forms import Form, named, npy_rows, open_inference, plain

PEERS = Path(__file__).parent / "peers"
OURS = "nb2svc"
FLOOR = "floor"
PLAIN, TUNED = "fastapi", "fastapi-tuned"


@dataclass(frozen=True)
class Target:
    """One way to ask a server. ``optional``: what refuses it (4xx) leaves the row out, with its reason."""

    name: str
    form: Form
    optional: bool = False


@dataclass(frozen=True)
class Server:
    """A server of the comparison.

    ``command`` and ``environment`` may hold ``{bin}`` (its environment's programs), ``{workload}``, ``{model}`` (the
    model's file), ``{port}`` and ``{other}`` (a second free port). It is started in ``folder``, or where a project is.
    """

    name: str
    title: str
    targets: Mapping[str, Sequence[Target]]  # by workload
    command: Sequence[str]
    batches: bool = False
    default: bool = True  # part of a run that names no servers
    environment: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 90.0

    @property
    def folder(self) -> Path:
        """Where its code and its pinned versions lie; of no meaning for our own."""
        return PEERS / self.name


def _one(form: Form) -> Sequence[Target]:
    return (Target("", form),)


_ROWS = named("/predict", "inputs", "outputs")
_PLAIN: Mapping[str, Sequence[Target]] = {"forest": _one(plain()), "frame": _one(plain()), "boosting": _one(_ROWS)}
_MODEL = {"MODEL": "{model}", "WORKLOAD": "{workload}"}
_UVICORN = ("{bin}/uvicorn", "{workload}:app", "--host", "127.0.0.1", "--port", "{port}")
_TUNED = (*_UVICORN, "--loop", "uvloop", "--http", "httptools", "--no-access-log")

SERVERS = (
    Server(
        OURS,
        "nb2svc",
        {
            "forest": (Target("handler", plain()),),
            "frame": (
                Target("handler", plain()),
                Target("model route", named("/models/model/predict_proba", names=True)),
                Target("--batch handler", plain("/predict-together")),
            ),
            "boosting": (
                Target("model route", named("/models/model/predict")),
                Target("model route, x-npy", npy_rows("/models/model/predict"), optional=True),
            ),
        },
        ("{bin}/python", "-m", "service"),
        environment={"SERVICE_HOST": "127.0.0.1", "SERVICE_PORT": "{port}"},
    ),
    Server(PLAIN, "FastAPI, sync def", _PLAIN, _UVICORN, environment=_MODEL),
    Server(TUNED, "FastAPI, tuned", _PLAIN, _TUNED, environment=_MODEL),
    Server(
        "flask",
        "Flask + gunicorn",
        _PLAIN,
        # Threads keep connections alive, which gunicorn's plain worker does not.
        ("{bin}/gunicorn", "{workload}:app", "--bind", "127.0.0.1:{port}", "--worker-class", "gthread",
         "--threads", "4", "--keep-alive", "30"),
        environment=_MODEL,
    ),
    Server(
        "bentoml",
        "BentoML, batching",
        dict.fromkeys(("forest", "boosting"), _one(named("/predict", "inputs", None)))
        | {"frame": _one(named("/predict", "inputs", None, names=True))},
        ("{bin}/bentoml", "serve", "{workload}:Service", "--host", "127.0.0.1", "--port", "{port}"),
        batches=True,
        environment={**_MODEL, "BENTOML_DO_NOT_TRACK": "true", "BENTOML_HOME": "{scratch}"},
    ),
    Server(
        "litserve",
        "LitServe, batching",
        _PLAIN,
        ("{bin}/python", "{workload}.py", "{port}"),
        batches=True,
        environment=_MODEL,
    ),
    Server(
        "mlserver",
        "MLServer, batching",
        {
            "forest": _one(open_inference("forest", "predict_proba")),
            "frame": _one(open_inference("frame", "predict_proba")),
            "boosting": _one(open_inference("boosting", "predict")),
        },
        ("{bin}/mlserver", "start", "{workload}"),
        batches=True,
        environment={
            "MLSERVER_MODEL_URI": "{model}",
            "MLSERVER_HTTP_PORT": "{port}",
            "MLSERVER_GRPC_PORT": "{other}",
        },
    ),
    Server(
        "mlflow",
        "MLflow models serve",
        {
            "forest": _one(named("/invocations", "inputs", "predictions")),
            "frame": _one(named("/invocations", "dataframe_records", "predictions", names=True)),
            "boosting": _one(named("/invocations", "inputs", "predictions")),
        },
        ("{bin}/python", "{workload}.py", "{port}", "{scratch}"),
        default=False,
        environment={**_MODEL, "MLFLOW_DISABLE_TELEMETRY": "true"},
        start_seconds=180.0,
    ),
    Server(FLOOR, "raw ASGI, no model", _PLAIN, _TUNED),
)  # fmt: skip
BY_NAME = {server.name: server for server in SERVERS}
