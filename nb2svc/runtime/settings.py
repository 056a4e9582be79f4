"""What the one who runs the service may set, by environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, SecretStr, ValidationError

from .errors import SettingsError

PREFIX = "SERVICE_"


def _listed(value: Any) -> Any:
    """``a, b`` as its parts. Raises ValueError where there is none: a list that was set by mistake is not one unset."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts:
        message = "nothing stands between the commas"
        raise ValueError(message)
    return parts


def _path(value: str) -> str:
    if not value.startswith("/"):
        message = f"{value!r} is no path: paths begin with /"
        raise ValueError(message)
    return value


def _origin(value: str) -> str:
    if value != "*" and ("://" not in value or value.count("/") != 2):  # noqa: PLR2004
        message = f"{value!r} is no origin: write it as https://example.com, or * for all"
        raise ValueError(message)
    return value


Listed = BeforeValidator(_listed)


class Settings(BaseModel):
    """Settings by field; the variable of ``log_level`` is ``SERVICE_LOG_LEVEL``, and so on."""

    model_config = ConfigDict(frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    fd: int = Field(0, ge=0, description="an inherited socket to listen on instead, by its number; 0 for none")
    workers: int = Field(1, ge=1, description="processes that serve, each with all models; large arrays are shared")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    log_format: Literal["json", "text"] = Field("json", description="json (one object a line) or text")
    max_body: ByteSize = Field(
        ByteSize(16 << 20), gt=0, description="bytes of a request's body, or with a unit as in 64MiB; more is 413"
    )
    body_seconds: float = Field(60, gt=0, description="how long may be waited for a request's body; longer is 408")
    max_headers: int = Field(100, gt=0, description="headers of a request; more are 431")
    max_header_bytes: int = Field(1 << 16, gt=0, description="bytes of all headers of a request; more are 431, or 400")
    header_seconds: float = Field(
        10,
        gt=0,
        description="how long a request's headers may take to arrive; longer is 408, none at all a closed connection",
    )
    max_concurrency: int = Field(
        256, gt=0, description="requests at work at once: so many may share one call of a model"
    )
    max_threads: int = Field(64, gt=0, description="threads for sync handlers")
    max_queue: int = Field(64, ge=0, description="requests that may wait for others; further ones get 503")
    max_websockets: int = Field(256, ge=0, description="WebSocket connections at once; further ones get 503")
    api_keys: Annotated[tuple[SecretStr, ...], Listed] = Field(
        (), description="keys of which a request must have one, with commas between; none: open to all"
    )
    api_keys_file: Path | None = Field(
        None, description="a file of such keys, one a line; read again when it changes, # begins a remark"
    )
    public: Annotated[tuple[Annotated[str, AfterValidator(_path)], ...], Listed] = Field(
        (), description="paths that need no key, with commas between; health probes never do"
    )
    cors_origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], Listed] = Field(
        (), description="origins whose pages may call the service from a browser, with commas between; * for all"
    )
    capture: Path | None = Field(None, description="a folder for files of what was asked and answered; none: not kept")
    capture_rate: float = Field(1, gt=0, le=1, description="which part of the requests is captured, chosen at random")
    capture_bytes: ByteSize = Field(
        ByteSize(1 << 30), gt=0, description="bytes of all captured files, or with a unit; the oldest make room"
    )
    models: Path | None = Field(
        None, description="a folder of model files that are not in the project, such as a mounted volume"
    )
    cache: Path | None = Field(
        None, description="a folder for models that are fetched; none: a private one in the temporary folder"
    )
    docs: Literal["on", "off"] = Field("on", description="off closes /docs, /redoc and /openapi.json")
    drain_seconds: float = Field(
        0, ge=0, description="after SIGTERM: how long /readyz says no while requests are still taken"
    )
    grace_seconds: int = Field(25, ge=0, description="after that: how long requests in flight may take to finish")

    @property
    def threads(self) -> int:
        """No more handlers run at once than requests are at work, not even abandoned ones."""
        return min(self.max_threads, self.max_concurrency)

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; an empty variable counts as not set. Raises SettingsError, naming all wrong ones."""
        environment = os.environ if environment is None else environment
        values = {name: environment.get(variable(name), "") for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in values.items() if value})
        except ValidationError as error:
            names = [str(each["loc"][0]) for each in error.errors()]
            given = ["…" if name == "api_keys" else repr(values[name]) for name in names]
            problems = [
                f"{variable(name)}={value}: {each['msg']}"
                for name, value, each in zip(names, given, error.errors(), strict=True)
            ]
            raise SettingsError("; ".join(problems), hint="`python -m service --help` lists the settings.") from None


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def describe() -> str:
    """All settings as a table for ``--help``."""
    fields = Settings.model_fields.items()
    width = max(len(variable(name)) for name, _ in fields)
    return "\n".join(
        f"  {variable(name):<{width}}  {field.description} (default: {shown(field.default) or 'none'})"
        for name, field in fields
    )


def shown(default: Any) -> str:
    """A default as one would write it; ``""`` for none."""
    return "" if default in (None, ()) else str(default)
