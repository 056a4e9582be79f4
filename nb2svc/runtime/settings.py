"""What the one who runs the service may set, by environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import SettingsError

PREFIX = "SERVICE_"


class Settings(BaseModel):
    """Settings by field; the variable of ``log_level`` is ``SERVICE_LOG_LEVEL``, and so on."""

    model_config = ConfigDict(frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 picks a free one")
    fd: int = Field(0, ge=0, description="an inherited socket to listen on instead, by its number; 0 for none")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    log_format: Literal["json", "text"] = Field("json", description="json (one object a line) or text")
    drain_seconds: float = Field(
        0, ge=0, description="after SIGTERM: how long /readyz says no while requests are still taken"
    )
    grace_seconds: int = Field(25, ge=0, description="after that: how long requests in flight may take to finish")

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; an empty variable counts as not set. Raises SettingsError, naming all wrong ones."""
        environment = os.environ if environment is None else environment
        values = {name: environment.get(variable(name), "") for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in values.items() if value})
        except ValidationError as error:
            problems = [f"{variable(str(each['loc'][0]))}={each['input']!r}: {each['msg']}" for each in error.errors()]
            raise SettingsError("; ".join(problems), hint="`python -m service --help` lists the settings.") from None


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def describe() -> str:
    """All settings as a table for ``--help``."""
    fields = Settings.model_fields.items()
    width = max(len(variable(name)) for name, _ in fields)
    return "\n".join(
        f"  {variable(name):<{width}}  {field.description} (default: {field.default})" for name, field in fields
    )
